package augment

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestTrivialDraws: of images in which every operation shows, the share that changes is that of the
// operations and strengths that change something.
func TestTrivialDraws(t *testing.T) {
	const n, size = 6000, 9
	e, r := NewEditor(Recipe{TrivialAugment: true}, size, 3), rand.New(rand.NewPCG(1, 2))
	before, same := pattern(size*size*3), 0
	p := make([]uint8, len(before))
	for range n {
		copy(p, before)
		e.Edit(r, p)
		if string(p) == string(before) {
			same++
		}
	}
	// What operations do at each of their strengths, one after the other.
	want := 0.0
	for _, op := range operations() {
		for k := range strengths {
			for _, sign := range []float64{-1, 1} {
				if !op.signed {
					sign = 1
				}
				copy(p, before)
				op.apply(e, p, sign*float64(k)/(strengths-1))
				if string(p) == string(before) {
					want += 1. / 14 / strengths / 2
				}
			}
		}
	}
	if got := float64(same) / n; math.Abs(got-want) > 4*math.Sqrt(want*(1-want)/n) {
		t.Errorf("%.3f of the images stay as they are, want %.3f", got, want)
	}
}
