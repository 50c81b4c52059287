package refine

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestAim: whatever predictions are off by, a few rounds end within the limit and near it, and
// noise of a few percent does not lead astray.
func TestAim(t *testing.T) {
	const limit, rounds = 5.0, 4
	for _, noise := range []float64{0, 0.01} {
		for _, factor := range []float64{0.3, 0.7, 0.98, 1, 1.02, 1.4, 3} {
			r := rand.New(rand.NewPCG(1, 2))
			a, best := newAim(limit), 0.0
			for range rounds {
				found := a.at * factor * (1 + noise*r.NormFloat64())
				if found <= limit {
					best = max(best, found)
				}
				if !a.correct(found) {
					break
				}
			}
			if best < 0.95*limit {
				t.Errorf("noise %g, predictions off by %g: the best within %g is %g", noise,
					factor, limit, best)
			}
		}
	}
}

// TestAimSteps: where choices leave a gap around the limit, it keeps between what was within and
// what was beyond.
func TestAimSteps(t *testing.T) {
	a := newAim(5)
	for range 10 {
		found := 4.0
		if a.at > 6 {
			found = 7
		}
		if !a.correct(found) {
			t.Fatalf("%g is not near 5", found)
		}
	}
	if !(a.low <= 6 && a.high > 6 && a.high-a.low < 0.1) || math.IsNaN(a.at) {
		t.Errorf("%+v, expected to be near 6", a)
	}
}
