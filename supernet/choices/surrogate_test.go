package choices_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// TestSurrogateAgainstAllNetworks fits sums over choices to the networks of a space that such a
// sum made, and to ones that depart from it at random: without a budget the bound is the best
// sum, with one no less than the best of all networks within it.
func TestSurrogateAgainstAllNetworks(t *testing.T) {
	space := parse(t, regionSpace)
	archs := everyArch(space)
	n := choices.NewNumbering(space)
	const rounding = 1e-9
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		worth, cost := drawn(r, n.Len()), drawn(r, n.Len())
		noise := float64(seed%2) * 0.1
		values, costs := make([]float64, len(archs)), make([]float64, len(archs))
		for i := range archs {
			var taken choices.Taken
			n.Read(&archs[i], &taken)
			values[i] = 0.5 + 0.1*float64(taken.Resolution) + worthOf(worth, &taken) +
				noise*r.NormFloat64()
			costs[i] = worthOf(cost, &taken)
		}
		s, err := choices.FitSurrogate(space, archs, values)
		if err != nil {
			t.Fatal(err)
		}
		for _, resolution := range space.Resolutions {
			limit := costs[r.IntN(len(costs))]
			free, best := math.Inf(-1), math.Inf(-1)
			for i := range archs {
				if int(archs[i].Resolution) != resolution {
					continue
				}
				free = max(free, values[i])
				if costs[i] <= limit {
					best = max(best, values[i])
				}
			}
			upper, known := s.Upper(resolution, nil)
			if !known || upper < free-rounding || noise == 0 && upper > free+1e-3 {
				t.Errorf("seed %d, %d px: bound %v (%v), the best is %v", seed, resolution, upper,
					known, free)
			}
			within, known := s.Upper(resolution,
				[]choices.Budget{{Cost: choices.Affine{Weights: cost}, Limit: limit + 1e-9}})
			if !known || within < best-rounding || within > upper+rounding {
				t.Errorf("seed %d, %d px: bound %v (%v) within the budget, the best is %v, the bound without %v", seed, resolution, within, known, best, upper)
			}
		}
	}
}

// worthOf is the sum of what the choices are worth.
func worthOf(worth []float64, t *choices.Taken) (sum float64) {
	for _, number := range t.Numbers() {
		sum += worth[number]
	}
	return sum
}

func drawn(r *rand.Rand, n int) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = r.NormFloat64()
	}
	return w
}

// TestSurrogateSaysWhatItDoesNotKnow: too few networks, a resolution without any, a budget that
// none is within, networks of no space.
func TestSurrogateSaysWhatItDoesNotKnow(t *testing.T) {
	space := parse(t, regionSpace)
	var archs []supernet.Arch
	for _, a := range everyArch(space) {
		if int(a.Resolution) == space.Resolutions[0] {
			archs = append(archs, a)
		}
	}
	values := make([]float64, len(archs))
	if _, err := choices.FitSurrogate(space, archs[:10], values[:10]); !errors.Is(err,
		choices.ErrTooFew) {
		t.Errorf("10 networks: %v", err)
	}
	s, err := choices.FitSurrogate(space, archs, values)
	if err != nil {
		t.Fatal(err)
	}
	if upper, known := s.Upper(space.Resolutions[0], nil); !known || math.Abs(upper) > 1e-9 {
		t.Errorf("the bound of networks of value 0 is %v (%v)", upper, known)
	}
	if upper, known := s.Upper(space.Resolutions[1], nil); known {
		t.Errorf("bound %v at a resolution that no network was fitted at", upper)
	}
	free := choices.Affine{Constant: 1, Weights: make([]float64, choices.NewNumbering(space).Len())}
	if upper, known := s.Upper(space.Resolutions[1],
		[]choices.Budget{{Cost: free, Limit: 0.5}}); !known || !math.IsInf(upper, -1) {
		t.Errorf("bound %v (%v) of no network", upper, known)
	}
	if _, err := choices.FitSurrogate(space, append(archs, supernet.Arch{}),
		append(values, 0)); err == nil {
		t.Error("the zero arch was fitted")
	}
}
