package search_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/supernet"
)

// hilly has at every resolution another best kernel, so that genes must change together with the
// resolution.
type hilly struct{ space *supernet.Space }

func (h hilly) value(a supernet.Arch) float64 {
	at := slices.Index(h.space.Resolutions, int(a.Resolution))
	v := 0.5
	for i, k := range a.Kernel[:20] {
		if k != 0 && int(k) == 3+2*((at+i)%3) {
			v += 0.01
		}
	}
	return v + 0.001*float64(at%7)
}

func (h hilly) Predict(archs []supernet.Arch) ([]float64, error) {
	var values []float64
	for _, a := range archs {
		values = append(values, h.value(a))
	}
	return values, nil
}

func TestFindLooksAtPartsOfTheResolutions(t *testing.T) {
	space, err := supernet.LoadSpace("ofa-mbv3")
	if err != nil {
		t.Fatal(err)
	}
	const evaluations = 30_000
	h := hilly{space}
	q := search.Query{Space: space, Accuracy: h}
	answer, err := search.Find(t.Context(), q, given(0, evaluations))
	if err != nil {
		t.Fatal(err)
	}
	best := answer.Best[0]
	if want := 0.5 + 20*0.01 + 6*0.001; math.Abs(best.Top1-want) > 1e-9 ||
		h.value(best.Arch) != best.Top1 {
		t.Errorf("the best is %v, want %v", best.Top1, want)
	}
	if answer.Evaluations > evaluations || answer.Evaluations < evaluations/5 || answer.Exact() {
		t.Errorf("%d evaluations, exact %v", answer.Evaluations, answer.Exact())
	}
	for i, p := range answer.History[1:] {
		before := answer.History[i]
		if p.Evaluations <= before.Evaluations || p.Feasible < before.Feasible ||
			p.Best[0] > before.Best[0] {
			t.Errorf("history goes from %+v to %+v", before, p)
		}
	}
	if last := answer.History[len(answer.History)-1]; last.Best[0] != -best.Top1 ||
		last.Evaluations > answer.Evaluations {
		t.Errorf("history ends with %+v, the answer is %v after %d", last, best.Top1,
			answer.Evaluations)
	}
	again, err := search.Find(t.Context(), q, given(0, evaluations))
	if err != nil || again.Best[0] != best || again.Evaluations != answer.Evaluations {
		t.Errorf("the same question has another answer: %+v (%v)", again.Best[0], err)
	}
}

// TestFindWithPartsOutOfReach: only the smallest resolutions can meet the limit, and then none can.
func TestFindWithPartsOutOfReach(t *testing.T) {
	space, err := supernet.LoadSpace("ofa-mbv3")
	if err != nil {
		t.Fatal(err)
	}
	q := search.Query{Space: space, Accuracy: hilly{space}}
	smallest := supernet.MACs(space.Blocks(space.Min()))
	q.Limits.MACs = smallest * 11 / 10
	answer, err := search.Find(t.Context(), q, given(0, 30_000))
	if err != nil || answer.Best[0].MACs > q.Limits.MACs || answer.Best[0].Arch.Resolution > 140 {
		t.Errorf("%+v (%v)", answer, err)
	}
	q.Limits.Params = supernet.Params(space.Blocks(space.Min()))
	q.Resolutions = []int{192, 224}
	a := space.Min()
	a.Resolution = 192
	want := float64(supernet.MACs(space.Blocks(a)))
	var none *search.UnreachableError
	if _, err := search.Find(t.Context(), q, given(0, 30_000)); !errors.As(err, &none) ||
		none.Smallest != want {
		t.Errorf("%v, want an UnreachableError with %g", err, want)
	}
}
