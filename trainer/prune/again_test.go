package prune

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// sparse is a network of which 60 % of the weights were removed before.
func sparse(t *testing.T, net *supernet.Subnet) *supernet.Subnet {
	t.Helper()
	pruned, err := Apply(net, Config{Structure: supernet.Weights, Criterion: LAMP, Sparsity: 0.6},
		nil)
	if err != nil {
		t.Fatal(err)
	}
	return pruned
}

// TestZerosStay: what an earlier run removed stays so, whatever is removed next, and however little
// of it.
func TestZerosStay(t *testing.T) {
	d := synthetic(t, 24)
	parent := sparse(t, tiny(t, d))
	for _, k := range []supernet.Structure{supernet.Weights, supernet.Vectors8, supernet.Channels} {
		for _, sparsity := range []float64{0, 0.3} {
			c := short(SSGD, k, sparsity)
			c.Epochs = 1
			r := run(t, Job{Net: parent, Data: d, Config: c, Workers: 2})
			if n := returned(parent, r.Net); n > 0 {
				t.Errorf("%s %g: %d weights came back", k, sparsity, n)
			}
			if k == supernet.Weights && r.Left*10 > r.Weights*4+10 {
				t.Errorf("%s %g: %d of %d weights are said to be left of a network with 40 %%", k,
					sparsity, r.Left, r.Weights)
			}
		}
	}
}

// returned counts weights that were zero and are not; of tensors that are narrower now it only
// looks whether there are zeros.
func returned(before, after *supernet.Subnet) (n int) {
	now := map[string]weights.Matrix{}
	for _, m := range weights.Matrices(after) {
		now[m.Param.Name] = m
	}
	for _, m := range weights.Matrices(before) {
		p := now[m.Param.Name].Param
		if len(p.Data) != len(m.Param.Data) {
			if was, is := count(zeros(m.Param)), count(zeros(p)); was > 0 && is == 0 {
				n += was
			}
			continue
		}
		for i, v := range m.Param.Data {
			if v == 0 && p.Data[i] != 0 {
				n++
			}
		}
	}
	return n
}

// TestResumeSparse: a run that begins with zeros is interrupted and goes on to the same weights.
func TestResumeSparse(t *testing.T) {
	d := synthetic(t, 24)
	parent := sparse(t, tiny(t, d))
	for _, k := range []supernet.Structure{supernet.Weights, supernet.Vectors16,
		supernet.Channels} {
		job := Job{Net: parent, Data: d, Config: short(SSGD, k, 0.65), Parent: hash, Workers: 1,
			SaveEvery: time.Minute}
		testInterrupted(t, job)
	}
}

// testInterrupted compares a job that is interrupted while weights go, and goes on, with the same
// in one piece.
func testInterrupted(t *testing.T, job Job) {
	t.Helper()
	want := run(t, job)
	ctx, cancel := context.WithCancel(context.Background())
	job.Dir, job.Resume = t.TempDir(), true
	job.Progress = func(p Progress) {
		if p.Step == 9 {
			cancel()
		}
	}
	if _, err := Run(ctx, job); !errors.Is(err, trainer.ErrInterrupted) {
		t.Fatal(err)
	}
	if got := run(t, job); !sameWeights(got.Net, want.Net) || got.Left != want.Left {
		t.Errorf("%s: an interrupted run ends with other weights", job.Config.Structure)
	}
	if err := os.RemoveAll(filepath.Join(job.Dir, checkpointsDir)); err != nil {
		t.Fatal(err)
	}
	job.Progress = nil
	if got := run(t, job); !sameWeights(got.Net, want.Net) {
		t.Errorf("%s: a run whose checkpoints are gone ends with other weights",
			job.Config.Structure)
	}
}

// TestLackedStaysGone: nor does a smaller share, or regrowth, bring back what was never there.
func TestLackedStaysGone(t *testing.T) {
	net := sparse(t, published(t, "lenet-300-100", 5))
	weights.EnableTraining(net)
	c := Defaults(Magnitude, supernet.Weights)
	r := newRemover(net, c, nil)
	random := rand.New(rand.NewPCG(1, 1))
	for _, p := range weights.Params(net) {
		for i := range p.Grad {
			p.Grad[i] = float32(random.NormFloat64())
		}
	}
	for _, share := range []float64{0.1, 0.7} {
		r.update(share, 0.1)
		for _, l := range r.layers {
			m := l.(*matrix)
			for i, lacks := range m.lacks {
				if lacks && !m.gone[i] {
					t.Fatalf("weight %d of %s is back at %g", i, m.name, share)
				}
			}
		}
	}
}

// TestSharesRefused: shares that no block can lose are errors, of a run and of its rehearsal.
func TestSharesRefused(t *testing.T) {
	d := synthetic(t, 24)
	net := tiny(t, d)
	for name, shares := range map[string]map[string]float64{
		"unknown":    {"stages.9.9": 0.5},
		"no weights": {"head.pool": 0.5},
		"negative":   {"head.expand": -0.5},
		"above 1":    {"head.expand": 1.5},
		"NaN":        {"head.expand": math.NaN()},
	} {
		c := short(Magnitude, supernet.Weights, 0.5)
		if _, err := Apply(net, c, shares); !errors.Is(err, trainer.ErrConfig) {
			t.Errorf("%s: Apply says %v", name, err)
		}
		if _, err := Run(t.Context(), Job{Net: net, Data: d, Config: c, Shares: shares,
			Workers: 1}); !errors.Is(err, trainer.ErrConfig) {
			t.Errorf("%s: Run says %v", name, err)
		}
	}
	if _, err := Apply(net, short(Magnitude, supernet.Weights, 0),
		map[string]float64{"head.expand": 0.5}); !errors.Is(err, trainer.ErrConfig) {
		t.Errorf("a share without a sparsity: %v", err)
	}
}

// TestJobRefused: what a run lacks is said, also where a network has nothing of a structure.
func TestJobRefused(t *testing.T) {
	d := synthetic(t, 24)
	c := short(Magnitude, supernet.Channels, 0.5)
	for name, j := range map[string]Job{
		"no network":  {Data: d, Config: c, Workers: 1},
		"no images":   {Net: tiny(t, d), Config: c, Workers: 1},
		"no channels": {Net: published(t, "lenet-300-100", 1), Data: d, Config: c, Workers: 1},
		"nothing":     {},
		"no weights": {Net: &supernet.Subnet{Blocks: tiny(t, d).Blocks}, Data: d, Config: c,
			Workers: 1},
		"no teacher": {Net: tiny(t, d), Teacher: &supernet.Subnet{}, Data: d, Config: c,
			Workers: 1},
	} {
		for what, do := range map[string]func(context.Context, Job) (*Result, error){"Run": Run,
			"Cut": Cut} {
			if _, err := do(t.Context(), j); !errors.Is(err, trainer.ErrConfig) {
				t.Errorf("%s, %s: %v, want ErrConfig", what, name, err)
			}
		}
	}
}
