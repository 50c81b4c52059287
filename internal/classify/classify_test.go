package classify_test

import (
	"math"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/classify"
	"github.com/tailor-nas/tailor/search/manifest"
)

// TestRank: probabilities are known of logits that are logarithms, and equal ones keep their order.
func TestRank(t *testing.T) {
	log := func(x float64) float32 { return float32(math.Log(x)) }
	got, err := classify.Rank([]float32{log(2), log(5), log(2), log(1)})
	if err != nil {
		t.Fatal(err)
	}
	var order []int
	for _, r := range got {
		order = append(order, r.Index)
	}
	if got[0].Logit != log(5) || got[3].Logit != log(1) {
		t.Errorf("the logits are %+v", got)
	}
	if !slices.Equal(order, []int{1, 0, 2, 3}) || math.Abs(got[0].Probability-.5) > 1e-6 ||
		math.Abs(got[3].Probability-.1) > 1e-6 {
		t.Errorf("%+v", got)
	}
	nan := float32(math.NaN())
	for _, logits := range [][]float32{{nan, 1}, {1, nan}, {float32(math.Inf(1)), 1}} {
		if got, err := classify.Rank(logits); err == nil {
			t.Errorf("%v gives %+v", logits, got)
		}
	}
}

// TestPreparerRefuses: what has no weights cannot classify.
func TestPreparerRefuses(t *testing.T) {
	if _, err := classify.Preparer(&manifest.Manifest{}, nil); err == nil {
		t.Error("a manifest without weights is taken")
	}
}
