package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestPaddedStaysInside has marks around all that a padded convolution and its weight gradient are
// given, in every size of strips and with every rest of channels.
func TestPaddedStaysInside(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(10, 1))
		for _, k := range []int{3, 5, 7} {
			for stride := 1; stride <= 2; stride++ {
				for w := 1; w < 20; w++ {
					g := Padded{NewWindow(3, w, k, stride), 1 + r.IntN(40)}
					what := fmt.Sprintf("%+v", g)
					pixels := g.OH * g.OW
					x, xIntact := fencedCopy(randoms(r, g.Len()), g.Len())
					taps, tapsIntact := fencedCopy(randoms(r, k*k*g.C), k*k*g.C)
					y, yIntact := fencedCopy(nil, pixels*g.C)
					dw, dwIntact := fencedCopy(make([]float32, k*k*g.C), k*k*g.C)
					tmp, tmpIntact := fencedCopy(nil, 2*g.C)
					first, second := make([]float64, g.C), make([]float64, g.C)
					var sums Sums
					sums.Begin(first, second, tmp)
					g.ConvolveRows(y, x, taps, 0, g.OH, Output{Sums: &sums}, nil)
					sums.End()
					g.WeightGradient(dw, x, y, g.OW*g.C, g.C, nil)
					for _, intact := range []func(*testing.T, string){xIntact, tapsIntact, yIntact,
						dwIntact, tmpIntact} {
						intact(t, what)
					}
					wantFirst, wantSecond := make([]float64, g.C), make([]float64, g.C)
					Moments(y, g.C, wantFirst, wantSecond)
					for j := range g.C {
						if d := first[j] - wantFirst[j]; d > 1e-3 || d < -1e-3 {
							t.Fatalf("%s: channel %d sums to %g, want %g", what, j, first[j],
								wantFirst[j])
						}
						if d := second[j] - wantSecond[j]; d > 1e-2 || d < -1e-2 {
							t.Fatalf("%s: squares of channel %d sum to %g, want %g", what, j,
								second[j], wantSecond[j])
						}
					}
				}
			}
		}
	})
}
