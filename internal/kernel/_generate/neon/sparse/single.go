package main

import (
	"fmt"
	"math/bits"

	"github.com/tailor-nas/tailor/internal/kernel/_generate/neon"
)

// group is how many adjacent columns of C a kernel of single weights computes at a time.
const group = 4

// transpose generates the way in: pixels with adjacent channels become channels with adjacent
// pixels, four by four.
func transpose(f *neon.File) {
	p := f.Func("transpose4", "blocks int, a *float32, aRow int, x *float32, xRow int",
		"writes A, (4,4*blocks), as X, (4*blocks,4). Strides are in bytes.")
	blocks, a, aRow := p.Param("blocks"), p.Param("a"), p.Param("aRow")
	x, xRow := p.Param("x"), p.Param("xRow")
	row, v := make([]neon.Reg, 4), p.Vecs(4, "v%d")
	for i := range row {
		row[i] = p.Reg()
		p.Move(a, row[i])
		p.Add(aRow, a)
	}
	p.Label("block")
	for i := range v {
		p.LoadNext(v[i], row[i], 4)
	}
	p.Transpose(v)
	for i := range v {
		p.StoreRow(v[i:i+1], x, xRow, 4)
	}
	p.CountDown(blocks, "block")
	p.Return()
}

// single generates the product of a tile of pixels.
func single(f *neon.File, pixels int) {
	vectors := pixels / 4
	p := f.Func(fmt.Sprintf("single%d", pixels),
		"groups int, steps, offsets *int32, weights, x, c *float32, cRow int",
		fmt.Sprintf("computes %d rows of C, four columns at a time. X holds as many columns, its row r at r*16 times %d bytes. A group\n"+
			"// of columns has as many steps as steps says, each four weights with the offsets r*16 of their rows. cRow is in bytes.", pixels, vectors))
	groups, steps, offsets := p.Param("groups"), p.Param("steps"), p.Param("offsets")
	weights, x, c, cRow := p.Param("weights"), p.Param("x"), p.Param("c"), p.Param("cRow")
	left, at := p.Reg(), p.Reg()
	p.Label("group")
	acc, _ := p.Accumulators(group, vectors, "c")
	p.LoadInt(left, steps)
	p.JumpZero(left, "store")
	p.Label("step")
	w, inputs := p.Vec("w"), [][]neon.Vec{p.Vecs(vectors, "x%d"), p.Vecs(vectors, "x'%d")}
	p.LoadNext(w, weights, 4)
	for j := range acc {
		in := inputs[j%2]
		p.LoadInt(at, offsets)
		p.AddShifted(x, at, bits.Len(uint(vectors))-1, at)
		p.LoadTogether(in, at)
		for v := range in {
			p.MulAddLane(acc[j][v], in[v], w, j)
		}
	}
	p.CountDown(left, "step")
	p.FreeVecs(append(append(inputs[0], inputs[1]...), w)...)
	p.Label("store")
	p.Move(c, at)
	for v := range vectors {
		cols := []neon.Vec{acc[0][v], acc[1][v], acc[2][v], acc[3][v]}
		p.Transpose(cols)
		for i := range cols {
			p.StoreRow(cols[i:i+1], at, cRow, 4)
		}
	}
	p.AddNumber(4*group, c)
	p.CountDown(groups, "group")
	p.Return()
}
