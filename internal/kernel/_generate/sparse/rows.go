package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// rows reaches rows of a matrix from few registers: 0 to 3 from the first base, 4 to 7 from the
// next, and so on.
type rows struct {
	bases           []GPVirtual
	stride, stride3 Register
}

func rowsFrom(base, stride GPVirtual, count int) rows {
	r := rows{bases: []GPVirtual{base}, stride: stride, stride3: GP64()}
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, r.stride3)
	for i := 4; i < count; i += 4 {
		next := GP64()
		LEAQ(Mem{Base: r.bases[len(r.bases)-1], Index: stride, Scale: 4}, next)
		r.bases = append(r.bases, next)
	}
	return r
}

// from is row i as seen from a base for the four rows that it is one of.
func (r rows) from(base Register, i int) Mem {
	switch i % 4 {
	case 1:
		return Mem{Base: base, Index: r.stride, Scale: 1}
	case 2:
		return Mem{Base: base, Index: r.stride, Scale: 2}
	case 3:
		return Mem{Base: base, Index: r.stride3, Scale: 1}
	}
	return Mem{Base: base}
}

func (r rows) at(i int) Mem { return r.from(r.bases[i/4], i) }
