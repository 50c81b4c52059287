package timing

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestQuantile(t *testing.T) {
	// numpy.quantile([15, 20, 35, 40, 50], p), its default method.
	x := []float64{15, 20, 35, 40, 50}
	for p, want := range map[float64]float64{0: 15, 0.1: 17, 0.25: 20, 0.4: 29, 0.5: 35, 0.9: 46,
		1: 50} {
		if got := quantile(x, p); math.Abs(got-want) > 1e-12 {
			t.Errorf("quantile %v is %v, want %v", p, got, want)
		}
	}
	if got := quantile([]float64{7}, 0.3); got != 7 {
		t.Errorf("of one value: %v", got)
	}
	if got := median([]float64{4, 1, 3, 2}); got != 2.5 {
		t.Errorf("median of 1 to 4 is %v", got)
	}
}

// The closed form agrees with the bootstrap that it replaces, to within the
// distance between neighbouring order statistics.
func TestMedianIntervalIsBootstrap(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{5, 11, 20, 51, 200} {
		x := make([]float64, n)
		for i := range x {
			x[i] = rng.ExpFloat64()
		}
		slices.Sort(x)
		medians := make([]float64, 4000)
		draw := make([]float64, n)
		for b := range medians {
			for i := range draw {
				draw[i] = x[rng.IntN(n)]
			}
			medians[b] = median(draw)
		}
		slices.Sort(medians)
		low, high := medianInterval(x, float64(n))
		for _, end := range []struct{ got, want float64 }{{low, quantile(medians, 0.025)},
			{high, quantile(medians, 0.975)}} {
			i, _ := slices.BinarySearch(x, end.want)
			if end.got < x[max(i-2, 0)] || end.got > x[min(i+1, n-1)] {
				t.Errorf("n %d: end %v, the bootstrap says %v", n, end.got, end.want)
			}
		}
	}
}

func TestMedianIntervalCovers(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const trials = 4000
	for _, n := range []int{8, 10, 15, 20, 40, 101} {
		covered := 0
		x := make([]float64, n)
		for range trials {
			for i := range x {
				x[i] = rng.ExpFloat64()
			}
			slices.Sort(x)
			if low, high := medianInterval(x, float64(n)); low <= math.Ln2 && math.Ln2 <= high {
				covered++
			}
		}
		// 0.94 allows for three standard errors of 4000 trials.
		if share := float64(covered) / trials; share < 0.94 || share > 0.985 {
			t.Errorf("n %d: %.3f of the intervals cover, want 0.95", n, share)
		}
	}
}

func TestEffectiveSize(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	mean := func(n, hold int) float64 {
		var sum float64
		const trials = 300
		for range trials {
			x := make([]float64, n)
			for i := range x {
				if i%hold == 0 {
					x[i] = rng.NormFloat64()
				} else {
					x[i] = x[i-1]
				}
			}
			sum += effectiveSize(x)
		}
		return sum / trials
	}
	if got := mean(100, 1); got < 75 || got > 100 {
		t.Errorf("100 independent values count as %.1f", got)
	}
	// Each value five times: twenty independent ones.
	if got := mean(100, 5); got < 12 || got > 32 {
		t.Errorf("20 values held for 5 count as %.1f", got)
	}
	if got := effectiveSize([]float64{0, 0, 0, 0}); got != 4 {
		t.Errorf("constant values count as %v", got)
	}
	if got := effectiveSize([]float64{0}); got != 1 {
		t.Errorf("one value counts as %v", got)
	}
}

func TestDrift(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	series := func(f func(at float64) float64) []float64 {
		x := make([]float64, 500)
		for i := range x {
			x[i] = f(float64(i)/float64(len(x))) * (1 + 0.02*rng.ExpFloat64())
		}
		return x
	}
	for _, c := range []struct {
		name   string
		x      []float64
		steady bool
		ratio  float64 // roughly
	}{
		{"flat", series(func(float64) float64 { return 3 }), true, 1},
		{"throttles", series(func(at float64) float64 { return 1 + 0.5*at }), false, 1.4},
		{"steps", series(func(at float64) float64 { return 1 + 0.3*math.Floor(at+0.5) }), false,
			1.3},
		{"speeds up", series(func(at float64) float64 { return 1.5 - 0.5*at }), false, 0.73},
		{"a little", series(func(at float64) float64 { return 1 + 0.1*at }), true, 1.08},
		{"comes back", series(func(at float64) float64 { return 1 + 0.5*math.Sin(math.Pi*at) }),
			true, 1},
		{"bimodal", series(func(float64) float64 { return 1 + 0.85*float64(rng.IntN(2)) }), true,
			1},
		{"too short", []float64{1, 2, 3}, true, 1},
	} {
		ratio, steady := drift(c.x)
		if steady != c.steady || math.Abs(ratio/c.ratio-1) > 0.05 {
			t.Errorf("%s: ratio %.3f, steady %v, want about %.2f, %v", c.name, ratio, steady,
				c.ratio, c.steady)
		}
	}
}

// The loop around a subject adds nothing to collect.
func TestSampleDoesNotAllocate(t *testing.T) {
	s, err := Defaults().complete()
	if err != nil {
		t.Fatal(err)
	}
	m := newMeasurement(t.Context(), Subject{}, nil, s)
	l := &timed{Subject: Subject{Run: func() error { return nil }}, settle: true}
	if n := testing.AllocsPerRun(100, func() { _, _ = m.sample(l, 10) }); n != 0 {
		t.Errorf("%v allocations a sample", n)
	}
}
