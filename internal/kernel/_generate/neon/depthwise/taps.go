package main

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/kernel/_generate/neon"
)

// tapWidths are the channels that the gradient of k taps takes at a time: more of them where there
// are few taps.
func tapWidths(k int) []int {
	if k == 3 {
		return []int{16, 8, 4, 1}
	}
	return []int{8, 4, 1}
}

// blockPixels is the most output pixels whose gradients are in registers.
const blockPixels = 4

// taps generates the gradient of a row of taps over an image, for all channels:
//
//	dw[kx,c] += Σ x[oy*stride, ox*stride+kx, c] * dz[oy,ox,c]
//
// dz may lie spread out: dzRow and dzPixel are the distances of its rows and pixels, xRow that of
// every stride-th input row.
func taps(f *neon.File, k, stride int) {
	p := f.Func(fmt.Sprintf("taps%ds%d", k, stride),
		"dw, x, dz *float32, xRow, pixel, dzRow, dzPixel, oh, ow, channels int, ahead *float32, step int",
		fmt.Sprintf("adds the gradient of a row of %d taps. Distances are in bytes.", k))
	dw, x, dz := p.Param("dw"), p.Param("x"), p.Param("dz")
	xRow, pixel, dzRow, dzPixel := p.Param("xRow"), p.Param("pixel"), p.Param("dzRow"),
		p.Param("dzPixel")
	oh, ow, channels := p.Param("oh"), p.Param("ow"), p.Param("channels")
	ahead, step := p.Param("ahead"), p.Param("step")
	row, dRow, oy, ox := p.Reg(), p.Reg(), p.Reg(), p.Reg()
	at, d := p.Reg(), p.Reg()
	widths := tapWidths(k)
	pointers := []neon.Reg{dw, x, dz}
	p.EachChannels(channels, widths, pointers, func(vectors, lanes int, suffix string) {
		acc, all := p.Accumulators(k, vectors, "dw")
		p.Move(x, row)
		p.Move(dz, dRow)
		p.Move(oh, oy)
		p.Label("row" + suffix)
		p.Move(row, at)
		p.Move(dRow, d)
		p.Move(ow, ox)
		for pixels := blockPixels; pixels >= 1; pixels /= 2 {
			block := fmt.Sprintf("block%dof%s", pixels, suffix)
			p.Label(block)
			p.Line("CMP $%d, %v", pixels, ox)
			p.Line("BLT after%s", block)
			if pixels == blockPixels && vectors == widths[0]/4 {
				p.Prefetch(ahead, step)
			}
			s := window{k: k, stride: stride, vectors: vectors, lanes: lanes}
			s.gradients(p, acc, pixels, gradientAt{at, d, pixel, dzPixel})
			p.Line("SUB $%d, %v", pixels, ox)
			p.Jump(block)
			p.Label("after" + block)
		}
		p.Add(xRow, row)
		p.Add(dzRow, dRow)
		p.CountDown(oy, "row"+suffix)
		addTaps(p, acc, dw, pixel, at, lanes)
		p.FreeVecs(all...)
	})
}

// addTaps adds the sums to those in memory.
func addTaps(p *neon.Func, acc [][]neon.Vec, dw, pixel, at neon.Reg, lanes int) {
	old := p.Vecs(len(acc[0]), "old%d")
	p.Move(dw, at)
	for kx := range acc {
		for v := range old {
			p.Load(old[v], at, 16*v, lanes)
			p.Add4(acc[kx][v], acc[kx][v], old[v])
		}
		p.StoreRow(acc[kx], at, pixel, lanes)
	}
	p.FreeVecs(old...)
}

// gradientAt is where inputs and output gradients are, and the distances of their pixels.
type gradientAt struct{ x, dz, pixel, dzPixel neon.Reg }

// gradients adds what a few adjacent output pixels contribute: their gradients are held in
// registers while the inputs under them pass. It moves x and dz behind them.
func (s window) gradients(p *neon.Func, acc [][]neon.Vec, pixels int, g gradientAt) {
	dz := make([][]neon.Vec, pixels)
	for o := range dz {
		dz[o] = p.Vecs(s.vectors, fmt.Sprintf("dz%d.", o)+"%d")
		p.LoadRow(dz[o], g.dz, g.dzPixel, s.lanes)
		defer p.FreeVecs(dz[o]...)
	}
	x, at := p.Vecs(s.vectors, "x%d"), p.Reg()
	p.Move(g.x, at)
	for i := range (pixels-1)*s.stride + s.k {
		p.LoadRow(x, at, g.pixel, s.lanes)
		for o := range pixels {
			if kx := i - o*s.stride; kx >= 0 && kx < s.k {
				for v := range x {
					p.MulAdd(acc[kx][v], x[v], dz[o][v])
				}
			}
		}
	}
	for range pixels * s.stride {
		p.Add(g.pixel, g.x)
	}
	p.Free(at)
	p.FreeVecs(x...)
}
