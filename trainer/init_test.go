package trainer

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/supernet"
)

// from makes a job begin with a run.
func from(j Job, dir string) Job {
	j.Config.Init = InitDefaults()
	j.From = &Origin{dir, func() (*Trained, error) {
		r, err := OpenRun(dir)
		if err != nil {
			return nil, err
		}
		return r.Trained()
	}}
	return j
}

// trainedMicro is a run of the largest network, of one epoch.
func trainedMicro(t *testing.T) *Run {
	t.Helper()
	j := microJob(t, filepath.Join(t.TempDir(), "source"))
	j.Config.Strategy, j.Config.Epochs = Full, 1
	return train(t, j)
}

// begun is a run that takes over from another, before its first step.
func begun(t *testing.T, j Job) (*Info, *supernet.Supernet) {
	t.Helper()
	info, _, err := newInfo(j, nil)
	if err != nil {
		t.Fatal(err)
	}
	net := supernet.New(info.Space, info.Config.Seed)
	if err := info.fill(j, net); err != nil {
		t.Fatal(err)
	}
	return info, net
}

// logitsOf runs the largest network on one pattern, with the statistics of that batch.
func logitsOf(t *testing.T, net *supernet.Supernet) []float32 {
	t.Helper()
	pool := nn.NewPool(1)
	defer pool.Close()
	r := engine.NewRunner(net, pool)
	r.Bind(net.Space.Blocks(net.Space.Max()), 4, nn.Train)
	for i := range r.Input() {
		r.Input()[i] = float32(i%17)/8 - 1
	}
	return slices.Clone(r.Forward())
}

// TestInitIsTheSource: the same space and classes give the same weights and answers, to the bit,
// whatever the seed, with the images normalised as they were.
func TestInitIsTheSource(t *testing.T) {
	source := trainedMicro(t)
	j := from(microJob(t, t.TempDir()), source.Dir)
	j.Config.Seed, j.TrainImages, j.Space = 99, 190, nil
	info, net := begun(t, j)
	if s := info.Start; s.WeightsFresh+s.WeightsCut != 0 || s.Fresh != nil || len(s.Part) > 0 ||
		s.Trained != 1 {
		t.Errorf("taken %+v", s)
	}
	for i, w := range source.Net.Tensors() {
		if !slices.Equal(net.Tensors()[i].Data, w.Data) {
			t.Errorf("%s differs", w.Name)
		}
	}
	if !slices.Equal(logitsOf(t, net), logitsOf(t, source.Net)) {
		t.Error("the largest network gives other logits")
	}
	had, has := source.Info.Data.Preparation, info.Data.Preparation
	if !slices.Equal(has.Mean, had.Mean) || !slices.Equal(has.Std, had.Std) {
		t.Errorf("normalised with %v and %v, the source with %v and %v", has.Mean, has.Std,
			had.Mean, had.Std)
	}
	if c := info.Config; c.WarmupEpochs != c.EpsilonEpochs || c.EpsilonEpochs != 0.2 {
		t.Errorf("W %g and s %g: nothing is new, so shrinking begins at once", c.WarmupEpochs,
			c.EpsilonEpochs)
	}
}

// TestInitOtherSpace: a space with another number of blocks, channels and kernels takes over what
// has a place, and the depth as far as it goes.
func TestInitOtherSpace(t *testing.T) {
	source := trainedMicro(t)
	wider, err := supernet.ParseSpace("wider.yaml", []byte(strings.NewReplacer("expand: [2, 3]",
		"expand: [2, 4]", "kernel: [3, 5]", "kernel: [5, 7]", "depth: [1, 2]", "depth: [1, 3]",
		"name: micro", "name: wider").Replace(microSpace)))
	if err != nil {
		t.Fatal(err)
	}
	j := from(microJob(t, t.TempDir()), source.Dir)
	j.Space = wider
	info, net := begun(t, j)
	have, had := byName(net), byName(source.Net)
	kernel, small := have["stages.0.0.depthwise.weight"], had["stages.0.0.depthwise.weight"]
	for y := range 7 {
		for x := range 7 {
			for c := range 24 {
				want := float32(0)
				if y >= 1 && y < 6 && x >= 1 && x < 6 {
					want = small.Data[((y-1)*5+x-1)*24+c]
				}
				if got := kernel.Data[(y*7+x)*32+c]; got != want {
					t.Fatalf("kernel at %d,%d, channel %d: %g, want %g", y, x, c, got, want)
				}
			}
		}
	}
	if got := info.Start.Part["stages.0.0.project.weight"]; !slices.Equal(got, []int{24, 8}) {
		t.Errorf("of the project convolution %v was taken over", got)
	}
	for _, fresh := range []string{"stages.0.2.project.weight", "stages.1.2.expand.weight"} {
		if !slices.Contains(info.Start.Fresh, fresh) {
			t.Errorf("%s is not said to be fresh", fresh)
		}
	}
	if !slices.Equal(have["stem.weight"].Data, had["stem.weight"].Data) {
		t.Error("the stem was not taken over")
	}
}

func byName(net *supernet.Supernet) map[string]safetensors.Tensor {
	all := map[string]safetensors.Tensor{}
	for _, t := range net.Tensors() {
		all[t.Name] = t
	}
	return all
}

// pictures is a job on two classes that the source does not know.
func pictures(t *testing.T, source string) Job {
	t.Helper()
	j := microJob(t, filepath.Join(t.TempDir(), "run"))
	j.Data = pictureFolder(t, filepath.Join(t.TempDir(), "pictures"), 40)
	j.TrainImages, j.TestImages, j.Config.Batch = Auto, Auto, 8
	return from(j, source)
}

// TestFrozen: what was taken over does not move by a bit as long as it is frozen, in tensors that
// were taken over in part too, and what is new does.
func TestFrozen(t *testing.T) {
	source := trainedMicro(t)
	wider, err := supernet.ParseSpace("wider.yaml", []byte(strings.Replace(microSpace,
		"expand: [2, 3]", "expand: [2, 4]", 1)))
	if err != nil {
		t.Fatal(err)
	}
	j := pictures(t, source.Dir)
	j.Space, j.Config.Strategy, j.Config.Epochs, j.Config.Init.FreezeEpochs = wider, Full, 1, 1
	info, start := begun(t, j)
	after := byName(train(t, j).Net)
	moved := 0
	for name, was := range byName(start) {
		is := after[name]
		corner := info.taken().Corner(&nn.Param{Name: name, Shape: was.Shape})
		for i := range was.Data {
			if isTaken(i, was.Shape, corner) && is.Data[i] != was.Data[i] {
				t.Fatalf("%s moved at %d, which was taken over", name, i)
			}
			if !isTaken(i, was.Shape, corner) && is.Data[i] != was.Data[i] {
				moved++
			}
		}
	}
	if moved < 100 || !slices.Contains(info.Start.Fresh, "head.classifier.weight") {
		t.Errorf("%d new weights moved; fresh are %v", moved, info.Start.Fresh)
	}
}

// isTaken says whether an index, the last axis fastest, is within a corner.
func isTaken(i int, shape, corner []int) bool {
	for a := len(shape) - 1; a >= 0; a-- {
		if corner == nil || i%shape[a] >= corner[a] {
			return false
		}
		i /= shape[a]
	}
	return true
}

// TestInitRate: with a factor of 0 nothing that was taken over ever moves; with 1 it learns as if
// it had been there from the start.
func TestInitRate(t *testing.T) {
	source := trainedMicro(t)
	stem := func(rate float64) []float32 {
		j := pictures(t, source.Dir)
		j.Config.Strategy, j.Config.Epochs, j.Config.Init.LR = Full, 1, rate
		return byName(train(t, j).Net)["stem.weight"].Data
	}
	had := byName(source.Net)["stem.weight"].Data
	if !slices.Equal(stem(0), had) {
		t.Error("a factor of 0 lets the stem move")
	}
	far := func(w []float32) (sum float64) {
		for i := range w {
			sum += float64((w[i] - had[i]) * (w[i] - had[i]))
		}
		return sum
	}
	if slow, fast := far(stem(0.1)), far(stem(1)); !(slow > 0 && slow < fast) {
		t.Errorf("the stem moved by %g at a tenth of the rate, by %g at all of it", slow, fast)
	}
}

// TestInitResumes: a run that takes over, freezes, sorts and shrinks ends with the same bits
// however it was interrupted, also if its source is gone by then; with another, or none, it is
// refused.
func TestInitResumes(t *testing.T) {
	source := trainedMicro(t)
	job := func() Job {
		j := pictures(t, source.Dir)
		j.Config.Init = Init{FreezeEpochs: 1, LR: 0.3}
		j.Config.Epochs = 6
		return j
	}
	whole := job()
	want := train(t, whole)
	if c := want.Info.Config; c.WarmupEpochs-c.EpsilonEpochs != 1 {
		t.Fatalf("shrinking begins at %g, where freezing ends at 1", c.WarmupEpochs-c.EpsilonEpochs)
	}
	j := job()
	j.Data = whole.Data
	gone := j.From.Open
	for _, at := range []int{3, 9, 10, 25} {
		ctx, cancel := context.WithCancel(context.Background())
		j.Resume = at != 3
		j.Progress = func(p Progress) {
			if p.Step == at {
				cancel()
			}
		}
		if _, err := Train(ctx, j); !errors.Is(err, ErrInterrupted) {
			t.Fatalf("interrupted at step %d: %v", at, err)
		}
		cancel()
		j.From = &Origin{j.From.Path, func() (*Trained, error) { return nil, os.ErrNotExist }}
	}
	j.Progress = nil
	if got := train(t, j); got.State.WeightsSHA256 != want.State.WeightsSHA256 {
		t.Error("interrupted and resumed, the run has other weights")
	}
	other := j
	other.From = &Origin{"elsewhere", gone} // the same weights, at another place
	train(t, other)
	other.From = nil
	if _, err := Train(t.Context(), other); !errors.Is(err, ErrConfig) ||
		!strings.Contains(err.Error(), "was started with --init") {
		t.Errorf("without --init: %v", err)
	}
	other = from(other, want.Dir)
	if _, err := Train(t.Context(), other); !errors.Is(err, ErrConfig) {
		t.Errorf("with another source: %v", err)
	}
}

// TestInitKilledEarly: before the first checkpoint the source is opened again, and must be as it
// was.
func TestInitKilledEarly(t *testing.T) {
	source := trainedMicro(t)
	j := pictures(t, source.Dir)
	if _, _, err := start(j); err != nil {
		t.Fatal(err)
	}
	j.Resume = true
	open := j.From.Open
	j.From.Open = func() (*Trained, error) {
		other, err := open()
		if err == nil {
			changed := *other
			changed.SHA256 = strings.Repeat("ab", 32)
			return &changed, nil
		}
		return nil, err
	}
	if _, err := Train(t.Context(), j); err == nil ||
		!strings.Contains(err.Error(), "has changed") {
		t.Errorf("with another source: %v", err)
	}
	j.From.Open = open
	fresh := pictures(t, source.Dir)
	fresh.Data = j.Data
	if got, want := train(t, j), train(t, fresh); got.State.WeightsSHA256 !=
		want.State.WeightsSHA256 {
		t.Error("a run that was killed before its first checkpoint begins with other weights")
	}
}

// TestTransferBeatsScratch: after as many epochs, a network that begins with one of the same images
// in other colours classifies more right than one that begins with nothing.
func TestTransferBeatsScratch(t *testing.T) {
	j := microJob(t, filepath.Join(t.TempDir(), "source"))
	j.Config.Strategy, j.Config.Epochs, j.TrainImages = Full, 12, 600
	source := train(t, j)
	scratch := microJob(t, t.TempDir())
	scratch.Config.Strategy, scratch.Config.Epochs, scratch.Config.Seed = Full, 2, 11
	scratch.TestImages = 200
	begins := from(scratch, source.Dir)
	begins.Dir = t.TempDir()
	top1 := func(j Job) float64 {
		run := train(t, j)
		d := microData(t, run)
		e, err := NewEvaluator(run.Net, d, EvalDefaults())
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		v, err := e.Top1(t.Context(), run.Info.Space.Max(), d.Test)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if without, with := top1(scratch), top1(begins); with < without+0.1 {
		t.Errorf("top-1 is %.3f with --init and %.3f without", with, without)
	}
}

// TestInitRefuses what cannot be, before anything is written.
func TestInitRefuses(t *testing.T) {
	source := trainedMicro(t)
	for want, change := range map[string]func(*Job){
		"freeze epochs is 3, expected at most": func(j *Job) {
			j.Config.Init.FreezeEpochs, j.Config.WarmupEpochs = 3, 2
		},
		"init lr is 2, expected 0 to 1": func(j *Job) { j.Config.Init.LR = 2 },
		"nothing of --init": func(j *Job) {
			open := j.From.Open
			j.From = &Origin{"other", func() (*Trained, error) {
				r, err := open()
				r.Tensors = r.Tensors[:0]
				return r, err
			}}
		},
		"is for images with 1 channels, these have 3": func(j *Job) {
			open := j.From.Open
			j.From = &Origin{"grey", func() (*Trained, error) {
				r, err := open()
				r.Mean, r.Std = []float32{0.5}, []float32{1}
				return r, err
			}}
		},
	} {
		j := from(microJob(t, filepath.Join(t.TempDir(), "run")), source.Dir)
		change(&j)
		if _, err := Train(t.Context(), j); !errors.Is(err, ErrConfig) ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
		if _, err := os.Stat(filepath.Join(j.Dir, runFile)); err == nil {
			t.Errorf("%s: a run is there all the same", want)
		}
	}
}

// TestFreezeUntilShrinking: what is taken over may stand still up to where shrinking begins, and no
// longer, whatever the epochs are. What is expected is counted in whole hundredths of an epoch.
func TestFreezeUntilShrinking(t *testing.T) {
	start := &Start{Taken: Taken{WeightsTaken: 99, WeightsFresh: 1}, Trained: 1}
	for epochs := 1; epochs <= 130; epochs++ {
		rise := min(500, 5*epochs)
		for tenths := 0; tenths <= 10*epochs; tenths++ {
			c := Defaults()
			c.Epochs, c.Init = epochs, Init{FreezeEpochs: float64(tenths) / 10, LR: 1}
			_, err := start.complete(c)
			if want := 10*tenths+rise <= 100*epochs; want != (err == nil) {
				t.Fatalf("%d epochs with %d tenths of one frozen: %v", epochs, tenths, err)
			}
			c.EpsilonEpochs = 0.3
			c.WarmupEpochs = float64(tenths+3) / 10
			if tenths+3 > 10*epochs {
				continue
			}
			if _, err := start.complete(c); err != nil {
				t.Fatalf("%d epochs with %d tenths of one frozen, shrinking then: %v", epochs,
					tenths, err)
			}
			c.Init.FreezeEpochs += 0.01
			if _, err := start.complete(c); !errors.Is(err, ErrConfig) {
				t.Fatalf("%d epochs with %d tenths of one frozen, shrinking before: %v", epochs,
					tenths, err)
			}
		}
	}
}

// TestInitDefaultLR: without a rate, a run that takes over has one in proportion to the batch; what
// was asked for stays, and so does the rate of a run that takes nothing over.
func TestInitDefaultLR(t *testing.T) {
	source := trainedMicro(t)
	t.Chdir(filepath.Dir(source.Dir))
	for _, c := range []struct {
		batch    int
		lr, want float64
		note     bool
	}{{32, Auto, 0.0075, true}, {128, Auto, 0.03, true}, {16, 0.1, 0.1, false},
		{16, 1e-3, 1e-3, false}} {
		j := from(microJob(t, ""), source.Dir)
		j.Config.Batch, j.Config.LR = c.batch, c.lr
		p, err := NewPlan(t.Context(), j)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Phases[0].LR; math.Abs(got-c.want) > 1e-12 {
			t.Errorf("batch %d, rate %g: %g, want %g", c.batch, c.lr, got, c.want)
		}
		if !strings.HasPrefix(p.Notes[0], "begins with "+filepath.Base(source.Dir)+": ") {
			t.Errorf("%q does not name the folder as it is from here", p.Notes[0])
		}
		if text := strings.Join(p.Notes, "\n"); strings.Contains(text, "0.03 for a --batch of 128") !=
			c.note {
			t.Errorf("batch %d, rate %g: notes %s", c.batch, c.lr, text)
		}
	}
	if lr := source.Info.Config.LR; lr != 0.1 {
		t.Errorf("a run with random weights has the rate %g", lr)
	}
}

// TestInitDefaultLRResumes: with the same flags it is the same run, also with more epochs, and also
// one whose default was another.
func TestInitDefaultLRResumes(t *testing.T) {
	source := trainedMicro(t)
	for _, lr := range []float64{Auto, 0.1} {
		j := from(microJob(t, t.TempDir()), source.Dir)
		j.Config.Strategy, j.Config.Epochs, j.Config.LR = Full, 1, lr
		first := train(t, j).Info.Config.LR
		j.Resume, j.Config.LR = true, Auto
		if again := train(t, j).Info.Config.LR; again != first {
			t.Errorf("resumed, the rate is %g, and was %g", again, first)
		}
		if more := train(t, longer(j, 2)).Info.Config.LR; more != first {
			t.Errorf("extended, the rate is %g, and was %g", more, first)
		}
		j.Config.LR = 0.05
		if _, err := Train(t.Context(), longer(j, 2)); !errors.Is(err, ErrConfig) ||
			!strings.Contains(err.Error(), "asked for 0.05") {
			t.Errorf("resumed with another rate: %v", err)
		}
	}
}

// TestRunWithoutInit has nothing of it in run.json.
func TestRunWithoutInit(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(trainedMicro(t).Dir, runFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{`"init"`, `"start"`, `"extended"`} {
		if bytes.Contains(text, []byte(field)) {
			t.Errorf("run.json has %s", field)
		}
	}
}

// TestPlanSaysWhy: the plan of a run that takes over says what is new, and when and why shrinking
// begins.
func TestPlanSaysWhy(t *testing.T) {
	source := trainedMicro(t)
	j := pictures(t, source.Dir)
	j.Config.Epochs = 20
	p, err := NewPlan(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(p.Notes, "\n")
	for _, want := range []string{"begins with " + source.Dir, "head.classifier.weight",
		"shrinking begins at epoch 2 of 20", "comes trained; until then it trains alone"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	names := slices.Collect(maps.Keys(byName(source.Net)))
	if len(names) == 0 || len(p.Phases) != 3 || p.Phases[0].Steps != 2*p.StepsPerEpoch {
		t.Errorf("phases %+v of %d steps an epoch", p.Phases, p.StepsPerEpoch)
	}
}

// TestKillInit kills a process while it trains what it took over, frozen, freed and extended; what
// resumes ends with the same bits.
func TestKillInit(t *testing.T) {
	job := func(dir, source string, epochs int) Job {
		j := from(microJob(t, dir), source)
		j.Config.Strategy, j.Config.Epochs = Full, epochs
		j.Config.Init, j.Config.Seed = Init{FreezeEpochs: 1, LR: 0.5}, 8
		return j
	}
	if dir := os.Getenv("TAILOR_TEST_KILL_DIR"); dir != "" {
		at, _ := strconv.Atoi(os.Getenv("TAILOR_TEST_KILL_STEP"))
		epochs, _ := strconv.Atoi(os.Getenv("TAILOR_TEST_KILL_EPOCHS"))
		j := job(dir, os.Getenv("TAILOR_TEST_KILL_SOURCE"), epochs)
		j.Resume = true
		j.Progress = func(p Progress) {
			if p.Step == at {
				self, _ := os.FindProcess(os.Getpid())
				_ = self.Kill()
				select {}
			}
		}
		train(t, j)
		return
	}
	source := trainedMicro(t).Dir
	want := job(t.TempDir(), source, 2)
	train(t, want)
	want.Config.Epochs, want.Resume = 3, true
	j := job(t.TempDir(), source, 2)
	kill := func(at, epochs string) {
		c := exec.Command(os.Args[0], "-test.run", "^TestKillInit$")
		c.Env = append(os.Environ(), "TAILOR_TEST_KILL_DIR="+j.Dir, "TAILOR_TEST_KILL_STEP="+at,
			"TAILOR_TEST_KILL_EPOCHS="+epochs, "TAILOR_TEST_KILL_SOURCE="+source)
		if err := c.Run(); err == nil {
			t.Fatal("the process was not killed")
		}
	}
	kill("5", "2")
	kill("14", "2")
	j.Resume = true
	train(t, j)
	kill("24", "3")
	j.Config.Epochs = 3
	if got := train(t, j); got.State.WeightsSHA256 != train(t, want).State.WeightsSHA256 {
		t.Error("killed and resumed, the run has other weights")
	}
}
