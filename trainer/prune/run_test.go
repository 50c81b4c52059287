package prune

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

func synthetic(t *testing.T, size int) *trainer.Data {
	t.Helper()
	d, err := trainer.OpenData("synthetic", trainer.DataOptions{Size: size,
		Holdout: 100, Seed: 1, Train: 700,
		Test: 200})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// tiny is a small network with batch norm, squeeze-and-excitation and shortcuts.
func tiny(t *testing.T, d *trainer.Data) *supernet.Subnet {
	t.Helper()
	s, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		t.Fatal(err)
	}
	s = s.For(len(d.Classes), d.Channels)
	a := s.Max()
	a.Resolution = 24
	net, err := supernet.NewSubnet(s.Blocks(a), s.BNEps, 3)
	if err != nil {
		t.Fatal(err)
	}
	return net
}

// short is a run of a few steps that goes through all there is: removal on the way, distillation,
// regrowth.
func short(m Method, k supernet.Structure, sparsity float64) Config {
	c := Defaults(m, k)
	c.Epochs, c.Batch, c.Sparsity, c.Every, c.LR = 2, 60, sparsity, 3, 0.05
	c.Begin, c.End = 0.1, 0.7
	if m == OneShot {
		c.Begin, c.End = 1, 1
	}
	if k == supernet.Weights && m != Powerprop {
		c.Regrow = 0.02
	}
	return c
}

func run(t *testing.T, j Job) *Result {
	t.Helper()
	r, err := Run(context.Background(), j)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRun: every method, and with every structure two of them, removes what was asked for, as zeros
// or as channels, whatever the number of workers.
func TestRun(t *testing.T) {
	d := synthetic(t, 24)
	net := tiny(t, d)
	for _, k := range []supernet.Structure{supernet.Weights, supernet.Vectors16,
		supernet.Channels} {
		for _, m := range Methods() {
			if k != supernet.Weights && m != SSGD && m != Magnitude {
				continue
			}
			t.Run(string(k)+" "+string(m), func(t *testing.T) {
				c := short(m, k, 0.6)
				c.Epochs = 1
				r := run(t, Job{Net: net, Data: d, Config: c, Workers: 1})
				again := run(t, Job{Net: net, Data: d, Config: c, Workers: 2})
				if !sameWeights(r.Net, again.Net) {
					t.Error("two workers give other weights than one")
				}
				share := 1 - float64(r.Left)/float64(r.Weights)
				if low := map[supernet.Structure]float64{supernet.Weights: 0.599,
					supernet.Vectors16: 0.595, supernet.Channels: 0.53}[k]; share < low ||
					share > 0.61 {
					t.Errorf("%.4f of the weights are gone, want 0.6", share)
				}
				if zeros := 1 - float64(nonZero(r.Net))/float64(r.Weights); k == supernet.Weights &&
					zeros < share-1e-9 {
					t.Errorf("%.4f of the weights are zero, but %.4f are said to be gone", zeros,
						share)
				}
				if k == supernet.Channels {
					checkNarrower(t, net.Blocks, r.Net.Blocks)
				}
			})
		}
	}
}

func sameWeights(a, b *supernet.Subnet) bool {
	x, y := a.Tensors(), b.Tensors()
	for i := range x {
		if !slices.Equal(x[i].Data, y[i].Data) {
			return false
		}
	}
	return len(x) == len(y)
}

func nonZero(net *supernet.Subnet) (n int) {
	for _, m := range weights.Matrices(net) {
		for _, v := range m.Param.Data {
			if v != 0 {
				n++
			}
		}
	}
	return n
}

func checkNarrower(t *testing.T, before, after []supernet.Block) {
	t.Helper()
	for i, b := range after {
		if b.Mid%8 != 0 || b.Mid > before[i].Mid {
			t.Errorf("block %s has %d middle channels, before %d", b.Name, b.Mid, before[i].Mid)
		}
	}
	if supernet.Params(after) >= supernet.Params(before) {
		t.Errorf("%d parameters, before %d", supernet.Params(after), supernet.Params(before))
	}
}

// TestResume: a run that is interrupted again and again ends with the weights of one that was not,
// and the metrics too.
func TestResume(t *testing.T) {
	d := synthetic(t, 24)
	net := tiny(t, d)
	for _, k := range []supernet.Structure{supernet.Weights, supernet.Channels} {
		c := short(SSGD, k, 0.7)
		whole, parts := t.TempDir(), t.TempDir()
		want := run(t, Job{Dir: whole, Net: net, Data: d, Config: c, Parent: hash, ValImages: 50,
			Workers: 1, SaveEvery: time.Minute})
		var got *Result
		for i := 0; got == nil; i++ {
			ctx, cancel := context.WithCancel(context.Background())
			stop := func(p Progress) {
				// an epoch's last step too
				if (p.Step%4 == 3 || p.Step*c.Epochs%p.Steps == 0) && p.Metric == nil {
					cancel()
				}
			}
			r, err := Run(ctx, Job{Dir: parts, Net: net, Data: d, Config: c, Parent: hash,
				ValImages: 50, Resume: true, Workers: 1 + i%2, Progress: stop,
				SaveEvery: time.Minute})
			cancel()
			switch {
			case err == nil:
				got = r
			case !errors.Is(err, trainer.ErrInterrupted):
				t.Fatal(err)
			case i > 20:
				t.Fatal("the run does not come to its end")
			}
		}
		if !sameWeights(got.Net, want.Net) || got.Left != want.Left {
			t.Errorf("%s: an interrupted run ends with other weights", k)
		}
		if a, b := read(t, whole), read(t, parts); a != b {
			t.Errorf("%s: metrics differ:\n%s\n%s", k, a, b)
		}
	}
}

const hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func read(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, metricsFile))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTeacher: another network's answers lead to other weights, the parent's own to the same as
// without naming a teacher. A run that is kept goes on with the same teacher alone.
func TestTeacher(t *testing.T) {
	d := synthetic(t, 24)
	net, dir := tiny(t, d), t.TempDir()
	c := short(Magnitude, supernet.Channels, 0)
	c.Distill = 1
	s, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		t.Fatal(err)
	}
	s = s.For(len(d.Classes), d.Channels)
	other, err := supernet.NewSubnet(s.Blocks(s.Min()), s.BNEps, 5) // of another resolution
	if err != nil {
		t.Fatal(err)
	}
	none := run(t, Job{Net: net, Data: d, Config: c, Workers: 1})
	if self := run(t, Job{Net: net, Teacher: net.Clone(), Data: d, Config: c,
		Workers: 1}); !sameWeights(self.Net, none.Net) {
		t.Error("the parent as teacher gives other weights than no teacher")
	}
	job := Job{Dir: dir, Net: net, Teacher: other, TeacherSHA256: hash, Data: d, Config: c,
		Workers: 1, SaveEvery: time.Minute}
	taught := run(t, job)
	if sameWeights(taught.Net, none.Net) {
		t.Error("another teacher changes nothing")
	}
	job.Resume = true
	if again := run(t, job); !sameWeights(again.Net, taught.Net) {
		t.Error("a finished run gives other weights when it is asked again")
	}
	for name, change := range map[string]func(*Job){
		"another teacher": func(j *Job) { j.TeacherSHA256 = "f" + hash[1:] },
		"no teacher":      func(j *Job) { j.Teacher = nil },
		"no hash":         func(j *Job) { j.Dir, j.TeacherSHA256 = t.TempDir(), "" },
	} {
		j := job
		change(&j)
		if _, err := Run(context.Background(), j); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestResumeRefuses: a run does not go on from another parent, with other settings, unasked, or
// from a damaged checkpoint.
func TestResumeRefuses(t *testing.T) {
	d := synthetic(t, 24)
	net := tiny(t, d)
	dir := t.TempDir()
	job := Job{Dir: dir, Net: net, Data: d, Config: short(Magnitude, supernet.Weights, 0.5),
		Parent: hash, Workers: 1, SaveEvery: time.Minute}
	run(t, job)
	refused := func(what string, change func(*Job)) {
		j := job
		j.Resume = true
		change(&j)
		if _, err := Run(context.Background(), j); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	refused("unasked", func(j *Job) { j.Resume = false })
	if err := job.Check(); !errors.Is(err, fs.ErrExist) {
		t.Errorf("unasked, before anything takes time: %v", err)
	}
	refused("another parent", func(j *Job) { j.Parent = "f" + hash[1:] })
	refused("other settings", func(j *Job) { j.Config.LR = 0.01 })
	refused("other shares", func(j *Job) { j.Shares = map[string]float64{"head.expand": 0.5} })
	was := changeStep(t, dir, -1)
	refused("a step below 0", func(*Job) {})
	changeStep(t, dir, was+1)
	refused("a step beyond the last", func(*Job) {})
	changeStep(t, dir, was)
	weights, err := filepath.Glob(filepath.Join(dir, checkpointsDir, "*", "weights.safetensors"))
	if err != nil || len(weights) == 0 {
		t.Fatal("no checkpoint", err)
	}
	last := weights[len(weights)-1]
	text, err := os.ReadFile(last)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)-1] ^= 1
	if err := os.WriteFile(last, text, 0o644); err != nil {
		t.Fatal(err)
	}
	refused("a flipped bit", func(*Job) {})
}

// changeStep has the last checkpoint of a run claim another step, and gives the one that it was.
func changeStep(t *testing.T, dir string, step int) (was int) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, checkpointsDir, "*", stateFile))
	if err != nil || len(all) == 0 {
		t.Fatal("no checkpoint", err)
	}
	var s State
	if err := store.ReadDocument(all[len(all)-1], stateKind, stateVersion, &s); err != nil {
		t.Fatal(err)
	}
	was, s.Step = s.Step, step
	if err := store.WriteDocument(all[len(all)-1], stateKind, stateVersion, &s); err != nil {
		t.Fatal(err)
	}
	return was
}

// TestLeavesTheParent: the network that is pruned is not changed.
func TestLeavesTheParent(t *testing.T) {
	d := synthetic(t, 24)
	net := tiny(t, d)
	before := net.Clone()
	run(t, Job{Net: net, Data: d, Config: short(SSGD, supernet.Weights, 0.9), Workers: 1})
	if !sameWeights(net, before) {
		t.Error("the parent's weights have changed")
	}
}

// TestLearns: what is left after gradual removal still knows the images, and better than after one
// shot without training.
func TestLearns(t *testing.T) {
	d, err := trainer.OpenData("synthetic", trainer.DataOptions{Size: 24,
		Holdout: 300, Seed: 1, Train: 2500,
		Test: 300})
	if err != nil {
		t.Fatal(err)
	}
	c := Defaults(Magnitude, supernet.Weights)
	c.Epochs, c.Batch, c.LR, c.Shift = 5, 50, 0.1, 2
	dense := run(t, Job{Net: tiny(t, d), Data: d, Config: c, Workers: 2})
	if dense.Top1Val < 0.4 {
		t.Fatalf("the dense network has %.2f top-1 on held-out images, which shows nothing",
			dense.Top1Val)
	}
	c.Sparsity, c.Epochs, c.LR = 0.85, 2, 0.05
	gradual := run(t, Job{Net: dense.Net, Data: d, Config: c, Workers: 2})
	c.Begin, c.End = 1, 1
	shot := run(t, Job{Net: dense.Net, Data: d, Config: c, Workers: 2})
	t.Logf("dense %.3f, gradual %.3f, one shot %.3f", dense.Top1Val, gradual.Top1Val, shot.Top1Val)
	if gradual.Top1Val < dense.Top1Val-0.15 || gradual.Top1Val <= shot.Top1Val {
		t.Errorf("top-1 %.3f after gradual removal, %.3f before, %.3f after one shot",
			gradual.Top1Val, dense.Top1Val, shot.Top1Val)
	}
}

func TestConfigRefuses(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"sparsity":  func(c *Config) { c.Sparsity = 1 },
		"negative":  func(c *Config) { c.Sparsity = -0.1 },
		"epochs":    func(c *Config) { c.Epochs = 0 },
		"end":       func(c *Config) { c.Begin, c.End = 0.5, 0.4 },
		"structure": func(c *Config) { c.Structure = "blocks" },
		"criterion": func(c *Config) { c.Criterion = "hessian" },
		"regrow":    func(c *Config) { c.Structure, c.Regrow = supernet.Channels, 0.1 },
		"regrow powerprop": func(c *Config) {
			*c = Defaults(Powerprop, supernet.Weights)
			c.Regrow = 0.1
		},
		"shift":     func(c *Config) { c.Shift = -1 },
		"NaN":       func(c *Config) { c.LR = math.NaN() },
		"method":    func(c *Config) { c.Method = "adam" },
		"optimizer": func(c *Config) { c.Optimizer.WeightDecay = -1 },
	} {
		c := Defaults(Magnitude, supernet.Weights)
		change(&c)
		if err := c.Check(); !errors.Is(err, trainer.ErrConfig) {
			t.Errorf("%s: %v, want ErrConfig", name, err)
		}
	}
}

// TestHiddenDivergence: weights that are no numbers end a run though an activation hides them from
// the loss, and no checkpoint holds them.
func TestHiddenDivergence(t *testing.T) {
	d := synthetic(t, 24)
	net, dir := tiny(t, d), t.TempDir()
	for _, p := range weights.Params(net) {
		if p.Name == "stages.0.0.depthwise.weight" { // before a ReLU
			p.Data[0] = float32(math.NaN())
		}
	}
	c := short(Magnitude, supernet.Channels, 0.3)
	c.Distill = 0
	_, err := Run(context.Background(), Job{Dir: dir, Net: net, Data: d, Config: c, Workers: 1})
	if !errors.Is(err, trainer.ErrDiverged) {
		t.Errorf("error %v, expected one that says that training diverged", err)
	}
	saved, err := os.ReadDir(filepath.Join(dir, checkpointsDir))
	if err != nil || len(saved) > 0 {
		t.Errorf("checkpoints %v (%v), expected none", saved, err)
	}
}

// TestNothingLeft: a penalty that draws all weights to zero ends a run with what to lower, and so
// does one that makes them infinite.
func TestNothingLeft(t *testing.T) {
	d := synthetic(t, 24)
	net := tiny(t, d)
	c := short(L1, supernet.Weights, 0.5)
	c.Epochs, c.Optimizer.Lambda, c.LR = 1, 1, 1
	for what, change := range map[string]func(*Config){
		"zero": func(*Config) {},
		"not finite|the loss is": func(c *Config) {
			*c = short(SSGD, supernet.Weights, 0.5)
			c.Optimizer.Lambda = 1
			c.Optimizer.Scaling = trainer.Scaling{Measure: trainer.LogL1, Epsilon: 1e30,
				EpsilonEnd: 1e30}
		},
	} {
		config := c
		change(&config)
		_, err := Run(t.Context(), Job{Net: net, Data: d, Config: config, Workers: 1})
		if !errors.Is(err, trainer.ErrDiverged) ||
			!regexp.MustCompile("("+what+").*a lower --lambda than 1").MatchString(err.Error()) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
