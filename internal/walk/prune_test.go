package walk

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer/prune"
)

// TestPruneNet: a run alone gives a network within the limit, again when it is asked again, and other weights from another teacher.
func TestPruneNet(t *testing.T) {
	run, d := trainMicro(t, 1, 20)
	space, dir := run.Info.Space, t.TempDir()
	found, err := Search(context.Background(), SearchJob{
		Space: space, Run: run, Data: d, Accuracy: macsAccuracy(t, space, run.State.WeightsSHA256), Limits: []search.Limits{{}, {MACs: macs(space, space.Min())}}, Dir: dir,
	})
	if err != nil {
		t.Fatal(err)
	}
	parent, small := found.Winners[0], found.Winners[1]
	c := prune.Defaults(prune.Magnitude, supernet.Weights)
	c.Epochs, c.Batch = 1, 16
	job := PruneJob{
		Manifest: parent.Manifest, Config: c, MaxParams: parent.Params / 2, Dir: filepath.Join(dir, "pruned"), Resume: true,
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
		t.Errorf("%d of %d weights are left of a network with %d parameters, want at most %d", left, weights, parent.Params, job.MaxParams)
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
	space := parseSpace(t, microSpace)
	net, err := supernet.NewSubnet(space.Blocks(space.Max()), space.BNEps, 1)
	if err != nil {
		t.Fatal(err)
	}
	var kept Curves
	ask := func(sha string, s supernet.Structure) *predictor.Pruned {
		t.Helper()
		m := &search.Manifest{}
		m.SHA256 = sha
		p := &pruning{net: net, manifest: m, job: &PruneJob{
			Curves: &kept, Config: prune.Config{Structure: s}, Budget: 50 * time.Millisecond, Progress: func(string, int, int) {},
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
