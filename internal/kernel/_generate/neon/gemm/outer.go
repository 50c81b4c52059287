package main

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/kernel/_generate/neon"
)

// outer generates the product with A transposed: a sum of products of a column with a row, whose
// values are adjacent in memory, both of them.
func outer(f *neon.File, rows, cols int) {
	s := shapeOf(rows, cols)
	p := f.Func(fmt.Sprintf("outer%dx%d", rows, cols),
		"count, k int, a *float32, aRow int, b *float32, bRow int, c *float32, cRow int, ahead *float32, step int",
		fmt.Sprintf("computes count tiles of C, one below the other, of %d rows each: C += Aᵀ·B. Strides are in bytes. For every\n"+
			"// four rows of A and B a cache line is fetched from ahead.", rows))
	count, k := p.Param("count"), p.Param("k")
	a, aRow, b, bRow := p.Param("a"), p.Param("aRow"), p.Param("b"), p.Param("bRow")
	c, cRow := p.Param("c"), p.Param("cRow")
	ahead, step := p.Param("ahead"), p.Param("step")
	left, aAt, bAt := p.Reg(), p.Reg(), p.Reg()

	p.Label("tile")
	acc, _ := p.Accumulators(rows, s.vectors, "c")
	p.Move(a, aAt)
	p.Move(b, bAt)
	once := func() {
		av, bv := p.Vecs((rows+3)/4, "a%d"), p.Vecs(s.vectors, "b%d")
		p.LoadRow(bv, bAt, bRow, s.lanes)
		loadColumn(p, av, aAt, aRow, rows)
		for i := range acc {
			for v := range bv {
				p.MulAddLane(acc[i][v], bv[v], av[i/4], i%4)
			}
		}
		p.FreeVecs(append(av, bv...)...)
	}
	p.Line("LSR $2, %v, %v", k, left)
	p.JumpZero(left, "rest")
	p.Label("four")
	p.Prefetch(ahead, step)
	for range 4 {
		once()
	}
	p.CountDown(left, "four")
	p.Label("rest")
	p.Line("AND $3, %v, %v", k, left)
	p.JumpZero(left, "store")
	p.Label("one")
	once()
	p.CountDown(left, "one")
	p.Label("store")
	s.addMemory(p, acc, c, cRow)
	s.store(p, acc, c, cRow)
	p.AddNumber(4*rows, a)
	p.CountDown(count, "tile")
	p.Return()
}

// loadColumn loads so many adjacent values and moves at on by a stride.
func loadColumn(p *neon.Func, to []neon.Vec, at, stride neon.Reg, values int) {
	if values%4 == 0 {
		p.LoadRow(to, at, stride, 4)
		return
	}
	for i := range to {
		switch left := min(values-4*i, 4); left {
		case 3:
			p.Load(to[i], at, 16*i, 2)
			p.LoadLane(to[i], at, 16*i+8, 2)
		default:
			p.Load(to[i], at, 16*i, left)
		}
	}
	p.Add(stride, at)
}
