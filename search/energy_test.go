package search_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/optimize"
)

// TestEnergyLimits compares with all networks: alone, beside a limit of latency, and on a front.
func TestEnergyLimits(t *testing.T) {
	space := parseSpace(t, smallSpace)
	archs := allArchs(space)
	for seed := range uint64(8) {
		p, l, e := newRugged(space, seed), newTicking(t, space, seed), newTicking(t, space, seed+50)
		q := search.Query{Space: space, Accuracy: p, Latency: l, Energy: e}
		middle := archs[int(seed)*53+9]
		q.Limits.EnergyMJ = e.Sum(middle)
		if seed%2 == 0 {
			q.Limits.LatencyMS = 1.1 * l.Sum(middle)
		}
		best := math.Inf(-1)
		for _, a := range archs {
			if e.Sum(a) <= q.Limits.EnergyMJ &&
				(q.Limits.LatencyMS == 0 || l.Sum(a) <= q.Limits.LatencyMS) {
				best = max(best, p.value(a))
			}
		}
		answer, err := search.Find(t.Context(), q, given(seed, 480))
		if err != nil {
			t.Fatal(err)
		}
		if f := answer.Best[0]; f.Top1 != best || f.EnergyMJ != e.Sum(f.Arch) ||
			f.LatencyMS != l.Sum(f.Arch) || !answer.Exact() {
			t.Errorf("seed %d: found %+v (%v), the best is %g", seed, f, answer.Status, best)
		}
		if bound, ok, err := answer.LikelyBound(); err != nil || ok && bound < best {
			t.Errorf("seed %d: bound %g of %g (%v)", seed, bound, best, err)
		}
		front, err := search.FindFront(t.Context(), q, search.Energy, given(seed, 480))
		if err != nil {
			t.Fatal(err)
		}
		if last := front.Points[len(front.Points)-1]; last.Top1 != best {
			t.Errorf("seed %d: the front ends with %g, the best is %g", seed, last.Top1, best)
		}
		for i, f := range front.Points[1:] {
			if before := front.Points[i]; f.EnergyMJ <= before.EnergyMJ || f.Top1 <= before.Top1 {
				t.Errorf("seed %d: %+v after %+v", seed, f, before)
			}
		}
	}
}

// TestEnergySpans: the smallest energy is exact, and a limit below it is refused with it.
func TestEnergySpans(t *testing.T) {
	space := parseSpace(t, smallSpace)
	p, e := newRugged(space, 1), newTicking(t, space, 2)
	q := search.Query{Space: space, Accuracy: p, Energy: e}
	spans, err := search.Spans(q, 1)
	if err != nil || len(spans) != 5 || spans[0].Cost != search.Energy {
		t.Fatalf("%+v, %v", spans, err)
	}
	var all []float64
	for _, a := range allArchs(space) {
		all = append(all, e.Sum(a))
	}
	if s := spans[0]; s.Smallest != slices.Min(all) || s.Largest > slices.Max(all) {
		t.Errorf("%+v, of all networks %g to %g", s, slices.Min(all), slices.Max(all))
	}
	q.Limits.EnergyMJ = slices.Min(all) * 0.9
	_, err = search.Find(t.Context(), q, given(1, 480))
	var out *search.UnreachableError
	if !errors.As(err, &out) || out.Limit != "energy" || out.Smallest != slices.Min(all) ||
		!errors.Is(err, optimize.ErrInfeasible) ||
		!strings.Contains(err.Error(), "no sub-network has an energy of at most ") ||
		!strings.Contains(err.Error(), " mJ; raise --max-energy") {
		t.Errorf("below the smallest: %v", err)
	}
}

// TestEnergyRefuses says what is missing, and what is no limit.
func TestEnergyRefuses(t *testing.T) {
	space := parseSpace(t, smallSpace)
	q := search.Query{Space: space, Accuracy: newRugged(space, 1)}
	q.Limits.EnergyMJ = 1
	if _, err := search.Find(t.Context(), q, given(1, 10)); err == nil ||
		!strings.Contains(err.Error(), "tailor fit energy") {
		t.Errorf("a limit without a predictor: %v", err)
	}
	q.Limits.EnergyMJ = 0
	if _, err := search.FindFront(t.Context(), q, search.Energy, given(1, 10)); err == nil ||
		!strings.Contains(err.Error(), "tailor fit energy") {
		t.Errorf("a front without a predictor: %v", err)
	}
	for _, mj := range []float64{-1, math.NaN(), math.Inf(1)} {
		if err := (search.Limits{EnergyMJ: mj}).Check(); err == nil {
			t.Errorf("a limit of %g mJ is taken", mj)
		}
	}
}
