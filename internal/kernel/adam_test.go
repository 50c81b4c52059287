package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
)

// TestAdam: vectors round as the plain loop does, at all lengths, and stay within them. A processor
// of another kind may fuse what the plain loop multiplies and adds.
func TestAdam(t *testing.T) {
	a := Adam{First: 0.1, Second: 1e-3, Keep: 0.995, Rate: 3e-3, Scale: 1.2, Epsilon: 1e-8}
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(8, 1))
		for n := range 70 {
			var got, want [4][]float32 // weights, first, second, gradient
			for i := range got {
				got[i] = randoms(r, n+2)
				want[i] = slices.Clone(got[i])
			}
			for i, v := range got[2] {
				got[2][i], want[2][i] = v*v, v*v
			}
			if n > 2 { // a weight that nothing has moved yet
				for i := 1; i < 4; i++ {
					got[i][2], want[i][2] = 0, 0
				}
			}
			for range 2 {
				a.Step(got[0][:n], got[1], got[2], got[3])
				plainAdam(a, want[0][:n], want[1], want[2], want[3])
			}
			tolerance := 0.0
			if runtime.GOARCH != "amd64" {
				tolerance = 1e-5
			}
			for i := range got {
				compare(t, fmt.Sprintf("adam %d, slice %d", n, i), got[i], want[i], tolerance)
			}
		}
	})
}

// plainAdam rounds to float32 after each operation, on any processor.
func plainAdam(a Adam, w, first, second, gradient []float32) {
	for i := range w {
		g := gradient[i]
		first[i] += float32(a.First * float32(g-first[i]))
		second[i] += float32(a.Second * float32(float32(g*g)-second[i]))
		root := float32(math.Sqrt(float64(float32(a.Scale * second[i]))))
		w[i] = float32(a.Keep*w[i]) - float32(float32(a.Rate*first[i])/float32(root+a.Epsilon))
	}
}

// BenchmarkAdam steps through as many weights as OFA's three layers of 400 have, and those of a
// small member.
func BenchmarkAdam(b *testing.B) {
	a := Adam{First: 0.1, Second: 1e-3, Keep: 0.995, Rate: 3e-3, Scale: 1.2, Epsilon: 1e-8}
	for _, n := range []int{376_001, 12_993} {
		for _, isa := range ISAs {
			b.Run(fmt.Sprintf("%d/%v", n, isa), func(b *testing.B) {
				restore, err := Use(isa)
				if err != nil {
					b.Skip(err)
				}
				defer restore()
				r := rand.New(rand.NewPCG(1, 0))
				w, first, second, gradient := randoms(r, n), make([]float32, n),
					make([]float32, n), randoms(r, n)
				b.SetBytes(int64(7 * 4 * n)) // read or written
				for b.Loop() {
					a.Step(w, first, second, gradient)
				}
			})
		}
	}
}
