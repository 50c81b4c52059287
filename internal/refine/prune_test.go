package refine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/internal/winners"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
	"github.com/tailor-nas/tailor/trainer/prune"
	"github.com/tailor-nas/tailor/trainer/prune/budget"
)

// TestPruneNet: a run alone gives a network within the limit, again when it is asked again, and
// other weights from another teacher.
func TestPruneNet(t *testing.T) {
	run, d := micro.Train(t, micro.ParseSpace(t, micro.SpaceYAML), 1, 20)
	space, dir := run.Info.Space, t.TempDir()
	found, err := winners.Search(context.Background(), winners.Job{
		Config: optimize.Defaults(), Space: space, Run: run, Data: d, Accuracy: micro.Accuracy(t,
			space, run.State.WeightsSHA256), Limits: []search.Limits{{},
			{MACs: micro.MACs(space, space.Min())}}, Dir: dir,
	})
	if err != nil {
		t.Fatal(err)
	}
	parent, small := found.Winners[0], found.Winners[1]
	c := prune.Defaults(prune.Magnitude, supernet.Weights)
	c.Epochs, c.Batch = 1, 16
	job := PruneJob{
		Manifest: parent.Manifest, Config: c, MaxParams: parent.Params / 2,
		Dir: filepath.Join(dir, "pruned"), Resume: true,
		Progress: func(string, int, int) {}, Say: func(string, ...any) {},
	}
	do := func(j PruneJob) *supernet.Subnet {
		t.Helper()
		r, err := PruneNet(context.Background(), j)
		if err != nil {
			t.Fatal(err)
		}
		return r.Net
	}
	net := do(job)
	if weights, left := net.NonZero(); parent.Params-(weights-left) > job.MaxParams {
		t.Errorf("%d of %d weights are left of a network with %d parameters, want at most %d", left,
			weights, parent.Params, job.MaxParams)
	}
	if !sameTensors(net, do(job)) {
		t.Error("a finished run gives another network when it is asked again")
	}
	job.Teacher = small.Manifest
	if _, err := PruneNet(context.Background(), job); err == nil {
		t.Error("a run goes on with another teacher")
	}
	if job.Dir = filepath.Join(dir, "taught"); sameTensors(net, do(job)) {
		t.Error("another teacher changes nothing")
	}
}

// TestPruneAgain: with Resume, a job that has come to its end is shown again as its manifest has
// it, and not measured anew.
func TestPruneAgain(t *testing.T) {
	run, d := micro.Train(t, micro.ParseSpace(t, micro.SpaceYAML), 1, 20)
	dir := t.TempDir()
	found, err := winners.Search(t.Context(), winners.Job{
		Config: optimize.Defaults(), Space: run.Info.Space, Run: run, Data: d,
		Accuracy: micro.Accuracy(t, run.Info.Space, run.State.WeightsSHA256),
		Limits:   []search.Limits{{}}, Dir: dir,
	})
	if err != nil {
		t.Fatal(err)
	}
	c := prune.Defaults(prune.Magnitude, supernet.Weights)
	c.Epochs, c.Batch, c.Sparsity = 1, 16, 0.5
	job := PruneJob{
		Manifest: found.Winners[0].Manifest, Config: c, Dir: filepath.Join(dir, "pruned"),
		Budget: time.Millisecond, Workers: 1,
		Progress: func(string, int, int) {}, Say: func(string, ...any) {},
	}
	first, err := Prune(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Prune(t.Context(), job); !errors.Is(err, fs.ErrExist) {
		t.Errorf("without Resume: error %v", err)
	}
	job.Resume = true
	again, err := Prune(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	again.Seconds = first.Seconds // looking at it again takes time, too
	if !reflect.DeepEqual(again, first) {
		t.Errorf("again %+v\nfirst %+v", again, first)
	}
	var warned []string
	job.Warn = func(format string, args ...any) {
		warned = append(warned, fmt.Sprintf(format, args...))
	}
	job.Export = []string{manifest.FormatONNX}
	if _, err := Prune(t.Context(), job); err != nil || len(warned) != 1 ||
		!strings.Contains(warned[0], manifest.FormatONNX) {
		t.Errorf("a format that was not asked for before: error %v, warnings %q", err, warned)
	}
	m, _, err := manifest.Open(first.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	want := manifest.PruneSettings{Criterion: "fisher", Begin: c.Begin, End: c.End, LR: c.LR,
		WeightDecay: c.Optimizer.WeightDecay, Distillation: c.Distill}
	if got := m.Pruned.Settings; got != want {
		t.Errorf("settings %+v, want %+v", got, want)
	}
	if got := manifest.Path(job.Dir); got != first.Manifest {
		t.Errorf("the manifest of %s is %s, want %s", job.Dir, got, first.Manifest)
	}
	job.Config.Sparsity = 0.6
	if _, err := Prune(t.Context(), job); err == nil {
		t.Error("another job is shown the same result")
	}
}

// TestPruneGoal: a run goes on with the limit that it was started with and with no other, also
// where that was met already.
func TestPruneGoal(t *testing.T) {
	run, d := micro.Train(t, micro.ParseSpace(t, micro.SpaceYAML), 1, 20)
	space, dir := run.Info.Space, t.TempDir()
	found, err := winners.Search(context.Background(), winners.Job{
		Config: optimize.Defaults(), Space: space, Run: run, Data: d, Accuracy: micro.Accuracy(t,
			space, run.State.WeightsSHA256), Limits: []search.Limits{{}}, Dir: dir,
	})
	if err != nil {
		t.Fatal(err)
	}
	parent := found.Winners[0]
	job := PruneJob{
		Manifest: parent.Manifest, Config: prune.Defaults(prune.Magnitude, supernet.Weights),
		Budget: 20 * time.Millisecond, Resume: true,
		Progress: func(string, int, int) {}, Say: func(string, ...any) {},
	}
	job.Config.Epochs, job.Config.Batch = 1, 16
	for name, params := range map[string]int64{"met": 2 * parent.Params, "half": parent.Params /
		2} {
		job.Dir, job.MaxParams, job.MaxLatencyMS = filepath.Join(dir, name), params, 0
		warned := 0
		job.Warn = func(string, ...any) { warned++ }
		first, err := PruneNet(t.Context(), job)
		if err != nil {
			t.Fatal(err)
		}
		if (warned == 1) != (name == "met") {
			t.Errorf("%s: %d warnings that nothing is removed", name, warned)
		}
		if met := first.Left == first.Weights; met != (name == "met") {
			t.Errorf("%s: %d of %d weights are left", name, first.Left, first.Weights)
		}
		for other, limit := range map[string]PruneJob{"more": {MaxParams: params + 1},
			"latency": {MaxLatencyMS: 1e6}, "none": {}} {
			j := job
			j.MaxParams, j.MaxLatencyMS = limit.MaxParams, limit.MaxLatencyMS
			if _, err := PruneNet(t.Context(), j); !errors.Is(err, trainer.ErrConfig) {
				t.Errorf("%s goes on with another limit, %s: %v", name, other, err)
			}
		}
		again, err := Prune(t.Context(), job)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if again.PredictedMS != 0 {
			t.Errorf("%s: a latency of %g ms is predicted where nothing was said of one", name,
				again.PredictedMS)
		}
	}
}

// TestPruneOutOfReach: whatever predictions say, the network that loses most is measured before a
// latency is said to be out of reach, and what it took is the smallest that can be reached.
func TestPruneOutOfReach(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	net, err := supernet.NewSubnet(space.Blocks(space.Max()), space.BNEps, 1)
	if err != nil {
		t.Fatal(err)
	}
	config := prune.Config{Structure: supernet.Vectors8, Criterion: prune.LAMP}
	timed := 0
	p := &pruning{net: net, manifest: &manifest.Manifest{}, damage: prune.NewDamage(net, config),
		job: &PruneJob{Curves: &Curves{}, Config: config, Budget: 50 * time.Millisecond,
			Progress: func(what string, _, _ int) {
				if strings.HasPrefix(what, "time a network") {
					timed++
				}
			}}}
	c, err := p.curves(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.job.MaxLatencyMS = 1e-9
	var out *search.UnreachableError
	if err := p.chooseLatency(t.Context()); !errors.As(err, &out) || timed != 1 {
		t.Fatalf("%v, after %d networks, want one that is measured", err, timed)
	}
	real := out.Smallest
	var most *budget.LimitError
	if _, err := p.allocate(p.predictedBy(c), 0, 0); !errors.As(err, &most) {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name             string
		predicted, limit float64 // of the network that loses most, and what is asked for
		reached          bool
	}{
		{"too low", 0.05 * real, 0.06 * real, false},
		{"too high", 100 * real, 10 * real, true},
	} {
		c.Intercept = test.predicted - most.Smallest
		p.job.MaxLatencyMS, p.predicted = test.limit, 0
		err := p.chooseLatency(t.Context())
		switch {
		case test.reached && (err != nil || !(p.predicted > 0 && p.predicted <= test.limit)):
			t.Errorf("predictions %s: %v, measured %g ms, want at most %g", test.name, err,
				p.predicted, test.limit)
		case !test.reached && (!errors.As(err, &out) || out.Smallest <= out.Asked):
			t.Errorf("predictions %s: %v, want a smallest latency above %g ms", test.name, err,
				test.limit)
		}
	}
}

// TestShortRows: a classifier with fewer classes than a vector has weights loses nothing, so
// nothing is promised of it.
func TestShortRows(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	net, err := supernet.NewSubnet(space.Blocks(space.Max()), space.BNEps, 1)
	if err != nil {
		t.Fatal(err)
	}
	last := net.Blocks[len(net.Blocks)-1]
	if last.Out.C >= 16 {
		t.Fatalf("the space has %d classes, want fewer than 16", last.Out.C)
	}
	config := prune.Config{Structure: supernet.Vectors16}
	p := &pruning{net: net, damage: prune.NewDamage(net, config), job: &PruneJob{Config: config}}
	cost := func(_ supernet.Block, a amount) (float64, error) { return 1 - a.share, nil }
	shares, err := p.allocate(cost, 0.7*float64(len(net.Blocks)), 0)
	if err != nil {
		t.Fatal(err)
	}
	if share, ok := shares[last.Name]; ok || len(shares) == 0 {
		t.Errorf("the classifier loses %g, of %v", share, shares)
	}
}

func sameTensors(a, b *supernet.Subnet) bool {
	x, y := a.Tensors(), b.Tensors()
	for i := range x {
		if !slices.Equal(x[i].Data, y[i].Data) {
			return false
		}
	}
	return len(x) == len(y)
}

// TestCurves: what blocks take is measured once for a network and structure.
func TestCurves(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	net, err := supernet.NewSubnet(space.Blocks(space.Max()), space.BNEps, 1)
	if err != nil {
		t.Fatal(err)
	}
	var kept Curves
	ask := func(sha string, s supernet.Structure) *predictor.Pruned {
		t.Helper()
		m := &manifest.Manifest{}
		m.SHA256 = sha
		p := &pruning{net: net, manifest: m, job: &PruneJob{
			Curves: &kept, Config: prune.Config{Structure: s}, Budget: 50 * time.Millisecond,
			Progress: func(string, int, int) {},
		}}
		c, err := p.curves(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := ask("a", supernet.Weights)
	if ask("a", supernet.Weights) != first {
		t.Error("measured again for the same network and structure")
	}
	if ask("b", supernet.Weights) == first || ask("a", supernet.Vectors8) == first {
		t.Error("another network, or structure, has the same curves")
	}
}
