package winners

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/internal/report"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// TestFrontRefusesTop: a front has one winner for each of the limits.
func TestFrontRefusesTop(t *testing.T) {
	space, dir := micro.ParseSpace(t, micro.SpaceYAML), filepath.Join(t.TempDir(), "none")
	_, err := Search(context.Background(), Job{Config: optimize.Defaults(), Space: space,
		Accuracy: micro.Accuracy(t, space, strings.Repeat("5", 64)),
		Pareto:   true, Top: 2, Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "leave Top 0") {
		t.Errorf("2 winners for each of a front's limits give %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a refused search left a folder: %v", err)
	}
}

// TestFrontOfDevices finds the fronts of two devices, one of them twice as slow, in one run, and
// compares with all networks.
func TestFrontOfDevices(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	accuracy := micro.Accuracy(t, space, strings.Repeat("5", 64))
	fast, slow := micro.Latency(t, space), micro.Latency(t, space)
	slow.Slope *= 2
	slow.Device = "slow"
	result, err := Search(context.Background(), Job{
		Config: optimize.Defaults(), Space: space, Accuracy: accuracy,
		Devices: []Device{{Name: "fast", Latency: fast}, {Name: "slow", Latency: slow}},
		Pareto:  true, Points: 3, Dir: t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Winners) != 6 || len(result.Fronts) != 2 || result.Evaluations != 80 {
		t.Fatalf("%d winners on %d fronts after %d evaluations, want 3 on each of 2 after looking at all 40 twice", len(result.Winners), len(result.Fronts), result.Evaluations)
	}
	for i, f := range result.Fronts {
		d := &search.FrontDocument{}
		if err := store.ReadDocument(f.Path, search.FrontKind, 3, d); err != nil {
			t.Fatal(err)
		}
		if !d.Exact || d.Cost != search.Latency || d.SpaceSHA256 != space.SHA256() ||
			d.Inputs["accuracy"].SHA256 != accuracy.SHA256 || len(d.Points) != f.Points {
			t.Errorf("%s: %+v", f.Path, d)
		}
		for _, a := range micro.AllArchs(space) {
			top1, _ := accuracy.Predict([]supernet.Arch{a})
			ms := micro.NetworkMS(space, a) * float64(i+1)
			best := d.Points[0]
			for _, p := range d.Points {
				if p.LatencyMS <= ms*(1+1e-9) {
					best = p
				}
			}
			if best.Top1 < top1[0] {
				t.Errorf("%s has %v at %v ms, but a network reaches %v", f.Device, best.Top1, ms,
					top1[0])
			}
		}
		winner := result.Winners[3*i+2]
		last := d.Points[len(d.Points)-1]
		if winner.Device != f.Device || winner.Predicted.Top1 != last.Top1 ||
			winner.Predicted.LatencyMS != last.LatencyMS || !winner.Predicted.Exact {
			t.Errorf("the last winner %+v is not the end of the front, %+v", winner, last)
		}
		m, _, err := manifest.Open(winner.Manifest)
		if err != nil || m.Predicted.LatencyDevice != d.LatencyDevice {
			t.Errorf("%s: device %q (%v)", winner.Manifest, m.Predicted.LatencyDevice, err)
		}
	}
}

// TestFrontAtBudgets takes the front's best for each of several limits; they are those of a search
// for each.
func TestFrontAtBudgets(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	latency := micro.Latency(t, space)
	_, fastest, _ := latency.Min()
	j := Job{
		Config: optimize.Defaults(), Space: space, Accuracy: micro.Accuracy(t, space,
			strings.Repeat("5", 64)), Devices: []Device{{Latency: latency}},
		Limits: []search.Limits{{LatencyMS: fastest * 1.3}, {LatencyMS: fastest * 2},
			{LatencyMS: fastest}}, Dir: t.TempDir(),
	}
	each, err := Search(context.Background(), j)
	if err != nil {
		t.Fatal(err)
	}
	j.Pareto = true
	j.Dir = t.TempDir()
	front, err := Search(context.Background(), j)
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range front.Winners {
		e := each.Winners[i]
		if w.Predicted.Top1 != e.Predicted.Top1 || w.Limits != e.Limits ||
			filepath.Base(filepath.Dir(w.Manifest)) != filepath.Base(filepath.Dir(e.Manifest)) {
			t.Errorf("front: %+v\nsearch: %+v", w, e)
		}
	}
	j.Limits = append(j.Limits, search.Limits{LatencyMS: fastest * 0.99})
	var unreachable *search.UnreachableError
	more, err := Search(context.Background(), j)
	if err != nil || len(more.Winners) != len(front.Winners) || len(more.Unreachable) != 1 ||
		!errors.As(more.Unreachable[0].Err, &unreachable) {
		t.Errorf("one budget of several out of reach: %+v, %v", more, err)
	}
	j.Limits = j.Limits[len(j.Limits)-1:]
	if _, err := Search(context.Background(), j); !errors.As(err, &unreachable) {
		t.Errorf("the only budget out of reach: %v", err)
	}
}

// TestFrontIsDrawn beside its document, with all devices in one picture where that is asked for.
func TestFrontIsDrawn(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	j := Job{
		Config: optimize.Defaults(), Space: space, Accuracy: micro.Accuracy(t, space,
			strings.Repeat("5", 64)), Pareto: true, Points: 3, Dir: t.TempDir(),
		Devices: []Device{{Name: "fast", Latency: micro.Latency(t, space)},
			{Name: "slow", Latency: micro.Latency(t, space)}},
		Plot: filepath.Join(t.TempDir(), "both.svg"),
	}
	result, err := Search(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{result.Fronts[0].Plot: "front, predicted",
		result.Fronts[1].Plot: "latency, ", j.Plot: "slow: picked, predicted"} {
		if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s does not say %q (%v)", path, want, err)
		}
	}
	if filepath.Dir(result.Fronts[0].Plot) != filepath.Dir(result.Fronts[0].Path) {
		t.Errorf("the picture is at %s, the front at %s", result.Fronts[0].Plot,
			result.Fronts[0].Path)
	}
	j.Plot = "none.gif"
	if _, err := Search(t.Context(), j); err == nil {
		t.Error("a picture of a format that nobody writes is not refused")
	}
}

// TestWilson against the figures of Newcombe, Statistics in Medicine 17, 1998, table I: 81 of 263,
// and 0 of 20.
func TestWilson(t *testing.T) {
	for _, c := range []struct {
		right, n  int
		low, high float64
	}{{81, 263, 0.2553, 0.3662}, {0, 20, 0, 0.1611}} {
		got := report.Wilson(float64(c.right)/float64(c.n), c.n)
		if math.Abs(got.Low-c.low) > 5e-5 || math.Abs(got.High-c.high) > 5e-5 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", c.right, c.n, got.Low, got.High,
				c.low, c.high)
		}
	}
}

// TestFrontKeepsStrangers: what is called front.json but is none stays.
func TestFrontKeepsStrangers(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	dir := t.TempDir()
	path := filepath.Join(dir, search.FrontFile)
	if err := os.WriteFile(path, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Search(context.Background(), Job{Config: optimize.Defaults(), Space: space,
		Accuracy: micro.Accuracy(t, space, strings.Repeat("5", 64)), Pareto: true, Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "--out") {
		t.Errorf("got %v, want a refusal that names --out", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "{}" {
		t.Errorf("the file holds %q (%v)", text, err)
	}
	// Nor is somebody's picture the one of an earlier front.
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, frontPlotFile), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = Search(context.Background(), Job{Space: space, Accuracy: micro.Accuracy(t, space,
		strings.Repeat("5", 64)), Pareto: true, Dir: dir})
	if err == nil || !strings.Contains(err.Error(), frontPlotFile) {
		t.Errorf("got %v, want a refusal that names the picture", err)
	}
}

// TestSameNetworkIsMeasuredOnce: two budgets with one answer.
func TestSameNetworkIsMeasuredOnce(t *testing.T) {
	run, d := micro.Train(t, micro.ParseSpace(t, micro.SpaceYAML), 1, 10)
	result, err := Search(context.Background(), Job{
		Config: optimize.Defaults(), Space: run.Info.Space, Run: run, Data: d, Verify: true,
		Accuracy: micro.Accuracy(t, run.Info.Space, run.State.WeightsSHA256),
		Limits:   []search.Limits{{MACs: 1 << 40}, {MACs: 1 << 41}}, Top: 2, Dir: t.TempDir(),
		Workers: 2,
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range result.Winners[:2] {
		twin := result.Winners[i+2]
		if *w.Measured != *twin.Measured && w.Measured.Top1 != twin.Measured.Top1 ||
			w.Ranks == nil || *w.Ranks != *twin.Ranks {
			t.Errorf("%+v and %+v", w, twin)
		}
		a, _, errA := manifest.Open(w.Manifest)
		b, _, errB := manifest.Open(twin.Manifest)
		if errA != nil || errB != nil || a.Weights.SHA256 != b.Weights.SHA256 {
			t.Errorf("the weights differ (%v, %v)", errA, errB)
		}
	}
}

// TestBoundsAreAnswered: a search that did not look at all says how much better a network could be,
// and none is. Of the whole front too.
func TestBoundsAreAnswered(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	accuracy, latency := micro.Accuracy(t, space, strings.Repeat("5", 64)), micro.Latency(t, space)
	_, fastest, _ := latency.Min()
	j := Job{
		Space: space, Accuracy: accuracy, Devices: []Device{{Latency: latency}},
		Limits: []search.Limits{{LatencyMS: fastest * 1.5}},
		Config: searching(30), Dir: t.TempDir(),
	}
	for _, j.Pareto = range []bool{false, true} {
		result, err := Search(context.Background(), j)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range result.Winners {
			limit := fastest * 1.5
			if j.Pareto {
				limit = w.Predicted.LatencyMS
			}
			// 40 are too few to know
			if w.Predicted.Exact || w.Predicted.Top1Bound < w.Predicted.Top1 ||
				w.Predicted.Top1LikelyBound != 0 {

				t.Errorf("after 30 of 40 networks: %+v", w.Predicted)
			}
			for _, a := range micro.AllArchs(space) {
				top1, _ := accuracy.Predict([]supernet.Arch{a})
				if ms := micro.NetworkMS(space, a); ms <= limit*(1-1e-9) &&
					top1[0] > w.Predicted.Top1Bound {
					t.Errorf("%v within %v ms is above the bound %v", top1[0], limit,
						w.Predicted.Top1Bound)
				}
			}
		}
	}
	j.BoundSteps, j.Pareto = -1, false
	result, err := Search(context.Background(), j)
	if p := result.Winners[0].Predicted; err != nil || p.Top1Bound != 0 || p.Top1LikelyBound != 0 {
		t.Errorf("bounded though told not to: %+v (%v)", p, err)
	}
}

// TestLikelyBoundsAreAnswered: where no certain bound can be had, as with too few steps for one,
// winners have a likely one.
func TestLikelyBoundsAreAnswered(t *testing.T) {
	space, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		t.Fatal(err)
	}
	var samples []predictor.Sample
	for _, a := range choices.Sample(space, 200, 1) {
		samples = append(samples, predictor.Sample{Arch: space.Spec(a),
			Value: float64(micro.MACs(space, a)) / 2e6})
	}
	accuracy, err := predictor.FitAccuracy(t.Context(), space, samples, micro.QuickFit())
	if err != nil {
		t.Fatal(err)
	}
	micro.Save(t, "accuracy.json", accuracy.Save)
	j := Job{
		Space: space, Accuracy: accuracy, Limits: []search.Limits{{MACs: 800_000}},
		Config: searching(4000), BoundSteps: 1, Dir: t.TempDir(),
	}
	for _, j.Pareto = range []bool{false, true} {
		result, err := Search(context.Background(), j)
		if err != nil {
			t.Fatal(err)
		}
		last := result.Winners[len(result.Winners)-1] // of a front, the most accurate
		m, _, err := manifest.Open(last.Manifest)
		if err != nil {
			t.Fatal(err)
		}
		if p := last.Predicted; p.Exact || p.Top1Bound != 0 || p.Top1LikelyBound < p.Top1 ||
			p.Top1LikelyBound > p.Top1+0.1 || m.Predicted != p {
			t.Errorf("front %v: %+v, in the manifest %+v", j.Pareto, p, m.Predicted)
		}
	}
}

// TestFrontOfAnotherCost: within a limit of MACs, the best network may not be on the front of
// accuracy against latency. It is then searched for alone, and what that looks at counts, too.
func TestFrontOfAnotherCost(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	latency, accuracy := micro.Latency(t, space), micro.Accuracy(t, space, strings.Repeat("5", 64))
	largest := supernet.MACs(space.Blocks(space.Max()))
	j := Job{
		Config: optimize.Defaults(), Space: space, Accuracy: accuracy,
		Devices: []Device{{Latency: latency}}, Cost: search.Latency,
		Limits: []search.Limits{{MACs: largest / 2}, {MACs: largest / 3}, {}}, Dir: t.TempDir(),
	}
	each, err := Search(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	j.Pareto, j.Dir = true, t.TempDir()
	front, err := Search(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range front.Winners {
		if w.Predicted.Top1 != each.Winners[i].Predicted.Top1 || !w.Predicted.Exact {
			t.Errorf("front: %+v\nsearch: %+v", w, each.Winners[i])
		}
	}
	if front.Evaluations != 3*40 {
		t.Errorf("%d evaluations are counted, want all 40 networks for the front, and for two limits each", front.Evaluations)
	}
}

// searching is a search that evaluates so many networks.
func searching(evaluations int) optimize.Config {
	c := optimize.Defaults()
	c.Evaluations = evaluations
	return c
}
