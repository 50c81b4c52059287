package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"github.com/tailor-nas/tailor/internal/kernel/_generate/vec"
)

// adam generates a step of the optimiser. Nothing is fused, so that it rounds as the plain loop
// does. The constants are the fields of the step in their order.
func adam(x vec.ISA) {
	TEXT("adam"+x.Name(), NOSPLIT,
		"func(w, first, second, gradient, constants *float32, vectors int, tail bool, mask *int32)")
	x.Mask()
	var c [6]VecVirtual
	constants := Load(Param("constants"), GP64())
	for i := range c {
		c[i] = x.New()
		VBROADCASTSS(Mem{Base: constants, Disp: 4 * i}, c[i])
	}
	moveFirst, moveSecond, keep, rate, scale, epsilon := c[0], c[1], c[2], c[3], c[4], c[5]
	w, first, second, gradient := Load(Param("w"), GP64()), Load(Param("first"), GP64()),
		Load(Param("second"), GP64()), Load(Param("gradient"), GP64())
	once := func(masked bool) {
		load := func(base Register) VecVirtual {
			v := x.New()
			x.Load(Mem{Base: base}, v, masked)
			return v
		}
		g, m, v, t := load(gradient), load(first), load(second), x.New()
		VSUBPS(m, g, t)
		VMULPS(moveFirst, t, t)
		VADDPS(t, m, m)
		x.Store(m, Mem{Base: first}, masked)
		VMULPS(g, g, t)
		VSUBPS(v, t, t)
		VMULPS(moveSecond, t, t)
		VADDPS(t, v, v)
		x.Store(v, Mem{Base: second}, masked)
		VMULPS(scale, v, v)
		VSQRTPS(v, v)
		VADDPS(epsilon, v, v)
		VMULPS(rate, m, m)
		VDIVPS(v, m, m)
		k := load(w)
		VMULPS(keep, k, k)
		VSUBPS(m, k, k)
		x.Store(k, Mem{Base: w}, masked)
	}
	vec.EachVector(x, Load(Param("vectors"), GP64()), []Register{w, first, second, gradient}, once)
}
