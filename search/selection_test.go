package search

import (
	"math"
	"testing"
)

// TestMargin compares with figures worked out by hand: the quantile 0.9 of Student's distribution
// is 1.3125 for 28 degrees of freedom (its table), and 2 ln 60000 is 22.0042.
func TestMargin(t *testing.T) {
	s := Selection{Genes: 46, Examined: 60000, Networks: 30, MAPE: 0.01}
	got, ok := s.Margin(0.9)
	want := 1.3125 * 0.01 * 1.25331 * math.Sqrt(1+1.0/30+22.0042/30+22.0042/46)
	if !ok || math.Abs(got/want-1) > 1e-4 {
		t.Errorf("the margin is %g, %v, want %g", got, ok, want)
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
	for _, unknown := range []Selection{{}, {Networks: 2, MAPE: 0.01}, {Networks: 30}} {
		if m, ok := unknown.Margin(0.9); ok || m != 0 {
			t.Errorf("%+v has a margin of %g", unknown, m)
		}
	}
}
