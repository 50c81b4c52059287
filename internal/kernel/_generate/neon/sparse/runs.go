package main

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/kernel/_generate/neon"
)

// runs generates the product of a tile of rows with a panel of 8 columns.
func runs(f *neon.File, height int) {
	p := f.Func(fmt.Sprintf("runs%dx8", height),
		"count, steps int, offsets *int32, values, a *float32, aRow int, c *float32, cRow int",
		fmt.Sprintf("computes count tiles of C, one below the other, of %d rows each. Every step is 8 of B's values and the\n"+
			"// offset of the column of A that they multiply. Offsets and strides are in bytes.", height))
	count, steps := p.Param("count"), p.Param("steps")
	offsets, values := p.Param("offsets"), p.Param("values")
	a, aRow, c, cRow := p.Param("a"), p.Param("aRow"), p.Param("c"), p.Param("cRow")
	left, offset, value, at := p.Reg(), p.Reg(), p.Reg(), p.Reg()
	p.Label("tile")
	acc, _ := p.Accumulators(height, 2, "c")
	row := make([]neon.Reg, height)
	for i := range row {
		row[i] = p.Reg()
		p.Move(a, row[i])
		p.Add(aRow, a)
	}
	b, av := p.Vecs(2, "b%d"), p.Vecs(height, "a%d")
	p.JumpZero(steps, "store")
	p.Move(steps, left)
	p.Move(offsets, offset)
	p.Move(values, value)
	p.Label("step")
	p.LoadInt(at, offset)
	p.LoadTogetherNext(b, value)
	for i := range row {
		p.LoadIndexed(av[i], row[i], at)
	}
	for i := range row {
		for v := range b {
			p.MulAddLane(acc[i][v], b[v], av[i], 0)
		}
	}
	p.CountDown(left, "step")
	p.Label("store")
	for i := range acc {
		p.StoreRow(acc[i], c, cRow, 4)
	}
	p.CountDown(count, "tile")
	p.Return()
}
