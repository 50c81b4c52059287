// Command rows generates for NEON the kernels that pass over rows of channels: maps (maps.go), the
// gradient through an activation (gradient.go), and sums. Each takes a few channels at a time down
// all rows, with coefficients and sums in registers: 16 channels, a cache line, or 8 where SiLU
// needs registers.
package main

import "github.com/tailor-nas/tailor/internal/kernel/_generate/neon"

func main() {
	neon.Generate(func(f *neon.File) {
		for _, act := range acts {
			activated(f, act)
		}
		added(f)
		combined(f)
		for _, act := range acts {
			gradient(f, act)
		}
		products(f)
		add(f)
		largest(f)
	})
}

// wide are the channels at a time.
var wide = []int{16, 4, 1}

// rowLoop generates the code of a row, again for as many rows as a parameter says. Before, the
// places are set to where the channels begin.
func rowLoop(p *neon.Func, rows, left neon.Reg, from, at []neon.Reg, suffix string, code func()) {
	for i := range from {
		p.Move(from[i], at[i])
	}
	p.Move(rows, left)
	p.Label("row" + suffix)
	code()
	p.CountDown(left, "row"+suffix)
}

// loadAll reads adjacent vectors without moving on.
func loadAll(p *neon.Func, vs []neon.Vec, base neon.Reg, lanes int) {
	for i, v := range vs {
		p.Load(v, base, 16*i, lanes)
	}
}

// addTo adds sums to those in memory.
func addTo(p *neon.Func, sums []neon.Vec, base neon.Reg, lanes int) {
	old := p.Vec("old")
	for i, v := range sums {
		p.Load(old, base, 16*i, lanes)
		p.Add4(v, v, old)
		p.Store(v, base, 16*i, lanes)
	}
	p.FreeVecs(old)
}

// products generates dot[c] += Σ x[r,c]*d[r,c] over rows.
func products(f *neon.File) {
	p := f.Func("products", "x, d, dot *float32, rows, rowBytes, channels int",
		"adds products over rows to dot.")
	x, d, dot := p.Param("x"), p.Param("d"), p.Param("dot")
	rows, rowBytes, channels := p.Param("rows"), p.Param("rowBytes"), p.Param("channels")
	left, from, at := p.Reg(), []neon.Reg{x, d}, []neon.Reg{p.Reg(), p.Reg()}
	p.EachChannels(channels, wide, []neon.Reg{x, d, dot},
		func(vectors, lanes int, suffix string) {
			sum, a, b := p.Vecs(vectors, "dot%d"), p.Vecs(vectors, "x%d"), p.Vecs(vectors, "d%d")
			p.Zero(sum...)
			rowLoop(p, rows, left, from, at, suffix, func() {
				p.LoadRow(a, at[0], rowBytes, lanes)
				p.LoadRow(b, at[1], rowBytes, lanes)
				for i := range sum {
					p.MulAdd(sum[i], a[i], b[i])
				}
			})
			addTo(p, sum, dot, lanes)
			p.FreeVecs(append(append(sum, a...), b...)...)
		})
}

// add generates y[i] += x[i].
func add(f *neon.File) {
	p := f.Func("add", "y, x *float32, values int", "adds x to y.")
	y, x, values := p.Param("y"), p.Param("x"), p.Param("values")
	p.EachChannels(values, wide, []neon.Reg{y, x}, func(vectors, lanes int, _ string) {
		a := p.Vecs(vectors, "x%d")
		loadAll(p, a, x, lanes)
		addTo(p, a, y, lanes)
		p.FreeVecs(a...)
	})
}

// largest generates, for rows of x that are xBytes apart, y[r,c] = max(y[r,c], x[r,c]), and at[r,c]
// = place where x is larger. A NaN of either stays.
func largest(f *neon.File) {
	p := f.Func("largest",
		"y *float32, at *int32, x *float32, rows, rowBytes, xBytes, channels int, place int32",
		"takes the larger of y and x, and place where that is x.")
	y, places, x := p.Param("y"), p.Param("at"), p.Param("x")
	rows, rowBytes, xBytes := p.Param("rows"), p.Param("rowBytes"), p.Param("xBytes")
	channels, number := p.Param("channels"), p.Param("place")
	place := p.Vec("place")
	p.Fill(place, number)
	left, from := p.Reg(), []neon.Reg{y, places, x}
	at := []neon.Reg{p.Reg(), p.Reg(), p.Reg()}
	p.EachChannels(channels, wide, from, func(vectors, lanes int, suffix string) {
		a, b, t := p.Vecs(vectors, "x%d"), p.Vecs(vectors, "y%d"), p.Vecs(vectors, "at%d")
		above := p.Vec("above")
		rowLoop(p, rows, left, from, at, suffix, func() {
			p.LoadRow(a, at[2], xBytes, lanes)
			loadAll(p, b, at[0], lanes)
			loadAll(p, t, at[1], lanes)
			for i := range a {
				p.Greater(above, a[i], b[i])
				p.Insert(t[i], place, above)
				p.Max4(b[i], b[i], a[i])
			}
			p.StoreRow(b, at[0], rowBytes, lanes)
			p.StoreRow(t, at[1], rowBytes, lanes)
		})
		p.FreeVecs(append(append(append(a, b...), t...), above)...)
	})
}
