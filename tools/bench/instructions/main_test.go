package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const kernels = "../../../internal/kernel"

// TestCountsByHand counts loops that are short enough to count.
func TestCountsByHand(t *testing.T) {
	const ours = `
TEXT ·fNEON(SB), NOSPLIT, $0-8
	MOVD k+0(FP), R0
four:
	PRFM (R1), PLDL1KEEP
	FMOVQ.P 16(R2), F1 // a
	FMOVS 64(R3), F2 // b
	VLD1.P (R3)(R4), [V3.S4, V4.S4] // b0, b1
	MOVWU.P 4(R5), R6
	WORD $0x4f811040 // FMLA V1.S[0], V2.S4, V0.S4: c += b * a[0]
	VFMLA V0.S4, V0.S4, V2.S4 // square += c * c
	WORD $0x4e20d421 // FADD V0.S4, V1.S4, V1.S4: sum = sum + c
	SUBS $1, R0, R0
	BNE four
	RET
`
	got, err := countGo(ours, loop{function: "fNEON", label: "four"})
	if want := (counts{10, 8, 4, 16 + 4 + 32 + 4}); err != nil || got != want {
		t.Errorf("counted %+v, %v, want %+v", got, err, want)
	}
	const theirs = `
.macro M
	fmla	v16.4s, v0.4s, v4.s[0]

	ld1	{v8.2s, v9.2s}, [pB]	// the next
	ldp	q4, q5, [pA], #32
	add	pB, pB, #16
.endm
.again:
	M
	M
	subs	counterL, counterL, #1
	bgt	.again
`
	got, err = countGNU(theirs, loop{label: ".again"})
	if want := (counts{10, 8, 4, 96}); err != nil || got != want {
		t.Errorf("counted %+v, %v, want %+v", got, err, want)
	}
	if _, err := countGo(ours, loop{function: "fNEON", label: "five"}); err == nil {
		t.Error("found a label that is not there")
	}
}

// TestNearOpenBLAS: products execute at most 1.3 times what OpenBLAS's loop does: 174 instructions
// for 512 multiply-accumulates.
func TestNearOpenBLAS(t *testing.T) {
	for _, l := range ours[:4] {
		text, err := os.ReadFile(filepath.Join(kernels, l.file))
		if err != nil {
			t.Fatal(err)
		}
		c, err := countGo(string(text), l)
		if err != nil {
			t.Fatal(err)
		}
		if most := 1.3 * 174 / 512; c.perProduct() > most {
			t.Errorf("%s: %.3f instructions a multiply-accumulate, expected %.3f at most", l.what,
				c.perProduct(), most)
		}
	}
}

func TestTable(t *testing.T) {
	var out strings.Builder
	if err := run(kernels, "", &out); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(out.String(), "\n"); lines != 2+len(ours) {
		t.Errorf("the table has %d lines", lines)
	}
	if err := run(t.TempDir(), "", &out); err == nil {
		t.Error("counted what is not there")
	}
}
