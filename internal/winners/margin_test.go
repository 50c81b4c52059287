package winners

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/internal/simulated"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// TestConfidenceKeepsBudgets searches on invented devices with predictors that were fitted to 30
// networks of each, and asks the devices themselves: of winners as predicted about half are over
// their budget, of those with a confidence of 0.9 about a tenth. More devices and spaces are in
// docs/results/search.md.
func TestConfidenceKeepsBudgets(t *testing.T) {
	space, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		t.Fatal(err)
	}
	const devices = 25
	const budgets = 4
	var kept [2]int
	for seed := range uint64(devices) {
		truth, accuracy := simulated.NewDevice(seed), simulated.NewAccuracy(space, seed)
		d := Device{Latency: fitted(t, space, truth, 30, seed)}
		j := Job{Space: space, Confidence: 0.9, Config: optimize.Defaults(), Devices: []Device{d}}
		j.Config.Evaluations, j.Config.Seed = 1500, seed
		if err := j.setMargins(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, low, _ := d.Latency.Min()
		high, _ := d.Latency.Predict([]supernet.Arch{space.Max()})
		for i := range budgets {
			share := float64(i+1) / (budgets + 1)
			limits := search.Limits{LatencyMS: low * math.Pow(high[0]/low, share) * 1.1}
			for k, device := range []Device{d, j.Devices[0]} {
				a, err := search.Find(t.Context(), search.Query{Space: space, Accuracy: accuracy,
					Latency: d.Latency, Limits: device.judged(limits)}, j.Config)
				if err != nil {
					t.Fatal(err)
				}
				if truth.NetworkMS(space.Blocks(a.Best[0].Arch)) <= limits.LatencyMS {
					kept[k]++
				}
			}
		}
	}
	t.Logf("of %d winners, %d keep their budget as predicted, %d with confidence",
		devices*budgets, kept[0], kept[1])
	if kept[0] > 70 || kept[1] < 85 || kept[1] > 95 {
		t.Errorf("%d and %d of %d winners keep their budget, expected at most 70 as predicted, and "+
			"85 to 95 with a confidence of 0.9", kept[0], kept[1], devices*budgets)
	}
}

// fitted is a predictor of a device, fitted to some of its networks.
func fitted(t *testing.T, space *supernet.Space, d *simulated.Device, n int,
	seed uint64) *predictor.Latency {
	t.Helper()
	var networks []predictor.NetworkTime
	for _, a := range choices.Sample(space, n, seed) {
		networks = append(networks,
			predictor.NetworkTime{Arch: a, MS: d.NetworkMS(space.Blocks(a))})
	}
	l, err := predictor.FitLatency(space, nil, networks, regress.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestConfidenceInWinners asks for networks with a confidence: what they may take at most is within
// the limit, the error about a limit that is out of reach speaks of the same, and a device whose
// predictor has no known error is taken as predicted.
func TestConfidenceInWinners(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	l := fitted(t, space, simulated.NewDevice(3), 20, 3)
	micro.Save(t, "latency.json", l.Save)
	_, low, _ := l.Min()
	job := func(ms float64) Job {
		return Job{Space: space, Accuracy: micro.Accuracy(t, space, strings.Repeat("5", 64)), Dir: t.TempDir(),
			Devices: []Device{{Latency: l}}, Limits: []search.Limits{{LatencyMS: ms}},
			Confidence: 0.9, Config: optimize.Defaults()}
	}
	result, err := Search(t.Context(), job(2*low))
	if err != nil {
		t.Fatal(err)
	}
	p := result.Winners[0].Predicted
	if !(p.LatencyHighMS > p.LatencyMS && p.LatencyHighMS <= 2*low) || p.Confidence != 0.9 {
		t.Errorf("within %g ms: %+v", 2*low, p)
	}
	_, err = Search(t.Context(), job(low))
	var out *search.UnreachableError
	if !errors.As(err, &out) || out.Asked != round(low) || !(out.Smallest > low) ||
		out.Confidence != 0.9 {
		t.Fatalf("the fastest network as predicted: %v (%+v)", err, out)
	}
	if _, err := Search(t.Context(), job(out.Smallest*(1+1e-9))); err != nil {
		t.Errorf("what is said to be reachable: %v", err)
	}
	exact := job(low * (1 + 1e-9))
	exact.Confidence = 0
	if result, err = Search(t.Context(), exact); err != nil ||
		result.Winners[0].Predicted.LatencyHighMS != 0 {
		t.Errorf("as predicted: %v", err)
	}
}
