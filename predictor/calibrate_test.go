package predictor

import (
	"math"
	"math/rand/v2"
	"testing"
)

func timings(n int, c calibration, noise float64, seed uint64) []timing {
	r := rand.New(rand.NewPCG(seed, 0))
	all := make([]timing, n)
	for i := range all {
		sum := 1 + 9*r.Float64()
		all[i] = timing{sum, c.of(sum) * (1 + noise*r.NormFloat64())}
	}
	return all
}

func TestCalibrateFindsTheLine(t *testing.T) {
	for _, want := range []calibration{{0, 1}, {0.5, 0.9}, {2, 1.3}, {-0.4, 1.1}} {
		got := calibrate(timings(12, want, 0, 1), 1)
		if math.Abs(got.intercept-want.intercept) > 1e-6 || math.Abs(got.slope-want.slope) > 1e-6 {
			t.Errorf("got %+v, want %+v", got, want)
		}
		got = calibrate(timings(40, want, 0.01, 2), 1)
		if math.Abs(got.of(5)/want.of(5)-1) > 0.01 {
			t.Errorf("with noise: got %+v, want %+v", got, want)
		}
	}
}

// The best line is no worse than any near it.
func TestAffineMinimisesRelativeErrors(t *testing.T) {
	all := timings(15, calibration{1, 2}, 0.1, 3)
	var m moments
	for _, x := range all {
		m.add(x, 1)
	}
	loss := func(c calibration) (sum float64) {
		for _, x := range all {
			sum += relativeSquare(c, x)
		}
		return sum
	}
	c, ok := m.affine()
	if !ok {
		t.Fatal("no line")
	}
	scale := m.scale()
	for _, d := range []float64{-1e-3, 1e-3} {
		if loss(calibration{c.intercept + d, c.slope}) < loss(c) ||
			loss(calibration{c.intercept, c.slope + d}) < loss(c) {
			t.Errorf("%+v is not the best line", c)
		}
		if loss(calibration{0, scale.slope + d}) < loss(scale) {
			t.Errorf("%+v is not the best line through 0", scale)
		}
	}
}

func TestCalibrateDoesWithout(t *testing.T) {
	noisy := timings(6, calibration{0, 1}, 0.1, 4)
	for name, c := range map[string]struct {
		timings  []timing
		smallest float64
	}{
		"two networks":           {timings(2, calibration{1, 1}, 0, 1), 1},
		"equal sums":             {[]timing{{2, 3}, {2, 3.1}, {2, 2.9}, {2, 3}}, 1},
		"falling":                {[]timing{{1, 9}, {2, 8}, {3, 7}, {4, 6}}, 1},
		"nothing but noise":      {noisy, 1},
		"below 0 at the fastest": {timings(12, calibration{-0.9, 1}, 0, 1), 0.5},
	} {
		got := calibrate(c.timings, c.smallest)
		if got.intercept != 0 || !(got.slope > 0) {
			t.Errorf("%s: got %+v, want a positive line through 0", name, got)
		}
	}
}

// Taking a timing out of the moments is as good as never having put it in.
func TestMomentsForget(t *testing.T) {
	all := timings(10, calibration{1, 1}, 0.05, 5)
	var kept, rest moments
	for i, x := range all {
		kept.add(x, 1)
		if i > 0 {
			rest.add(x, 1)
		}
	}
	kept.add(all[0], -1)
	a, _ := kept.affine()
	b, _ := rest.affine()
	if !near(a.intercept, b.intercept, 1e-9) || !near(a.slope, b.slope, 1e-9) {
		t.Errorf("got %+v, want %+v", a, b)
	}
}

func TestLeaveOneOutDoesNotSeeTheNetwork(t *testing.T) {
	all := timings(8, calibration{0.5, 1}, 0.02, 6)
	before := leaveOneOut(all, 1)
	all[3].ms *= 10
	after := leaveOneOut(all, 1)
	if before[3] != after[3] || before[2] == after[2] {
		t.Errorf("before %v, after %v", before, after)
	}
}
