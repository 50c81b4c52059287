package predictor_test

import (
	"errors"
	"math"
	"testing"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer/prune/budget"
)

// TestPrunedWithinALimit walks from times to a share of zeros for each block: within the limit on
// the device itself, and with less damage than the same share everywhere that is as fast.
func TestPrunedWithinALimit(t *testing.T) {
	s := builtin(t, "ofa-mbv3")
	network := s.Blocks(s.Max())
	p, err := predictor.FitPruned(network, supernet.Vectors16,
		variants(t, network, supernet.Vectors16), nil)
	if err != nil {
		t.Fatal(err)
	}
	// The smallest weights go first: their squares are about the cube of their share.
	damage := func(b supernet.Block) float64 {
		return float64(b.Params()) * math.Pow(
			float64(b.Zeros)/100, 3)
	}
	parts, options := make([][]budget.Option, len(network)), make([][]supernet.Block, len(network))
	for i, b := range network {
		amounts := []int{0}
		for zeros := 5; b.Prunable(supernet.Vectors16) && zeros < 99; zeros += 5 {
			amounts = append(amounts, zeros)
		}
		for _, amount := range amounts {
			v := remove(t, b, supernet.Vectors16, amount)
			ms, err := p.BlockMS(i, v)
			if err != nil {
				t.Fatal(err)
			}
			options[i] = append(options[i], v)
			parts[i] = append(parts[i], budget.Option{Cost: ms, Damage: damage(v)})
		}
	}
	total := func(network []supernet.Block) (ms, harm float64) {
		for _, b := range network {
			ms, harm = ms+skipping(b), harm+damage(b)
		}
		return ms, harm
	}
	for _, uniform := range []int{60, 80, 90} {
		limit, worse := total(prune(t, network, supernet.Vectors16,
			func(supernet.Block) int { return uniform }))
		a, err := budget.Choose(parts, limit-p.Intercept)
		if err != nil {
			t.Fatal(err)
		}
		pruned := make([]supernet.Block, len(network))
		for i, choice := range a.Choice {
			pruned[i] = options[i][choice]
		}
		ms, harm := total(pruned)
		predicted, err := p.Predict(pruned)
		if err != nil || predicted > limit+1e-9 || ms > limit*1.02 || harm > 0.95*worse {
			t.Errorf("limit %g: predicted %g ms, takes %g, damage %g; %d %% everywhere does %g (%v)", limit, predicted, ms, harm, uniform, worse, err)
		}
	}
	_, err = budget.Choose(parts, p.Min()/2)
	var limited *budget.LimitError
	if !errors.As(err, &limited) || limited.Smallest < p.Min()-p.Intercept-1e-9 {
		t.Errorf("half of what can be reached: %v", err)
	}
}
