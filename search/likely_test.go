package search_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/supernet"
)

// mediumSpace has 2 * (9+81)^2 = 16,200 networks.
const mediumSpace = `
tailor: space/1
name: medium
classes: 10
resolutions: [16, 24]
stem: {width: 8, stride: 2, act: h_swish}
stages:
  - {width: 16, stride: 2, act: relu, depth: [1, 2], kernel: [3, 5, 7], expand: [2, 3, 4]}
  - {width: 24, stride: 2, act: relu, depth: [1, 2], kernel: [3, 5, 7], expand: [2, 3, 4]}
head: {expand: 16, act: h_swish}
`

// TestLikelyBoundAgainstAllNetworks searches part of a space for predictors that nothing certain is
// known of: the best of all networks within the limits stays below the likely bound in nearly all
// cases, which may be missed, and never by more than a little.
func TestLikelyBoundAgainstAllNetworks(t *testing.T) {
	space := parseSpace(t, mediumSpace)
	archs := allArchs(space)
	var macs []int64
	for _, a := range archs {
		macs = append(macs, supernet.MACs(space.Blocks(a)))
	}
	slices.Sort(macs)
	const seeds = 20
	held := 0
	for seed := range uint64(seeds) {
		var accuracy search.Predictor = newRugged(space, seed)
		if seed%2 == 0 {
			accuracy = struct{ search.Predictor }{randomAccuracy(t, space,
				rand.New(rand.NewPCG(seed, 9)), 2, true)}
		}
		top1, err := accuracy.Predict(archs)
		if err != nil {
			t.Fatal(err)
		}
		limits := search.Limits{MACs: macs[len(macs)/4*(1+int(seed%3))]}
		best, worst := math.Inf(-1), math.Inf(1)
		for i, a := range archs {
			if supernet.MACs(space.Blocks(a)) <= limits.MACs {
				best, worst = max(best, top1[i]), min(worst, top1[i])
			}
		}
		q := search.Query{Space: space, Accuracy: accuracy, Limits: limits}
		answer, err := search.Find(t.Context(), q, given(seed, 1000))
		if err != nil {
			t.Fatal(err)
		}
		bound, ok, err := answer.LikelyBound()
		if err != nil || !ok || bound < answer.Best[0].Top1 {
			t.Fatalf("seed %d: bound %v (%v, %v), found %v", seed, bound, ok, err,
				answer.Best[0].Top1)
		}
		if bound > best+(best-worst)/2 {
			t.Errorf("seed %d: the bound %v is far above the best of all, %v, where the worst is %v", seed, bound, best, worst)
		}
		if bound >= best {
			held++
		}
	}
	if held < seeds-1 {
		t.Errorf("the likely bound held for %d of %d", held, seeds)
	}
}

// TestLikelyBoundOfAFront: at each of its points, and none where there is no point.
func TestLikelyBoundOfAFront(t *testing.T) {
	space := parseSpace(t, mediumSpace)
	accuracy := newRugged(space, 4)
	archs := allArchs(space)
	top1, err := accuracy.Predict(archs)
	if err != nil {
		t.Fatal(err)
	}
	front, err := search.FindFront(t.Context(), search.Query{Space: space, Accuracy: accuracy},
		search.MACs, given(3, 4000))
	if err != nil {
		t.Fatal(err)
	}
	known, held := 0, 0
	for _, p := range front.Points {
		bound, ok, err := front.LikelyBound(search.Limits{MACs: p.MACs})
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			continue // too few networks are that cheap
		}
		known++
		best := math.Inf(-1)
		for i, a := range archs {
			if supernet.MACs(space.Blocks(a)) <= p.MACs {
				best = max(best, top1[i])
			}
		}
		if bound < p.Top1 {
			t.Errorf("%d MACs: bound %v of what was found at %v", p.MACs, bound, p.Top1)
		}
		if bound >= best {
			held++
		}
	}
	if known < len(front.Points)/2 || held < known*9/10 {
		t.Errorf("%d points, bounds for %d, of which %d held", len(front.Points), known, held)
	}
	if bound, ok, err := front.LikelyBound(search.Limits{MACs: front.Points[0].MACs - 1}); ok ||
		err != nil {
		t.Errorf("bound %v (%v) below the front", bound, err)
	}
}

// TestLikelyBoundSaysWhenThereIsNone: few evaluations, a latency that is not additive.
func TestLikelyBoundSaysWhenThereIsNone(t *testing.T) {
	space := parseSpace(t, mediumSpace)
	accuracy := newRugged(space, 1)
	l := latencyOf(t, space, rand.New(rand.NewPCG(1, 8)))
	opaque := struct{ search.CostPredictor }{l}
	for name, test := range map[string]struct {
		latency     search.CostPredictor
		evaluations int
	}{"few evaluations": {l, 50}, "opaque latency": {opaque, 1000}} {
		q := search.Query{Space: space, Accuracy: accuracy, Latency: test.latency,
			Limits: search.Limits{LatencyMS: 100}, Resolutions: []int{16}}
		answer, err := search.Find(t.Context(), q, given(0, test.evaluations))
		if err != nil {
			t.Fatal(err)
		}
		if bound, ok, err := answer.LikelyBound(); ok || err != nil {
			t.Errorf("%s: bound %v (%v), want none", name, bound, err)
		}
	}
	if bound, ok, err := new(search.Answer).LikelyBound(); ok || err != nil {
		t.Errorf("no answer: bound %v (%v)", bound, err)
	}
	if bound, ok, err := new(search.Front).LikelyBound(search.Limits{}); ok || err != nil {
		t.Errorf("no front: bound %v (%v)", bound, err)
	}
}
