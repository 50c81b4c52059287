package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/tailor-nas/tailor/internal/kernel/_generate/vec"
)

// lanes generates the product of one row with columns as lanes. A step has 32 values of the row in
// two registers and lets each lane choose one of them.
func lanes(x vec.ISA) {
	TEXT("lanes"+x.Name(), NOSPLIT,
		"func(panels int, steps, offsets *int32, index *uint8, values, x, c *float32, mask *int32)")
	Doc("lanes"+x.Name()+
		" computes 16 columns of one row of C at a time, the last of them masked. A step of a panel multiplies 16 values,",
		"one a column, with those of 32 of X's that index says, counted from an offset in bytes.")
	panels, steps := Load(Param("panels"), GP64()), Load(Param("steps"), GP64())
	offsets, index := Load(Param("offsets"), GP64()), Load(Param("index"), GP64())
	values, row, c := Load(Param("values"), GP64()), Load(Param("x"), GP64()),
		Load(Param("c"), GP64())
	ones, m := GP32(), Load(Param("mask"), GP64())
	MOVL(U32(0xffff), ones)
	KMOVW(ones, K1)
	Label("panel")
	acc := vec.Zero(x)
	count := GP64()
	MOVLQSX(Mem{Base: steps}, count)
	ADDQ(Imm(4), steps)
	TESTQ(count, count)
	JZ(LabelRef("store"))
	Label("step")
	at, low, chosen := GP64(), x.New(), x.New()
	MOVL(Mem{Base: offsets}, at.As32())
	VPMOVZXBD(Mem{Base: index}, chosen)
	VMOVUPS(Mem{Base: row, Index: at, Scale: 1}, low)
	VPERMI2PS(Mem{Base: row, Index: at, Scale: 1, Disp: 64}, low, chosen)
	VFMADD231PS(Mem{Base: values}, chosen, acc)
	ADDQ(Imm(4), offsets)
	ADDQ(Imm(16), index)
	ADDQ(Imm(64), values)
	DECQ(count)
	JNZ(LabelRef("step"))
	Label("store")
	CMPQ(panels, Imm(1))
	JNE(LabelRef("whole"))
	KMOVW(Mem{Base: m}, K1)
	Label("whole")
	VMOVUPS(acc, K1, Mem{Base: c})
	ADDQ(Imm(64), c)
	DECQ(panels)
	JNZ(LabelRef("panel"))
	VZEROUPPER()
	RET()
}
