package main

import "github.com/tailor-nas/tailor/internal/kernel/_generate/neon"

// gradient generates out = d*act'(x*scale+shift), with sum += Σ out and dot += Σ out*(x-mean) over
// rows.
func gradient(f *neon.File, act string) {
	p := f.Func("gradient"+act,
		"out, d, x, scale, shift, mean, sum, dot *float32, rows, rowBytes, channels int",
		"is out = d*act'(x*scale+shift). It adds the sums of out and of out*(x-mean) over rows to sum and dot.")
	out, d, x := p.Param("out"), p.Param("d"), p.Param("x")
	scale, shift, mean := p.Param("scale"), p.Param("shift"), p.Param("mean")
	sum, dot := p.Param("sum"), p.Param("dot")
	rows, rowBytes, channels := p.Param("rows"), p.Param("rowBytes"), p.Param("channels")
	left, from := p.Reg(), []neon.Reg{out, d, x}
	at := []neon.Reg{p.Reg(), p.Reg(), p.Reg()}
	a := activation{p: p, constants: map[string]neon.Vec{}}
	slope, u, t := a.slope(act), p.Vec("u"), p.Vec("t")
	pointers := []neon.Reg{out, d, x, scale, shift, mean, sum, dot}
	p.EachChannels(channels, widthsOf(act), pointers, func(vectors, lanes int, suffix string) {
		var sums, coefs [][]neon.Vec
		for _, name := range []string{"sum%d", "dot%d"} {
			sums = append(sums, p.Vecs(vectors, name))
			p.Zero(sums[len(sums)-1]...)
		}
		for i, name := range []string{"scale%d", "mean%d"} {
			coefs = append(coefs, p.Vecs(vectors, name))
			loadAll(p, coefs[i], []neon.Reg{scale, mean}[i], lanes)
		}
		z, g := p.Vec("x"), p.Vec("g")
		rowLoop(p, rows, left, from, at, suffix, func() {
			for i := range vectors {
				p.Load(z, at[2], 16*i, lanes)
				p.Load(g, at[1], 16*i, lanes)
				p.Load(u, shift, 16*i, lanes)
				p.MulAdd(u, z, coefs[0][i])
				slope(g, u, t)
				p.Store(g, at[0], 16*i, lanes)
				p.Add4(sums[0][i], sums[0][i], g)
				p.Sub4(z, z, coefs[1][i])
				p.MulAdd(sums[1][i], g, z)
			}
			for _, r := range at {
				p.Add(rowBytes, r)
			}
		})
		addTo(p, sums[0], sum, lanes)
		addTo(p, sums[1], dot, lanes)
		for i := range sums {
			p.FreeVecs(append(sums[i], coefs[i]...)...)
		}
		p.FreeVecs(z, g)
	})
}
