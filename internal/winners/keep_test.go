package winners

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
)

// slower is a clock by which every network takes up to a fifth more than predicted, each by a share
// of its own, which follows from its MACs.
func slower(space *supernet.Space) stopwatch {
	return func(_ context.Context, _ *Device, archs []supernet.Arch) ([]float64, error) {
		ms := make([]float64, len(archs))
		for i, a := range archs {
			ms[i] = micro.NetworkMS(space, a) * (1 + float64(micro.MACs(space, a)%7)/30)
		}
		return ms, nil
	}
}

// TestBudgetsAreKept times winners by a clock that the predictor knows nothing of: they must be
// within their budgets by it, and no network that is 35 % faster than the budget may be better.
func TestBudgetsAreKept(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	accuracy, latency := micro.Accuracy(t, space, strings.Repeat("5", 64)), micro.Latency(t, space)
	_, fastest, err := latency.Min()
	if err != nil {
		t.Fatal(err)
	}
	j := Job{Config: optimize.Defaults(), Space: space, Accuracy: accuracy, Top: 2,
		Devices: []Device{{Latency: latency}}}
	for _, factor := range []float64{1.3, 1.5, 2, 3} {
		j.Limits = append(j.Limits, search.Limits{LatencyMS: factor * fastest})
	}
	picks, _, result, err := j.find(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := j.keep(context.Background(), picks, result, slower(space)); err != nil {
		t.Fatal(err)
	}
	for _, p := range picks {
		var archs []supernet.Arch
		for _, f := range p.best {
			archs = append(archs, f.Arch)
		}
		times, _ := slower(space)(context.Background(), nil, archs)
		for i, ms := range times {
			if ms > p.limits.LatencyMS {
				t.Errorf("budget %v ms: winner %d takes %v ms", p.limits.LatencyMS, i+1, ms)
			}
		}
		best := math.Inf(-1)
		for _, a := range micro.AllArchs(space) {
			if micro.NetworkMS(space, a) <= p.limits.LatencyMS/1.35 {
				top1, err := accuracy.Predict([]supernet.Arch{a})
				if err != nil {
					t.Fatal(err)
				}
				best = max(best, top1[0])
			}
		}
		if p.best[0].Top1 < best {
			t.Errorf("budget %v ms: top-1 %v, but %v is to be had well within it",
				p.limits.LatencyMS, p.best[0].Top1, best)
		}
		if p.exact || p.bound < p.best[0].Top1 {
			t.Errorf("budget %v ms: exact %v, bound %v of %v; want the best by prediction as bound",
				p.limits.LatencyMS, p.exact, p.bound, p.best[0].Top1)
		}
	}
}

// TestBudgetsThatNothingMeets leaves winners as they were found where nothing is faster.
func TestBudgetsThatNothingMeets(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	latency := micro.Latency(t, space)
	_, fastest, err := latency.Min()
	if err != nil {
		t.Fatal(err)
	}
	j := Job{Config: optimize.Defaults(), Space: space, Top: 1,
		Accuracy: micro.Accuracy(t, space, strings.Repeat("5", 64)),
		Devices:  []Device{{Latency: latency}},
		Limits:   []search.Limits{{LatencyMS: 1.0001 * fastest}}}
	picks, _, result, err := j.find(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	found := picks[0].best[0]
	twice := func(_ context.Context, _ *Device, archs []supernet.Arch) ([]float64, error) {
		return []float64{2 * micro.NetworkMS(space, archs[0])}, nil
	}
	if err := j.keep(context.Background(), picks, result, twice); err != nil {
		t.Fatal(err)
	}
	if picks[0].best[0] != found {
		t.Errorf("the winner became %+v, want %+v as it was", picks[0].best[0], found)
	}
}
