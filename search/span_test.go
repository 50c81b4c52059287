package search_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
)

// one knows a single resolution.
type one struct {
	*rugged
	resolution int
}

var errOther = errors.New("another resolution")

func (o one) Predict(archs []supernet.Arch) ([]float64, error) {
	for _, a := range archs {
		if int(a.Resolution) != o.resolution {
			return nil, errOther
		}
	}
	return o.rugged.Predict(archs)
}

// TestSpans compares with all networks of what is searched, which excludes the resolution that the
// accuracy predictor does not know.
func TestSpans(t *testing.T) {
	space := parseSpace(t, smallSpace)
	p, l := newRugged(space, 1), newTicking(t, space, 1)
	q := search.Query{Space: space, Accuracy: one{p, 24}, Latency: l}
	left := search.LeftOut(q)
	if len(left) != 1 || !errors.Is(left[16], errOther) {
		t.Errorf("left out: %v", left)
	}
	spans, err := search.Spans(q, 1)
	if err != nil || len(spans) != 5 {
		t.Fatalf("%+v, %v", spans, err)
	}
	for _, s := range spans {
		var all []float64
		for _, a := range allArchs(space) {
			if a.Resolution == 24 {
				all = append(all, s.Cost.Of(found(space, p, l, a)))
			}
		}
		if s.Smallest != slices.Min(all) || s.Largest > slices.Max(all) ||
			!(s.Smallest < s.Middle && s.Middle < s.Largest) {
			t.Errorf("%s: %+v, of all networks %g to %g", s.Cost, s, slices.Min(all),
				slices.Max(all))
		}
		q.Limits = s.Cost.Limit(search.Limits{}, s.Smallest*0.999)
		var out *search.UnreachableError
		if _, err := search.Find(t.Context(), q, optimize.Defaults()); !errors.As(err, &out) ||
			out.Smallest != s.Smallest {
			t.Errorf("%s below the smallest: %v", s.Cost, err)
		}
	}
}
