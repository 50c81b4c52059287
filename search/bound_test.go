package search_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

// tinySpaces have few enough networks to look at all: 480, and 2 * 12 where the depth decides the
// width.
var tinySpaces = []string{smallSpace, `
tailor: space/1
name: coupled
classes: 4
resolutions: [16, 20]
stem: {width: 8, stride: 2, act: relu}
stages:
  - {width: 8, stride: 2, act: relu, depth: [1, 2], kernel: [3, 5], expand_by_depth: {1: 2, 2: 3}}
  - {width: 8, stride: 1, act: relu, depth: [1], kernel: [3], expand: [1]}
  - {width: 16, stride: 2, act: relu, depth: [1, 3], kernel: [3], expand: [3]}
head: {act: relu}
`}

// randomAccuracy is a predictor whose weights are drawn, with or without networks, and with or
// without a say of the costs.
func randomAccuracy(t *testing.T, space *supernet.Space, r *rand.Rand, networks int,
	costs bool) *predictor.Accuracy {
	t.Helper()
	var samples []predictor.Sample
	for range 30 {
		samples = append(samples, predictor.Sample{Arch: space.Spec(space.Random(r)),
			Value: r.Float64()})
	}
	quick := regress.Defaults()
	quick.Epochs, quick.Members, quick.Folds, quick.Hidden = 1, 1, 2, []int{2}
	a, err := predictor.FitAccuracy(t.Context(), space, samples, quick)
	if err != nil {
		t.Fatal(err)
	}
	features := len(a.Model.Linear)
	for i := range a.Model.Linear {
		a.Model.Linear[i] = float32(r.NormFloat64() / 10)
		if i >= features-6 && !costs {
			a.Model.Linear[i] = 0
		}
	}
	a.Model.Networks = nil
	for range networks {
		sizes := []int{features, 1 + r.IntN(12), 1 + r.IntN(12), 1}
		n := regress.MLP{Sizes: sizes}
		for l, units := range sizes[1:] {
			for range (sizes[l] + 1) * units {
				n.Weights = append(n.Weights, float32(r.NormFloat64()/math.Sqrt(float64(sizes[l]))))
			}
		}
		a.Model.Networks = append(a.Model.Networks, n)
	}
	return a
}

// latencyOf is a latency predictor with drawn times of blocks, some of which are not known.
func latencyOf(t *testing.T, space *supernet.Space, r *rand.Rand) *predictor.Latency {
	t.Helper()
	var blocks []predictor.BlockTime
	for i, res := range space.Resolutions {
		for _, b := range space.AllBlocks(res) {
			if i == 1 && b.Kernel == 5 && r.IntN(4) == 0 {
				continue
			}
			blocks = append(blocks, predictor.BlockTime{Block: b, MS: 0.05 + r.Float64()})
		}
	}
	l, err := predictor.FitLatency(space, blocks, nil, regress.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestBoundAgainstAllNetworks draws models, budgets and steps: the bound is never below the best of
// all networks, with steps enough it is that, and more steps never make it worse.
func TestBoundAgainstAllNetworks(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 4))
		space := parseSpace(t, tinySpaces[seed%2])
		a := randomAccuracy(t, space, r, int(seed/2%3), seed%5 > 0)
		l := latencyOf(t, space, r)
		q := search.Query{Space: space, Accuracy: a, Latency: l}
		archs := allArchs(space)
		_, fastest, _ := l.Min()
		blocks := space.Blocks(archs[r.IntN(len(archs))])
		q.Limits.LatencyMS = fastest * (1 + r.Float64())
		if seed%3 == 0 {
			q.Limits = search.Limits{MACs: supernet.MACs(blocks),
				Params: supernet.Params(space.Blocks(archs[len(archs)-1]))}
		}
		best := math.Inf(-1)
		for _, x := range archs {
			ms, err := l.Predict([]supernet.Arch{x})
			if err != nil {
				if q.Limits.LatencyMS > 0 {
					continue // of unknown latency: no answer either
				}
				ms = []float64{0}
			}
			top1, err := a.Predict([]supernet.Arch{x})
			if err != nil {
				t.Fatal(err)
			}
			if q.Limits.Hold(manifest.CostsOf(space.Blocks(x), ms[0])) {
				best = max(best, top1[0])
			}
		}
		if q.Limits.LatencyMS == 0 {
			q.Latency = nil
		}
		last := math.Inf(1)
		for _, steps := range []int{2, 20, 100_000} {
			bound, ok, err := search.Bound(t.Context(), q, best-0.01, steps)
			if err != nil || !ok {
				t.Fatalf("seed %d: no bound (%v)", seed, err)
			}
			if bound < best || bound > last {
				t.Errorf("seed %d: the bound of %d steps is %v, with fewer %v; the best is %v",
					seed, steps, bound, last, best)
			}
			last = bound
		}
		if last > best+1e-12 {
			t.Errorf("seed %d: the bound of all steps is %v, the best %v", seed, last, best)
		}
	}
}

// TestBoundOfLinearModels: without a budget the first bound is exact but for rounding; with one, a
// region of several networks is relaxed, and the bound is between the optimum and what the
// relaxation of one knapsack may add.
func TestBoundOfLinearModels(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 8))
		space := parseSpace(t, smallSpace)
		a := randomAccuracy(t, space, r, 0, false)
		best := math.Inf(-1)
		for _, x := range allArchs(space) {
			top1, _ := a.Predict([]supernet.Arch{x})
			best = max(best, top1[0])
		}
		bound, ok, err := search.Bound(t.Context(), search.Query{Space: space, Accuracy: a},
			math.Inf(-1), len(space.Resolutions))
		if err != nil || !ok || bound < best || bound > best+1e-4 {
			t.Errorf("seed %d: bound %v of a linear model whose best is %v (%v)", seed, bound, best,
				err)
		}
	}
}

// TestBoundSaysWhenThereIsNone: no predictor that could be bounded, a latency that is not additive,
// too few steps, the end of the context.
func TestBoundSaysWhenThereIsNone(t *testing.T) {
	space := parseSpace(t, smallSpace)
	r := rand.New(rand.NewPCG(1, 8))
	a := randomAccuracy(t, space, r, 1, true)
	opaque := struct{ search.CostPredictor }{latencyOf(t, space, r)}
	for name, q := range map[string]search.Query{
		"accuracy": {Space: space, Accuracy: newRugged(space, 1)},
		"latency": {Space: space, Accuracy: a, Latency: opaque,
			Limits: search.Limits{LatencyMS: 100}},
	} {
		if bound, ok, err := search.Bound(t.Context(), q, 0, 1000); ok || err != nil {
			t.Errorf("%s: bound %v (%v), want none", name, bound, err)
		}
	}
	q := search.Query{Space: space, Accuracy: a}
	for _, steps := range []int{-1, 0, 1} {
		if bound, ok, err := search.Bound(t.Context(), q, 0, steps); ok || err != nil {
			t.Errorf("%d steps for two resolutions: bound %v (%v), want none", steps, bound, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := search.Bound(ctx, q, -100, 1000); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if steps := search.BoundSteps(q); steps < 2 {
		t.Errorf("%d steps by default for a model of a few units", steps)
	}
	a.Model.Networks = []regress.MLP{{Sizes: []int{100, 4000, 4000, 1}}}
	if steps := search.BoundSteps(q); steps != 0 {
		t.Errorf("%d steps by default for a model of 4000 units", steps)
	}
}
