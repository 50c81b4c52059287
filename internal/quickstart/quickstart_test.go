package quickstart

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/internal/pipeline"
	"github.com/tailor-nas/tailor/internal/winners"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
)

func TestThreeBudgetsAreOrderedAndFeasible(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	p, path := micro.Profile(t, space)
	latency, err := pipeline.FitLatency(space, p, path)
	if err != nil {
		t.Fatal(err)
	}
	limits, err := threeBudgets(latency, space)
	if err != nil {
		t.Fatal(err)
	}
	fastest, largest := math.Inf(1), micro.NetworkMS(space, space.Max())
	for _, a := range micro.AllArchs(space) {
		fastest = min(fastest, micro.NetworkMS(space, a))
	}
	if len(limits) != 3 {
		t.Fatalf("%d budgets, want 3", len(limits))
	}
	for i, l := range limits {
		if l.LatencyMS <= fastest || i > 0 && l.LatencyMS <= limits[i-1].LatencyMS || l.MACs != 0 ||
			l.Params != 0 {
			t.Errorf("budget %d is %+v after %+v, want a latency above that and above the fastest network's %v ms", i, l, limits[max(i-1, 0)], fastest)
		}
	}
	if loosest := limits[2].LatencyMS; loosest < largest || loosest > 1.01*largest {
		t.Errorf("the loosest budget is %v ms, want that of the largest network, %v, rounded up to three digits", loosest, largest)
	}
}

func TestSummaryIsOneObject(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "summary.json")
	winner := winners.Winner{Limits: search.Limits{LatencyMS: 2}, MACs: 3, Params: 4,
		Predicted: manifest.Predicted{Top1: 0.5}, Manifest: "m"}
	s := &Summary{Run: "r", HeldOut: map[string]HeldOut{"accuracy": {Samples: 7}},
		Result: &winners.Result{Evaluations: 9, Winners: []winners.Winner{winner}}}
	if err := writeSummary(path, s); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Run         string
		Evaluations int
		HeldOut     map[string]struct{ Samples int }
		Winners     []struct {
			Params    int
			Predicted struct{ Top1 float64 }
		}
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Run != "r" || got.Evaluations != 9 || got.HeldOut["accuracy"].Samples != 7 ||
		len(got.Winners) != 1 || got.Winners[0].Params != 4 ||
		got.Winners[0].Predicted.Top1 != 0.5 {
		t.Errorf("summary.json holds %s", text)
	}
}
