package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// FuzzMulPacked holds the products of any shape, with any leading dimensions, against plain loops.
func FuzzMulPacked(f *testing.F) {
	f.Add(uint8(12), uint8(32), uint8(16), uint8(0), uint8(0), true, uint8(2))
	f.Add(uint8(1), uint8(24), uint8(160), uint8(3), uint8(1), false, uint8(1))
	f.Fuzz(func(t *testing.T, mb, nb, kb, padA, padC uint8, add bool, isa uint8) {
		m, n, k := int(mb)+1, int(nb)+1, int(kb)+1
		restore, err := Use(ISAs[int(isa)%len(ISAs)])
		if err != nil {
			t.Skip(err)
		}
		defer restore()
		r := rand.New(rand.NewPCG(uint64(m), uint64(n)))
		lda, ldc := k+int(padA%5), n+int(padC%5)
		a, b, c := randoms(r, m*lda), randoms(r, k*n), randoms(r, m*ldc)
		want := append([]float32(nil), c...)
		mulStridedGo(m, n, k, a, lda, 1, b, n, want, ldc, result{add: add})
		var p Packed
		p.Pack(k, n, b, n)
		MulPacked(m, a, lda, &p, c, ldc, add, nil)
		compare(t, fmt.Sprintf("m=%d n=%d k=%d", m, n, k), c, want, 1e-4*float64(k))
	})
}

// FuzzPadded holds the depthwise convolution of any image against the reference.
func FuzzPadded(f *testing.F) {
	f.Add(uint8(5), uint8(8), uint8(3), uint8(19), false, uint8(2), uint16(0))
	f.Add(uint8(1), uint8(1), uint8(2), uint8(40), true, uint8(1), uint16(0))
	f.Add(uint8(9), uint8(15), uint8(1), uint8(40), true, uint8(2), uint16(0x2121))
	f.Fuzz(func(t *testing.T, hb, wb, half, cb uint8, two bool, isa uint8, zeros uint16) {
		h, w, k, c := int(hb%24)+1, int(wb%24)+1, 2*int(half%5)+1, int(cb%80)+1
		restore, err := Use(ISAs[int(isa)%len(ISAs)])
		if err != nil {
			t.Skip(err)
		}
		defer restore()
		stride := 1
		if two {
			stride = 2
		}
		g := Padded{NewWindow(h, w, k, stride), c}
		if pads := padsOf(zeros, k); zeros != 0 && h+pads.Top+pads.Bottom >= k && w+pads.Left+
			pads.Right >= k {
			g.Window = NewPaddedWindow(h, w, k, stride, pads)
		}
		r := rand.New(rand.NewPCG(uint64(h), uint64(c)))
		x, weight := randoms(r, h*w*c), randoms(r, k*k*c)
		pad := make([]float32, g.Len())
		for y := range h {
			copy(g.Row(pad, y), x[y*w*c:])
		}
		got, want := make([]float32, g.OH*g.OW*c), make([]float32, g.OH*g.OW*c)
		Depthwise(want, x, Taps{weight, k * c, c}, g.Window, c, 0, g.OH)
		g.Convolve(got, pad, weight, nil)
		compare(t, fmt.Sprintf("%dx%d k=%d s=%d c=%d", h, w, k, stride, c), got, want, 1e-3)
	})
}

// padsOf makes the zeros on four sides, each fewer than k, of four digits.
func padsOf(zeros uint16, k int) Pads {
	side := func(i int) int { return int(zeros>>(4*i)&15) % k }
	return Pads{side(3), side(2), side(1), side(0)}
}
