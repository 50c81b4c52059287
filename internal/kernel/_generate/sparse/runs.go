package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/tailor-nas/tailor/internal/kernel/_generate/vec"
)

// half is AVX-512 with vectors of 8.
type half struct{ vec.ISA }

func (half) New() VecVirtual { return YMM() }
func (half) Bytes() int      { return 32 }

// runs generates the product of a tile of rows with a panel one vector wide.
func runs(x vec.ISA, height int) {
	name := fmt.Sprintf("runs%dx%d%s", height, x.Bytes()/4, x.Name())
	TEXT(name, NOSPLIT, "func(count, steps int, offsets *int32, values, a *float32, aRow int, c *float32, cRow int, mask *int32)")
	Doc(fmt.Sprintf("%s computes count tiles of C, one below the other, of %d rows each. Every step is a vector of B's values and the", name, height),
		"offset of the column of A that they multiply. Offsets and strides are in bytes. mask is nil for whole vectors.")
	aRow := Load(Param("aRow"), GP64()).(GPVirtual)
	Label("tile")
	a := rowsFrom(Load(Param("a"), GP64()).(GPVirtual), aRow, height)
	acc := make([]VecVirtual, height)
	for i := range acc {
		acc[i] = vec.Zero(x)
	}
	offsets, values, steps := Load(Param("offsets"), GP64()), Load(Param("values"), GP64()),
		Load(Param("steps"), GP64())
	TESTQ(steps, steps)
	JZ(LabelRef("store"))
	Label("step")
	at, b := GP64(), x.New()
	MOVL(Mem{Base: offsets}, at.As32())
	VMOVUPS(Mem{Base: values}, b)
	for i := 0; i < height; i += 4 {
		base := GP64()
		LEAQ(Mem{Base: a.bases[i/4], Index: at, Scale: 1}, base)
		for j := i; j < min(i+4, height); j++ {
			multiply(x, a.from(base, j), b, acc[j])
		}
	}
	ADDQ(Imm(4), offsets)
	ADDQ(Imm(uint64(x.Bytes())), values)
	DECQ(steps)
	JNZ(LabelRef("step"))
	Label("store")
	c, cRow := Load(Param("c"), GP64()), Load(Param("cRow"), GP64())
	mask := Load(Param("mask"), GP64())
	TESTQ(mask, mask)
	JNZ(LabelRef("masked"))
	for i := range acc {
		x.Store(acc[i], Mem{Base: c}, false)
		ADDQ(cRow, c)
	}
	JMP(LabelRef("next"))
	Label("masked")
	x.Mask() // which costs AVX2 a register, and many cycles to store with
	for i := range acc {
		x.Store(acc[i], Mem{Base: c}, true)
		ADDQ(cRow, c)
	}
	Label("next")
	// The parameters themselves move on to the next tile.
	MOVQ(c, vec.ParamAt("c"))
	next := GP64()
	IMUL3Q(Imm(uint64(height)), aRow, next)
	ADDQ(next, vec.ParamAt("a"))
	DECQ(vec.ParamAt("count"))
	JNZ(LabelRef("tile"))
	VZEROUPPER()
	RET()
}

// multiply adds a value of A times b.
func multiply(x vec.ISA, a Mem, b, acc VecVirtual) {
	if x.Name() == "AVX512" {
		VFMADD231PS_BCST(a, b, acc)
		return
	}
	v := x.New()
	VBROADCASTSS(a, v)
	VFMADD231PS(v, b, acc)
}
