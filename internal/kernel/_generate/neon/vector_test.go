package neon

import (
	"strings"
	"testing"
)

// TestEncodings compares with LLVM's assembler:
//
//	llvm-mc --assemble --triple=aarch64 --show-encoding
func TestEncodings(t *testing.T) {
	v := make([]Vec, VectorRegisters)
	for i := range v {
		v[i] = Vec{i, string(rune('a' + i))}
	}
	d, a, b := v[1], v[2], v[3]
	for _, c := range []struct {
		instruction string
		add         func(*Func)
		word        string
	}{
		{"FMLA V5.S[3], V2.S4, V9.S4", func(f *Func) { f.MulAddLane(v[9], v[2], v[5], 3) },
			"0x4fa51849"},
		{"FMLA V29.S[0], V30.S4, V31.S4", func(f *Func) { f.MulAddLane(v[31], v[30], v[29], 0) },
			"0x4f9d13df"},
		{"FADD V3.S4, V2.S4, V1.S4", func(f *Func) { f.Add4(d, a, b) }, "0x4e23d441"},
		{"FSUB V3.S4, V2.S4, V1.S4", func(f *Func) { f.Sub4(d, a, b) }, "0x4ea3d441"},
		{"FMUL V3.S4, V2.S4, V1.S4", func(f *Func) { f.Mul4(d, a, b) }, "0x6e23dc41"},
		{"FDIV V3.S4, V2.S4, V1.S4", func(f *Func) { f.Div4(d, a, b) }, "0x6e23fc41"},
		{"FMAX V3.S4, V2.S4, V1.S4", func(f *Func) { f.Max4(d, a, b) }, "0x4e23f441"},
		{"FMIN V3.S4, V2.S4, V1.S4", func(f *Func) { f.Min4(d, a, b) }, "0x4ea3f441"},
		{"FCMGT V3.S4, V2.S4, V1.S4", func(f *Func) { f.Greater(d, a, b) }, "0x6ea3e441"},
		{"FCMGE V3.S4, V2.S4, V1.S4", func(f *Func) { f.GreaterEqual(d, a, b) }, "0x6e23e441"},
	} {
		var f Func
		c.add(&f)
		want := "\tWORD $" + c.word + " // " + c.instruction + ": "
		if !strings.HasPrefix(f.lines[0], want) {
			t.Errorf("%s is %q, want %q", c.instruction, f.lines[0], want)
		}
	}
}

// TestPlaces has parameters of all sizes, as Go places them.
func TestPlaces(t *testing.T) {
	var file File
	f := file.Func("f", "a, b *float32, c bool, d int, e int32, g bool", "is a test.")
	f.Param("d")
	f.Param("g")
	want := "\tMOVD d+24(FP), R0\n\tMOVBU g+36(FP), R1"
	if got := strings.Join(f.lines, "\n"); got != want || f.argBytes != 37 {
		t.Errorf("the code is\n%s\nwith %d bytes, want\n%s\nwith 37", got, f.argBytes, want)
	}
}
