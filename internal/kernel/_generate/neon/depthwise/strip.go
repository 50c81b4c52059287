package main

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/kernel/_generate/neon"
)

// strip generates adjacent output pixels of one row for all channels:
//
//	y[i,c] = Σ x[ky, i*stride+kx, c] * w[ky,kx,c]
//
// x points to the first pixel of the window of output pixel 0; pixel is the distance of pixels, of
// taps and of output pixels in bytes (all have the same channels), xRow that of input rows.
func strip(f *neon.File, k, stride, pixels int) {
	p := f.Func(fmt.Sprintf("strip%ds%dx%d", k, stride, pixels),
		"y, x, w *float32, xRow, pixel, channels int, sum, square, ahead *float32, step int",
		fmt.Sprintf("convolves %d adjacent output pixels. Distances are in bytes.", pixels))
	y, x, w := p.Param("y"), p.Param("x"), p.Param("w")
	xRow, pixel, channels := p.Param("xRow"), p.Param("pixel"), p.Param("channels")
	sum, square := p.Param("sum"), p.Param("square")
	ahead, step := p.Param("ahead"), p.Param("step")
	row, tap, ky, at := p.Reg(), p.Reg(), p.Reg(), p.Reg()
	pointers := []neon.Reg{y, x, w}
	p.EachChannels(channels, []int{8, 4, 1}, pointers, func(vectors, lanes int, suffix string) {
		acc, all := p.Accumulators(pixels, vectors, "y")
		p.Move(x, row)
		p.Move(w, tap)
		p.Set(k, ky)
		p.Label("taps" + suffix)
		p.Move(row, at)
		if vectors == 2 {
			for range linesPerRow(k) {
				p.Prefetch(ahead, step)
			}
		}
		s := window{k: k, stride: stride, vectors: vectors, lanes: lanes}
		s.convolve(p, acc, at, tap, pixel)
		p.Add(xRow, row)
		p.CountDown(ky, "taps"+suffix)
		p.Move(y, at)
		for i := range acc {
			p.StoreRow(acc[i], at, pixel, lanes)
		}
		p.JumpZero(sum, "unsummed"+suffix)
		p.AddMoments(acc, sum, square, lanes)
		p.AddNumber(4*vectors*lanes, sum)
		p.AddNumber(4*vectors*lanes, square)
		p.Label("unsummed" + suffix)
		p.FreeVecs(all...)
	})
}

// linesPerRow is how many cache lines a strip fetches ahead with every row of taps of 8 channels:
// in all, somewhat more than it writes. padded_arm64.go counts on it.
func linesPerRow(k int) int { return (5 + k - 1) / k }

// window is a row of taps, of some channels.
type window struct{ k, stride, vectors, lanes int }

// convolve adds what a row of taps contributes: it stays in registers while the inputs pass. Where
// there are registers for it, an input is loaded while the one before is used.
func (s window) convolve(p *neon.Func, acc [][]neon.Vec, at, tap, pixel neon.Reg) {
	w := make([][]neon.Vec, s.k)
	for kx := range w {
		w[kx] = p.Vecs(s.vectors, fmt.Sprintf("w%d.", kx)+"%d")
		p.LoadRow(w[kx], tap, pixel, s.lanes)
		defer p.FreeVecs(w[kx]...)
	}
	inputs := [][]neon.Vec{p.Vecs(s.vectors, "x%d")}
	defer p.FreeVecs(inputs[0]...)
	if s.vectors*(len(acc)+s.k+2) <= neon.VectorRegisters {
		inputs = append(inputs, p.Vecs(s.vectors, "x'%d"))
		defer p.FreeVecs(inputs[1]...)
	}
	load := func(i int) { p.LoadRow(inputs[i%len(inputs)], at, pixel, s.lanes) }
	early, all := len(inputs)-1, (len(acc)-1)*s.stride+s.k
	if early > 0 {
		load(0)
	}
	for i := range all {
		if i+early < all {
			load(i + early)
		}
		for o := range acc {
			kx := i - o*s.stride
			if kx < 0 || kx >= s.k {
				continue
			}
			for v := range acc[o] {
				p.MulAdd(acc[o][v], inputs[i%len(inputs)][v], w[kx][v])
			}
		}
	}
}
