package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/tailor-nas/tailor/internal/kernel/_generate/vec"
)

// rowsAtOnce is how many rows gradientRows takes at a time.
const rowsAtOnce = 4

// gradientRows generates what gradient does, for AVX2: there are too few registers for the sums of
// a long piece of a row. So it goes along a few rows at a time, all channels, and the sums and
// coefficients of a vector are read for these rows together.
func gradientRows(x vec.ISA, act string, exp exponential) {
	TEXT(fmt.Sprintf("gradient%s%s", act, x.Name()), NOSPLIT,
		"func(out, d, x, scale, shift, mean, sum, dot *float32, rows, rowBytes, vectors int, tail bool, mask *int32, stream bool)")
	x.Mask()
	g := gradientPass{x: x, slope: slopeOf(x, act, exp), rowBytes3: GP64(), off: GP64()}
	for _, p := range []struct {
		name string
		at   *Register
	}{{"out", &g.out}, {"d", &g.d}, {"x", &g.in}, {"scale", &g.scale}, {"shift", &g.shift},
		{"mean", &g.mean}, {"sum", &g.sum}, {"dot", &g.dot}, {"rowBytes", &g.rowBytes}} {
		*p.at = Load(Param(p.name), GP64())
	}
	LEAQ(Mem{Base: g.rowBytes, Index: g.rowBytes, Scale: 2}, g.rowBytes3)
	for _, rows := range []int{rowsAtOnce, 1} {
		label := fmt.Sprintf("rows%d", rows)
		Label(label)
		CMPQ(vec.ParamAt("rows"), Imm(uint64(rows)))
		JL(LabelRef("after" + label))
		g.along(label, rows)
		SUBQ(Imm(uint64(rows)), vec.ParamAt("rows"))
		JMP(LabelRef(label))
		Label("after" + label)
	}
	VZEROUPPER()
	RET()
}

// gradientPass is what the code of gradientRows needs. The pointers to rows move along; what is by
// channel is reached by an offset.
type gradientPass struct {
	x                            vec.ISA
	slope                        func(u, t VecVirtual)
	out, d, in                   Register
	scale, shift, mean, sum, dot Register
	off, rowBytes, rowBytes3     Register
}

// along goes along a few rows.
func (g *gradientPass) along(label string, rows int) {
	XORQ(g.off, g.off)
	end := GP64()
	Load(Param("vectors"), end)
	SHLQ(Imm(5), end)
	JZ(LabelRef("tail" + label))
	stream := Load(Param("stream"), GP8())
	TESTB(stream, stream)
	JNZ(LabelRef("stream" + label))
	pass := func(name string, store func(v VecVirtual, dst Mem)) {
		Label(name + label)
		g.vector(rows, false, store)
		for _, p := range []Register{g.out, g.d, g.in, g.off} {
			ADDQ(Imm(32), p)
		}
		CMPQ(g.off, end)
		JL(LabelRef(name + label))
	}
	pass("vector", func(v VecVirtual, dst Mem) { VMOVUPS(v, dst) })
	JMP(LabelRef("tail" + label))
	pass("stream", func(v VecVirtual, dst Mem) { VMOVNTPS(v, dst) })
	Label("tail" + label)
	tail := Load(Param("tail"), GP8())
	TESTB(tail, tail)
	JZ(LabelRef("next" + label))
	g.vector(rows, true, func(v VecVirtual, dst Mem) { g.x.Store(v, dst, true) })
	Label("next" + label)
	for _, p := range []Register{g.out, g.d, g.in} {
		SUBQ(g.off, p)
		if rows == 4 {
			LEAQ(Mem{Base: p, Index: g.rowBytes, Scale: 4}, p)
		} else {
			ADDQ(g.rowBytes, p)
		}
	}
}

// vector is a vector of channels of each row.
func (g *gradientPass) vector(rows int, masked bool, store func(v VecVirtual, dst Mem)) {
	channel := func(base Register) VecVirtual {
		v := g.x.New()
		g.x.Load(Mem{Base: base, Index: g.off, Scale: 1}, v, masked)
		return v
	}
	scale, shift, mean := channel(g.scale), channel(g.shift), channel(g.mean)
	sum, dot := channel(g.sum), channel(g.dot)
	for r := range rows {
		at := func(base Register) Mem {
			switch r {
			case 0:
				return Mem{Base: base}
			case 3:
				return Mem{Base: base, Index: g.rowBytes3, Scale: 1}
			}
			return Mem{Base: base, Index: g.rowBytes, Scale: uint8(r)}
		}
		z, t, u := g.x.New(), g.x.New(), g.x.New()
		g.x.Load(at(g.in), z, masked)
		g.x.Load(at(g.d), t, masked)
		VMOVAPS(shift, u)
		VFMADD231PS(scale, z, u)
		g.slope(u, t)
		store(t, at(g.out))
		VADDPS(t, sum, sum)
		VSUBPS(mean, z, z)
		VFMADD231PS(t, z, dot)
	}
	g.x.Store(sum, Mem{Base: g.sum, Index: g.off, Scale: 1}, masked)
	g.x.Store(dot, Mem{Base: g.dot, Index: g.off, Scale: 1}, masked)
}
