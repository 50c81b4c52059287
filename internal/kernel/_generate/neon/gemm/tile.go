package main

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/kernel/_generate/neon"
)

// tile generates the product with a packed B. Four values of a row of A are loaded at a time.
func tile(f *neon.File, rows, cols int) {
	s := shapeOf(rows, cols)
	p := f.Func(fmt.Sprintf("tile%dx%d", rows, cols),
		"count, k int, a *float32, aRow int, b, c *float32, cRow int, add bool, sum, square, ahead *float32, step int",
		fmt.Sprintf("computes count tiles of C, one below the other, of %d rows each: C = A·B, or C += A·B, with B a panel\n"+
			"// of 16 columns. Strides are in bytes. If sum is set, it adds the sums of C's columns to sum and those of the squares to square.\n"+
			"// For every four rows of B a cache line is fetched from ahead.", rows))
	count, k := p.Param("count"), p.Param("k")
	a, aRow, b := p.Param("a"), p.Param("aRow"), p.Param("b")
	c, cRow := p.Param("c"), p.Param("cRow")
	add, sum, square := p.Param("add"), p.Param("sum"), p.Param("square")
	ahead, step := p.Param("ahead"), p.Param("step")
	left, bAt := p.Reg(), p.Reg()

	p.Label("tile")
	acc, _ := p.Accumulators(rows, s.vectors, "c")
	row := make([]neon.Reg, rows) // where each row of A is
	for i := range row {
		row[i] = p.Reg()
		p.Move(a, row[i])
		p.Add(aRow, a)
	}
	p.Move(b, bAt)
	values := p.Vecs(rows, "a%d")
	p.Line("LSR $2, %v, %v", k, left)
	p.JumpZero(left, "rest")
	p.Label("four")
	p.Prefetch(ahead, step)
	s.products(p, acc, values, row, bAt, 4)
	p.CountDown(left, "four")
	p.Label("rest")
	p.Line("AND $3, %v, %v", k, left)
	p.JumpZero(left, "products")
	p.Label("one")
	s.products(p, acc, values, row, bAt, 1)
	p.CountDown(left, "one")
	p.Label("products")
	p.Free(row...)
	p.FreeVecs(values...)

	p.JumpZero(add, "store")
	s.addMemory(p, acc, c, cRow)
	p.Label("store")
	s.store(p, acc, c, cRow)
	p.JumpZero(sum, "next")
	p.AddMoments(acc, sum, square, s.lanes)
	p.Label("next")
	p.CountDown(count, "tile")
	p.Return()
}

// products generates acc += A·B for some columns of A, four or one. Of B there are two vectors, one
// that is loaded while the other is used.
func (s shape) products(p *neon.Func, acc [][]neon.Vec, a []neon.Vec, row []neon.Reg, b neon.Reg,
	columns int) {
	for i := range a {
		p.LoadNext(a[i], row[i], columns)
	}
	pair := []neon.Vec{p.Vec("b"), p.Vec("b'")}
	load := func(t int) {
		q, v := t/s.vectors, t%s.vectors
		p.Load(pair[t%2], b, q*panelBytes+16*v, s.lanes)
	}
	load(0)
	for t := range columns * s.vectors {
		if t+1 < columns*s.vectors {
			load(t + 1)
		}
		for i := range acc {
			p.MulAddLane(acc[i][t%s.vectors], pair[t%2], a[i], t/s.vectors)
		}
	}
	p.AddNumber(columns*panelBytes, b)
	p.FreeVecs(pair...)
}
