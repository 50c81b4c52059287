package search

import (
	"math"
	"testing"

	"github.com/tailor-nas/tailor/search/optimize"
)

// TestMargin compares with figures worked out by hand: the quantile 0.9 of Student's distribution
// is 1.3125 for 28 degrees of freedom (its table), and 2 ln 60000 is 22.0042. The errors are those
// of networks of 16 ms.
func TestMargin(t *testing.T) {
	s := Selection{Genes: 46, Examined: 60000, Networks: 30, MAPE: 0.01, RMSE: 0.01 * 1.25331 * 16}
	got, ok := s.Margin(0.9)
	want := 1.3125 * 0.01 * 1.25331 * math.Sqrt(1+1.0/30+22.0042/30+22.0042/46)
	for ms, share := range map[float64]float64{16: want, 4: 2 * want, 64: want / 2} {
		if high := got.High(ms); !ok || math.Abs((high/ms-1)/share-1) > 1e-4 {
			t.Errorf("at %g ms the upper end is %g, %v, want %g", ms, high, ok, ms*(1+share))
		}
		if back := got.Within(got.High(ms)); math.Abs(back/ms-1) > 1e-12 {
			t.Errorf("%g ms came back as %g", ms, back)
		}
	}
	surer, _ := s.Margin(0.99)
	longer, taught := s, s
	longer.Examined, taught.Networks = 5_000_000, 300
	wider, _ := longer.Margin(0.9)
	less, _ := taught.Margin(0.9)
	if !(surer > got && wider > got && less < got) {
		t.Errorf("%g, but %g of more confidence, %g of more networks to choose from, %g of more "+
			"to learn from", got, surer, wider, less)
	}
	for _, unknown := range []Selection{{}, {Networks: 2, MAPE: 0.01, RMSE: 1},
		{Networks: 30, RMSE: 1}, {Networks: 30, MAPE: 0.01}} {
		if m, ok := unknown.Margin(0.9); ok || m != 0 {
			t.Errorf("%+v has a margin of %g", unknown, m)
		}
	}
}

type plain struct{ Predictor }

type guiding struct{ NearPredictor }

type jointly struct{ JointPredictor }

func (jointly) HasJoint() bool { return true }

// TestExamined: a search that a gradient guides chooses from more networks than it predicts.
func TestExamined(t *testing.T) {
	if n := Examined(plain{}, 1000, false); n != 1000 {
		t.Errorf("%d of 1000 without a gradient", n)
	}
	for _, p := range []Predictor{guiding{}, Remember(guiding{})} {
		if n := Examined(p, 1000, false); n < 100*1000 || n > 10_000*1000 {
			t.Errorf("%d of 1000 with a gradient", n)
		}
		if n := Examined(p, math.MaxInt, true); n < math.MaxInt/2 {
			t.Errorf("%d of the most there can be", n)
		}
	}
}

// TestExaminedAuto: Auto is what a search takes it for.
func TestExaminedAuto(t *testing.T) {
	for _, c := range []struct {
		predictor   Predictor
		guide       *optimize.Guide
		evaluations int
	}{
		{plain{}, nil, optimize.DefaultEvaluations},
		{guiding{}, &optimize.Guide{}, optimize.GuidedEvaluations},
		{jointly{}, &optimize.Guide{Joint: true}, optimize.JointEvaluations},
		{Remember(jointly{}), &optimize.Guide{Joint: true}, optimize.JointEvaluations},
	} {
		one := Examined(c.predictor, optimize.Auto, false)
		if want := Examined(c.predictor, c.evaluations, false); one != want {
			t.Errorf("%T: %d networks, want %d", c.predictor, one, want)
		}
		evaluations := frontConfig(optimize.Defaults(), c.guide).Evaluations
		front := Examined(c.predictor, optimize.Auto, true)
		if want := Examined(c.predictor, evaluations, true); front != want {
			t.Errorf("%T: %d networks for a front, want %d", c.predictor, front, want)
		}
	}
}
