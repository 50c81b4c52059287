package winners

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
)

// TestSearchRefusesStrangers puts together what does not belong together.
func TestSearchRefusesStrangers(t *testing.T) {
	space, other := micro.ParseSpace(t, micro.SpaceYAML), micro.ParseSpace(t, micro.OtherYAML)
	run, d := micro.Train(t, micro.ParseSpace(t, micro.SpaceYAML), 1, 10)
	own := run.State.WeightsSHA256
	strange := strings.Repeat("5", 64)
	for name, c := range map[string]struct {
		accuracy *predictor.Accuracy
		latency  *predictor.Latency
		want     store.StaleError
	}{
		"weights": {micro.Accuracy(t, space, strange), nil, store.StaleError{Role: "weights",
			Want: strange, Got: own}},
		"accuracy": {micro.Accuracy(t, other, own), nil, store.StaleError{Role: "space",
			Want: other.SHA256(), Got: space.SHA256()}},
		"latency": {micro.Accuracy(t, space, own), micro.Latency(t, other),
			store.StaleError{Role: "space", Want: other.SHA256(), Got: space.SHA256()}},
		"no provenance": {unsourced(t, space), nil, store.StaleError{Role: "weights", Got: own}},
	} {
		dir := filepath.Join(t.TempDir(), "winners")
		_, err := Search(context.Background(), Job{Config: optimize.Defaults(), Space: space,
			Run: run, Data: d, Accuracy: c.accuracy, Devices: []Device{{Latency: c.latency}},
			Dir: dir})
		var stale *store.StaleError
		if !errors.As(err, &stale) {
			t.Errorf("%s: %v, want a StaleError", name, err)
			continue
		}
		c.want.File = stale.File
		if *stale != c.want {
			t.Errorf("%s: %+v, want %+v", name, *stale, c.want)
		}
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: the refused search left a folder (%v)", name, err)
		}
	}
}

// unsourced is a predictor that does not say which weights it was fitted to.
func unsourced(t *testing.T, space *supernet.Space) *predictor.Accuracy {
	a := micro.Accuracy(t, space, strings.Repeat("5", 64))
	a.Inputs = nil
	return a
}

// TestSearchFindsTheBest compares with the best of all networks. The invented accuracy rises with
// the MACs.
func TestSearchFindsTheBest(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	accuracy, latency := micro.Accuracy(t, space, strings.Repeat("5", 64)), micro.Latency(t, space)
	_, fastest, _ := latency.Min()
	limits := []search.Limits{{LatencyMS: 1.5 * fastest}, {MACs: micro.MACs(space, space.Min())},
		{Params: 1 << 20, LatencyMS: 1e3}}
	result, err := Search(context.Background(), Job{Config: optimize.Defaults(), Space: space,
		Accuracy: accuracy, Devices: []Device{{Latency: latency}}, Limits: limits,
		Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range result.Winners {
		best := math.Inf(-1)
		for _, a := range micro.AllArchs(space) {
			blocks := space.Blocks(a)
			if ms := micro.NetworkMS(space, a); limits[i].Hold(
				manifest.CostsOf(blocks, ms*(1-1e-9))) {
				top1, err := accuracy.Predict([]supernet.Arch{a})
				if err != nil {
					t.Fatal(err)
				}
				best = max(best, top1[0])
			}
		}
		if w.Predicted.Top1 != best || w.Limits != limits[i] {
			t.Errorf("limits %+v: winner of %+v with top-1 %v, want the best %v", limits[i],
				w.Limits, w.Predicted.Top1, best)
		}
		m, net, err := manifest.Open(w.Manifest)
		if err != nil || net != nil || m.Weights != nil || m.Measured != nil {
			t.Errorf("limits %+v: network %v, weights %v, measured %v (%v), want none without a run", limits[i], net, m.Weights, m.Measured, err)
		}
	}
	if all := len(micro.AllArchs(space)); len(result.Winners) != 3 || result.Evaluations != 3*all {
		t.Errorf("%d winners after %d evaluations, want 3 after looking at all %d networks each time", len(result.Winners), result.Evaluations, all)
	}
}

// TestSearchReplacesItsOwnFolders searches twice into one folder, then into one that holds
// something of somebody's.
func TestSearchReplacesItsOwnFolders(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	j := Job{Config: optimize.Defaults(), Space: space, Accuracy: micro.Accuracy(t, space,
		strings.Repeat("5", 64)), Limits: []search.Limits{{MACs: 1 << 20}}, Top: 2,
		Dir: t.TempDir()}
	for _, seed := range []uint64{1, 2} {
		j.Config.Seed = seed
		result, err := Search(context.Background(), j)
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range []string{"macs-1048576", "macs-1048576-2"} {
			path := filepath.Join(j.Dir, name, "manifest.json")
			m, _, err := manifest.Open(path)
			if err != nil || m.Seed != seed || result.Winners[i].Manifest != path {
				t.Errorf("seed %d: %s has seed %d (%v), the winner is said to be in %s", seed, path,
					m.Seed, err, result.Winners[i].Manifest)
			}
		}
	}
	foreign := filepath.Join(j.Dir, "macs-1048576", "thesis.txt")
	if err := os.WriteFile(foreign, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	j.Config.Seed = 3
	if _, err := Search(context.Background(), j); err == nil || !strings.Contains(err.Error(),
		"--out") {
		t.Errorf("searching into a folder with a foreign file: %v, want a refusal that names --out",
			err)
	}
	text, err := os.ReadFile(foreign)
	if err != nil || string(text) != "mine" {
		t.Errorf("the foreign file holds %q (%v), want it untouched", text, err)
	}
	if m, _, err := manifest.Open(filepath.Join(filepath.Dir(foreign),
		"manifest.json")); err != nil || m.Seed != 2 {
		t.Errorf("the manifest beside the foreign file changed: seed %v (%v)", m.Seed, err)
	}
}

// TestSearchTimesWhatWasProfiled measures latency on the predictor's device and runtime, and on no
// other.
func TestSearchTimesWhatWasProfiled(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	this, err := device.Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	here, native := this.ID, profiles.Native{Threads: 1}
	for _, c := range []struct {
		device, runtime string
		want            bool
	}{{here, native.Info().ID(), true}, {"elsewhere", native.Info().ID(), false},
		{here, "onnxruntime/1.2 threads=1", false}} {
		latency := micro.Latency(t, space)
		latency.Device, latency.Runtime = c.device, c.runtime
		result, err := Search(context.Background(), Job{
			Config: optimize.Defaults(), Space: space, Accuracy: micro.Accuracy(t, space,
				strings.Repeat("5", 64)), Dir: t.TempDir(),
			Devices: []Device{{Latency: latency, Runtime: native}},
			Limits:  []search.Limits{{LatencyMS: 1e6}}, Budget: 100 * time.Millisecond,
		})
		if err != nil {
			t.Fatal(err)
		}
		m := result.Winners[0].Measured
		if !c.want {
			if m != nil {
				t.Errorf("%s, %s: measured %+v, want nothing", c.device, c.runtime, m)
			}
			continue
		}
		if m == nil || !(m.LatencyLowMS > 0 && m.LatencyLowMS <= m.LatencyMS &&
			m.LatencyMS <= m.LatencyHighMS) {
			t.Fatalf("measured %+v, want a latency inside its interval", m)
		}
		if m.Device != here || m.Runtime != c.runtime || m.WithinLimits == nil || !*m.WithinLimits {
			t.Errorf("measured %+v, want this device and runtime, within an hour's limit", m)
		}
	}
}

func TestFolderName(t *testing.T) {
	for _, c := range []struct {
		limits search.Limits
		rank   int
		want   string
	}{
		{search.Limits{}, 0, "best"},
		{search.Limits{}, 1, "best-2"},
		{search.Limits{LatencyMS: 2.5}, 0, "latency-2.5ms"},
		{search.Limits{LatencyMS: 2.5, MACs: 50e6, Params: 2e6}, 2,
			"latency-2.5ms-macs-50000000-params-2000000-3"},
	} {
		got := folderName(c.limits, c.rank)
		if got != c.want || slices.Contains([]rune(got), filepath.Separator) {
			t.Errorf("%+v, rank %d: %s, want %s", c.limits, c.rank, got, c.want)
		}
	}
}
