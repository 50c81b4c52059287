package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/tailor-nas/tailor/internal/kernel/_generate/vec"
)

// exponential is the code of 1 + exp(-u), step by step that of onePlusExp in exp.go of the kernels,
// with the same rounding, so that it gives the same bits: a product and a sum are fused only where
// the product is exact.
type exponential map[string]Mem // its numbers, in memory: with them, registers would not do

// newExponential puts the numbers into memory.
func newExponential() exponential {
	e := exponential{}
	all := GLOBL("exponential", RODATA|NOPTR)
	for i, c := range []struct {
		name  string
		value float32
	}{
		{"limit", 87}, {"-limit", -87}, {"-log2e", -1.44269504}, {"round", 3 << 22},
		{"ln2High", 0.693359375}, {"ln2Low", -2.12194440e-4}, {"one", 1},
		{"exp2", 0.49999994}, {"exp3", -0.1666652}, {"exp4", 0.041668408},
		{"exp5", -0.0083689215}, {"exp6", 0.0013814174},
	} {
		DATA(4*i, U32(math.Float32bits(c.value)))
		e[c.name] = all.Offset(4 * i)
	}
	return e
}

// instruction is one of three operands, the last of which is changed.
type instruction func(...Op)

// with is an instruction with a number as its first operand; AVX-512 has a form that reads it from
// memory.
func (e exponential) with(x vec.ISA, plain, broadcast instruction, number string,
	a, dst VecVirtual) {
	if x.Bytes() == 64 {
		broadcast(e[number], a, dst)
		return
	}
	c := x.New()
	VBROADCASTSS(e[number], c)
	plain(c, a, dst)
}

func (e exponential) add(x vec.ISA, number string, a, dst VecVirtual) {
	e.with(x, VADDPS, VADDPS_BCST, number, a, dst)
}

func (e exponential) multiply(x vec.ISA, number string, a, dst VecVirtual) {
	e.with(x, VMULPS, VMULPS_BCST, number, a, dst)
}

// onePlus is 1 + exp(-u), in a new vector.
func (e exponential) onePlus(x vec.ISA, u VecVirtual) VecVirtual {
	r, t, n, p := x.New(), x.New(), x.New(), x.New()
	e.with(x, VMAXPS, VMAXPS_BCST, "-limit", u, r)
	e.with(x, VMINPS, VMINPS_BCST, "limit", r, r)
	e.multiply(x, "-log2e", r, t)
	e.add(x, "round", t, t)
	e.with(x, VSUBPS, VSUBPS_BCST, "round", t, n)
	e.with(x, VFMADD231PS, VFMADD231PS_BCST, "ln2High", n, r) // the product is exact
	e.multiply(x, "ln2Low", n, n)
	VADDPS(n, r, r)
	e.multiply(x, "exp6", r, p)
	for _, c := range []string{"exp5", "exp4", "exp3"} {
		e.add(x, c, p, p)
		VMULPS(r, p, p)
	}
	e.add(x, "exp2", p, p)
	square := n
	VMULPS(r, r, square)
	VMULPS(square, p, p)
	VSUBPS(r, p, p)
	e.add(x, "one", p, p)
	VPSLLD(Imm(23), t, t)
	VPADDD(t, p, p)
	e.add(x, "one", p, p)
	return p
}

// siluSlope is t *= s*(1 + u*(1-s)), where s is the sigmoid of u.
func (e exponential) siluSlope(x vec.ISA, u, t VecVirtual) {
	grown, one := e.onePlus(x, u), x.New()
	VBROADCASTSS(e["one"], one)
	s := grown
	VDIVPS(grown, one, s)
	slope := x.New()
	VSUBPS(s, one, slope)
	VMULPS(u, slope, slope)
	VADDPS(one, slope, slope)
	VMULPS(s, slope, slope)
	VMULPS(slope, t, t)
}
