package findings_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/findings"
	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/internal/page"
	"github.com/tailor-nas/tailor/internal/pipeline"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/internal/winners"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
)

// walked is a folder with all that a walk leaves: a run, a profile, predictors, winners.
type walked struct {
	dir     string
	space   *supernet.Space
	latency *predictor.Latency
	result  *winners.Result
}

func walk(t *testing.T) walked {
	t.Helper()
	w := walked{dir: t.TempDir()}
	run, d := micro.Train(t, micro.ParseSpace(t, micro.SpaceYAML), 1, 30)
	w.space = run.Info.Space
	accuracy, err := pipeline.FitAccuracy(t.Context(), pipeline.AccuracyJob{Run: run, Data: d,
		Samples: 20, All: true, Calibration: 16, Fit: micro.QuickFit(), Workers: 1, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	if err := accuracy.Save(w.path("accuracy.json")); err != nil {
		t.Fatal(err)
	}
	profile, _ := micro.Profile(t, w.space)
	if err := profile.Save(w.path("profile.json")); err != nil {
		t.Fatal(err)
	}
	if w.latency, err = pipeline.FitLatency(w.space, profile, w.path("profile.json")); err != nil {
		t.Fatal(err)
	}
	if err := w.latency.Save(w.path("latency.json")); err != nil {
		t.Fatal(err)
	}
	_, fastest, _ := w.latency.Min()
	w.result, err = winners.Search(t.Context(), winners.Job{Config: optimize.Defaults(),
		Space: w.space, Run: run, Data: d, Verify: true, Accuracy: accuracy, Dir: w.path("winners"),
		Devices: []winners.Device{{Latency: w.latency}},
		Limits: []search.Limits{{LatencyMS: rounded(1.2 * fastest)},
			{LatencyMS: rounded(2 * fastest)}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(run.Dir, w.path("run")); err != nil {
		t.Fatal(err)
	}
	return w
}

// rounded is a budget as somebody would give it.
func rounded(ms float64) float64 { return math.Round(1e4*ms) / 1e4 }

func (w walked) path(name string) string { return filepath.Join(w.dir, name) }

func gather(t *testing.T, paths ...string) *page.View {
	t.Helper()
	v, err := findings.Gather(t.Context(), findings.Query{Paths: paths, Page: paths[0]})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestWalk looks at all that a walk leaves.
func TestWalk(t *testing.T) {
	w := walk(t)
	t.Run("gather", func(t *testing.T) { testGather(t, w) })
	t.Run("parts", func(t *testing.T) { testParts(t, w) })
	t.Run("held out", func(t *testing.T) { testHeldOut(t, w) })
	t.Run("damaged", func(t *testing.T) { testDamaged(t, w) })
}

// testGather compares what is gathered with the documents, and wants nothing of these changed.
func testGather(t *testing.T, w walked) {
	t.Helper()
	before := hashes(t, w.dir)
	v := gather(t, w.dir)
	if after := hashes(t, w.dir); after != before {
		t.Errorf("gathering changed files: %s", after)
	}
	if len(v.Tradeoffs) != 1 || len(v.Tradeoffs[0].Series) != 1 || len(v.Notes) != 0 {
		t.Fatalf("%d charts, notes %q; want one of one series", len(v.Tradeoffs), v.Notes)
	}
	s := v.Tradeoffs[0].Series[0]
	checkWinners(t, w, s)
	checkOthers(t, w, s)
	checkCommands(t, v)
	if len(v.Trainings) != 1 || len(v.Trainings[0].Panels) != 2 || len(v.Devices) != 1 ||
		len(v.Predictors) != 2 || len(v.Sources) != 6 || len(v.Times) != 1 {
		t.Errorf("%d trainings, %d devices, %d predictors, %d files, %d charts of time; want 1, 1, 2, 6, 1",
			len(v.Trainings), len(v.Devices), len(v.Predictors), len(v.Sources), len(v.Times))
	}
}

// checkWinners wants each manifest's figures, and times of blocks that add up to its latency.
func checkWinners(t *testing.T, w walked, s page.Series) {
	t.Helper()
	byName := map[string]page.Network{}
	for _, n := range s.Networks {
		if n.Kind == page.Winner {
			byName[n.Name] = n
		}
	}
	if len(byName) != len(w.result.Winners) {
		t.Errorf("%d winners, want %d", len(byName), len(w.result.Winners))
	}
	for _, x := range w.result.Winners {
		m, err := manifest.Read(x.Manifest)
		if err != nil {
			t.Fatal(err)
		}
		n := byName[filepath.Base(filepath.Dir(x.Manifest))]
		if n.MACs != m.MACs || n.Predicted.Top1.Value != m.Predicted.Top1 ||
			n.Predicted.Cost.Value != m.Predicted.LatencyMS ||
			n.Measured.Top1.Value != m.Measured.Top1 || n.Budget != m.Limits.LatencyMS {
			t.Errorf("%s is %+v, want what its manifest has", x.Manifest, n)
		}
		sum := w.latency.Intercept
		for i, b := range n.Blocks {
			sum += b.MS
			if b.Name != m.Blocks[i].Name || b.MACs != m.Blocks[i].MACs() {
				t.Errorf("block %d of %s is %+v", i, x.Manifest, b)
			}
		}
		if math.Abs(sum/m.Predicted.LatencyMS-1) > 1e-9 {
			t.Errorf("blocks of %s take %v ms, want %v", x.Manifest, sum, m.Predicted.LatencyMS)
		}
		rel, _ := filepath.Rel(w.dir, x.Manifest)
		if n.Files[0].Href != "./"+filepath.ToSlash(rel) {
			t.Errorf("%s leads to %q", x.Manifest, n.Files[0].Href)
		}
	}
}

// checkOthers wants the networks that were measured among the others.
func checkOthers(t *testing.T, w walked, s page.Series) {
	t.Helper()
	count := map[page.Kind]int{}
	for _, n := range s.Networks {
		count[n.Kind]++
	}
	if all := len(micro.AllArchs(w.space)); count[page.Tested] != 20 ||
		count[page.Tested]+count[page.Timed]+count[page.Predicted] != all {
		t.Errorf("%v networks of each kind, want 20 tested, %d in all", count, all)
	}
	for i := 1; i < len(s.Front); i++ {
		if s.Front[i].X <= s.Front[i-1].X || s.Front[i].Y <= s.Front[i-1].Y {
			t.Errorf("the front does not rise: %v", s.Front)
		}
	}
}

// checkCommands wants one for each step, that a shell takes as it is meant.
func checkCommands(t *testing.T, v *page.View) {
	t.Helper()
	var all []string
	for _, c := range v.Commands {
		words := strings.Fields(c.Line)
		all = append(all, strings.Join(words[1:min(3, len(words))], " "))
	}
	got := strings.Join(all, "; ")
	want := "train --space; profile --space; fit latency; fit accuracy; search --run; search --run"
	if got != want {
		t.Errorf("commands %s, want %s", got, want)
	}
}

// hashes tells whether anything in a folder changed.
func hashes(t *testing.T, dir string) string {
	t.Helper()
	h := sha256.New()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			h.Write([]byte(path))
			return err
		}
		sum, err := store.HashFile(path)
		h.Write([]byte(path + sum))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// testParts: a page of any part of a walk is one, of what is there.
func testParts(t *testing.T, w walked) {
	t.Helper()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(w.dir, link); err != nil {
		t.Skip(err)
	}
	for _, c := range []struct {
		paths            []string
		charts, networks bool
	}{
		{[]string{w.path("run")}, true, true},
		{[]string{w.path("winners")}, true, true},
		{[]string{w.path("profile.json")}, false, false},
		{[]string{w.path("run"), w.path("accuracy.json")}, true, true},
		{[]string{w.path("run"), w.path("latency.json")}, true, true},
		{[]string{w.dir, w.path("run"), w.path("winners")}, true, true},
		{[]string{link}, true, true},
	} {
		v := gather(t, c.paths...)
		if networks, _ := v.Count(); (len(v.Tradeoffs) > 0) != c.charts ||
			(networks > 0) != c.networks {
			t.Errorf("%v: %d charts of %d networks", c.paths, len(v.Tradeoffs), networks)
		}
		if err := page.Write(discard{}, v); err != nil {
			t.Errorf("%v: %v", c.paths, err)
		}
	}
	// A predictor whose space nobody has is noted.
	v := gather(t, w.path("profile.json"), w.path("accuracy.json"))
	if len(v.Notes) != 1 || !strings.Contains(v.Notes[0], "name the run's folder") {
		t.Errorf("notes %q, want one about the space", v.Notes)
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// testDamaged: what cannot be read is noted, whatever is wrong with it.
func testDamaged(t *testing.T, w walked) {
	t.Helper()
	for _, name := range []string{"accuracy.json", "latency.json", "profile.json", "run/run.json",
		"run/metrics.jsonl", "run/measurements.sqlite"} {
		text, err := os.ReadFile(w.path(name))
		if err != nil {
			t.Fatal(err)
		}
		for _, damage := range [][]byte{text[:len(text)/2], append([]byte("{\n"), text...)} {
			if err := os.WriteFile(w.path(name), damage, 0o644); err != nil {
				t.Fatal(err)
			}
			v, err := findings.Gather(t.Context(), findings.Query{Paths: []string{w.dir},
				Quick: true})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if err := page.Write(discard{}, v); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := os.WriteFile(w.path(name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNothing: folders without anything of tailor's, and those that are missing, are errors that
// say so.
func TestNothing(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "other.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := findings.Gather(t.Context(), findings.Query{Paths: []string{dir}})
	if !errors.Is(err, findings.ErrNothing) || !strings.Contains(err.Error(), dir) {
		t.Errorf("an empty folder gives %v", err)
	}
	_, err = findings.Gather(t.Context(), findings.Query{Paths: []string{dir + "/none"}})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing folder gives %v", err)
	}
}

// testHeldOut: the scatter of a predictor shows networks that were held out, with the error that
// the predictor states.
func testHeldOut(t *testing.T, w walked) {
	t.Helper()
	v := gather(t, w.dir)
	for _, p := range v.Predictors {
		if len(p.Panels) == 0 || p.Panels[0].Dots[0].Name != "networks that were held out" {
			t.Errorf("%s shows %+v", p.Title, p.Panels)
		}
	}
}
