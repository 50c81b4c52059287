package kernel

import (
	"math/rand/v2"
	"testing"
)

// TestFaster checks the rule where no measurement could doubt it.
func TestFaster(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 8))
		const k, n = 240, 96
		ask := func(m int, zeros float64, run int) (Packing, bool) {
			return Faster(m, k, n, withZeros(r, k, n, n+1, zeros, run), n+1)
		}
		for _, m := range []int{1, 2, 7, 16, 49, 1024} {
			if _, faster := ask(m, 0, 1); faster {
				t.Errorf("%d rows: skips the zeros of a matrix without any", m)
			}
			if _, faster := ask(m, .98, 1); !faster {
				t.Errorf("%d rows: multiplies with 98 %% zeros", m)
			}
			for _, run := range []int{8, 16} {
				if l, faster := ask(m, .9, run); m >= 16 && (!faster || runOf(l) == 1 ||
					active == AVX512 && runOf(l) != run) {
					t.Errorf("%d rows: 90 %% zeros in runs of %d are packing %d, %t", m, run, l,
						faster)
				}
			}
		}
		if _, faster := Faster(0, k, n, nil, n); faster {
			t.Error("no rows need no speed")
		}
	})
}

// TestCountProducts compares the counts with what packing keeps.
func TestCountProducts(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 8))
	for range 100 {
		k, n := 1+r.IntN(60), 1+r.IntN(60)
		b := withZeros(r, k, n, n+2, r.Float64(), 1+r.IntN(20))
		counts := countProducts(k, n, b, n+2)
		for _, packing := range packings {
			if packing.available() != packing {
				continue
			}
			var s Sparse
			s.Pack(packing, k, n, b, n+2)
			if got := s.Products(); got != counts[packing] &&
				(packing != Lanes || got < counts[packing]) {
				t.Fatalf("k=%d n=%d packing %d: %d products, counted %d", k, n, packing, got,
					counts[packing])
			}
		}
	}
}

// TestTilePrices cuts rows into tiles by hand.
func TestTilePrices(t *testing.T) {
	tiles := tilePrices{{16, 10}, {8, 7}, {4, 5}}
	for m, want := range map[int]float64{0: 0, 1: 5, 4: 5, 5: 10, 8: 7, 16: 10, 17: 15, 47: 37} {
		if got := tiles.price(m); got != want {
			t.Errorf("%d rows cost %g, want %g", m, got, want)
		}
	}
}
