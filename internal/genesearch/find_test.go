package genesearch

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/predictor/genes"
	"github.com/tailor-nas/tailor/search/optimize"
)

// predictions are those of the whole table.
func predictions(t *testing.T, p *genes.Predictor) []float64 {
	t.Helper()
	v, err := p.Predict(all())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestFindIsBruteForce: of a table of 15,625, what is found within limits is the best of all that
// is predicted to be within them.
func TestFindIsBruteForce(t *testing.T) {
	w := newTable(t, 1)
	accuracy := fit(t, w.space, genes.Accuracy, w.accuracy, 150, 0, 1)
	latency := fit(t, w.space, genes.Latency, w.latency, 60, .01, 2)
	energy := fit(t, w.space, genes.Latency, func(g genes.Configuration) float64 {
		return 100 / w.latency(g)
	}, 60, 0, 3)
	top, ms, mj := predictions(t, accuracy), predictions(t, latency), predictions(t, energy)
	for _, limits := range [][2]float64{{0, 0}, {6, 0}, {3, 0}, {8, 18}, {0, 9}} {
		for _, confidence := range []float64{0, .9} {
			q := Query{Space: w.space, Accuracy: accuracy, Confidence: confidence,
				Costs: []Cost{{"latency", latency, limits[0]}, {"energy", energy, limits[1]}}}
			a, err := Find(t.Context(), q, config(optimize.Auto))
			if err != nil {
				t.Fatalf("%v: %v", limits, err)
			}
			f := &finder{Query: q}
			f.setMargins(config(optimize.Auto))
			if (f.margins[0] > 0) != (confidence > 0) {
				t.Errorf("confidence %g has the margin %g", confidence, f.margins[0])
			}
			best := math.Inf(-1)
			for i, v := range top {
				if (limits[0] == 0 || f.margins[0].High(ms[i]) <= limits[0]) &&
					(limits[1] == 0 || f.margins[1].High(mj[i]) <= limits[1]) {
					best = max(best, v)
				}
			}
			got := a.Found[0]
			if !a.Exact || got.Accuracy.Predicted != best || len(a.Found) != 10 {
				t.Errorf("%v with %g: %+v of %d, brute force finds %g", limits, confidence,
					got.Accuracy, len(a.Found), best)
			}
			if limits[0] > 0 && got.Costs[0].AtMost > limits[0] {
				t.Errorf("%v: up to %g ms", limits, got.Costs[0].AtMost)
			}
			for i, g := range w.space.Genes {
				if got.Genes[g.Name] != g.Choices[got.Numbers[i]] {
					t.Errorf("%v: %v is called %v", limits, got.Numbers, got.Genes)
				}
			}
		}
	}
}

// TestFindFront: nothing on a front is beaten, and nothing that is not beaten is missing.
func TestFindFront(t *testing.T) {
	w := newTable(t, 2)
	accuracy := fit(t, w.space, genes.Accuracy, w.accuracy, 100, 0, 1)
	latency := fit(t, w.space, genes.Latency, w.latency, 60, .01, 2)
	a, err := Find(t.Context(), Query{Space: w.space, Accuracy: accuracy, Pareto: true,
		Costs: []Cost{{Name: "latency", Predictor: latency}}}, config(optimize.Auto))
	if err != nil {
		t.Fatal(err)
	}
	top, ms := predictions(t, accuracy), predictions(t, latency)
	order := make([]int, len(top))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if ms[a] != ms[b] {
			return int(math.Copysign(1, ms[a]-ms[b]))
		}
		return int(math.Copysign(1, top[b]-top[a]))
	})
	var front []float64
	for _, i := range order {
		if len(front) == 0 || top[i] > front[len(front)-1] {
			front = append(front, top[i])
		}
	}
	var got []float64
	for _, f := range a.Found {
		got = append(got, f.Accuracy.Predicted)
	}
	slices.Sort(got)
	if !slices.Equal(got, front) {
		t.Errorf("a front of %d, brute force finds %d", len(got), len(front))
	}
}

// TestFindCostAlone: without an accuracy the cheapest is sought.
func TestFindCostAlone(t *testing.T) {
	w := newTable(t, 3)
	latency := fit(t, w.space, genes.Latency, w.latency, 60, 0, 2)
	a, err := Find(t.Context(), Query{Space: w.space,
		Costs: []Cost{{Name: "latency", Predictor: latency}}}, config(optimize.Auto))
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Min(predictions(t, latency))
	if got := a.Found[0].Costs[0].Predicted; got != want {
		t.Errorf("%g, brute force finds %g", got, want)
	}
}

func TestUnreachable(t *testing.T) {
	w := newTable(t, 3)
	accuracy := fit(t, w.space, genes.Accuracy, w.accuracy, 60, 0, 1)
	latency := fit(t, w.space, genes.Latency, w.latency, 60, .01, 2)
	q := Query{Space: w.space, Accuracy: accuracy, Confidence: .9,
		Costs: []Cost{{"latency", latency, 1}}}
	var unreachable *UnreachableError
	_, err := Find(t.Context(), q, config(optimize.Auto))
	if !errors.As(err, &unreachable) || !errors.Is(err, optimize.ErrInfeasible) {
		t.Fatalf("a limit below all: %v", err)
	}
	q.Costs[0].Limit = unreachable.Smallest * 1.0001
	if _, err := Find(t.Context(), q, config(optimize.Auto)); err != nil {
		t.Errorf("the smallest reachable is not reached: %v", err)
	}
	q.Costs[0].Limit = unreachable.Smallest * .9999
	if _, err := Find(t.Context(), q, config(optimize.Auto)); err == nil {
		t.Error("less than the smallest reachable is reached")
	}
	if _, err := Find(t.Context(), Query{Space: w.space}, config(optimize.Auto)); err == nil {
		t.Error("nothing is sought, and found")
	}
}

// TestBudgetsKept: of what is selected by predictors that are somewhat wrong, about as many stay
// within their limits, and are as accurate, as the confidence says.
func TestBudgetsKept(t *testing.T) {
	within, accurate, n := 0, 0, 0
	for seed := range uint64(5) {
		w := newTable(t, 10+seed)
		// Pairs of neighbours add to the time: no model that saw 60 knows them all.
		ms := func(g genes.Configuration) float64 {
			sum := w.latency(g)
			for i, v := range g {
				sum += .4 * math.Abs(w.together[i][v][g[(i+1)%6]])
			}
			return sum
		}
		accuracy := fit(t, w.space, genes.Accuracy, w.accuracy, 80, 0, seed)
		latency := fit(t, w.space, genes.Latency, ms, 60, .01, seed+100)
		for _, limit := range []float64{5, 6, 8, 10} {
			a, err := Find(t.Context(), Query{Space: w.space, Accuracy: accuracy, Confidence: .9,
				Costs: []Cost{{"latency", latency, limit}}}, config(optimize.Auto))
			if err != nil {
				t.Fatal(err)
			}
			got := a.Found[0]
			n++
			if ms(got.Numbers) <= limit {
				within++
			}
			if w.accuracy(got.Numbers) >= got.Accuracy.AtLeast {
				accurate++
			}
		}
	}
	t.Logf("%d of %d within, %d as accurate", within, n, accurate)
	if within < 16 || accurate < 16 { // 18 of 20 are asked for
		t.Errorf("%d of %d winners within their limits, %d as accurate as was said", within, n,
			accurate)
	}
}
