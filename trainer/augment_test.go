package trainer

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/supernet"
)

// strongJob is a microJob with all that this package knows to do with images and classes.
func strongJob(t *testing.T, dir string) Job {
	j := microJob(t, dir)
	strong, err := LoadAugment("strong")
	if err != nil {
		t.Fatal(err)
	}
	j.Config.Augment, j.Config.ClassWeights, j.Config.LRWarmupEpochs = strong, SqrtWeights, .5
	j.Config.Epochs, j.Config.WarmupEpochs = 2, 1
	return j
}

// TestAugmentedBits: the bits do not depend on the workers, nor on interruptions.
func TestAugmentedBits(t *testing.T) {
	want := train(t, strongJob(t, t.TempDir())).State.WeightsSHA256
	light := strongJob(t, t.TempDir())
	light.Config.Augment = Augment{}
	if train(t, light).State.WeightsSHA256 == want {
		t.Error("augmentation changes nothing")
	}
	j := strongJob(t, t.TempDir())
	j.Workers = 1
	for _, at := range []int{3, 9, 14} {
		ctx, cancel := context.WithCancel(t.Context())
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
	}
	j.Progress, j.Workers = nil, 4
	if got := train(t, j).State.WeightsSHA256; got != want {
		t.Errorf("interrupted, with 1 worker and 4: weights %.12s, want %.12s", got, want)
	}
}

// TestResumeSaysWhichAugmentation differs.
func TestResumeSaysWhichAugmentation(t *testing.T) {
	j := strongJob(t, filepath.Join(t.TempDir(), "run"))
	j.Config.Epochs, j.Config.WarmupEpochs, j.Config.Strategy = 1, 0, Full
	train(t, j)
	for want, change := range map[string]func(*Job){
		"with --augment strong, asked for light": func(j *Job) { j.Config.Augment = Augment{} },
		"with --augment of mixup 0.2, asked for 0.3": func(j *Job) {
			j.Config.Augment.Mixup = .3
		},
		"with --class-weights sqrt, asked for none":  func(j *Job) { j.Config.ClassWeights = "" },
		"with --size 16, asked for 20":               func(j *Job) { j.Size = 20 },
		"with --lr-warmup-epochs 0.5, asked for 0.1": func(j *Job) { j.Config.LRWarmupEpochs = .1 },
	} {
		other := j
		other.Resume = true
		change(&other)
		if _, err := Train(t.Context(), other); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	bad := j
	bad.Dir, bad.Size = t.TempDir(), 12
	if _, err := Train(t.Context(), bad); !errors.Is(err, ErrConfig) {
		t.Errorf("error %v about images smaller than the space's", err)
	}
}

// TestRunOfBefore: a run that does not say, as those of version 2, was trained with light, and by
// the rules that were the only ones.
func TestRunOfBefore(t *testing.T) {
	dir := t.TempDir()
	info, _, err := newInfo(microJob(t, dir), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := info.Config
	c := &info.Config
	c.Augment, c.ClassWeights, c.Multipliers = Augment{}, "", Multipliers{}
	c.Sampling, c.Resolution, c.Distill, c.Aggregation = "", "", "", ""
	if err := store.WriteDocument(filepath.Join(dir, runFile), runKind, 2, info); err != nil {
		t.Fatal(err)
	}
	var old Info
	if err := old.read(dir); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(old.Config, want) || old.Config.Augment.Preset != "light" {
		t.Errorf("it is read as %+v, want %+v", old.Config, want)
	}
}

// labelled is a set of so many images of each class.
type labelled []int

func (l labelled) Len() (n int) {
	for _, k := range l {
		n += k
	}
	return n
}

func (l labelled) Label(i int) int {
	for c, k := range l {
		if i < k {
			return c
		}
		i -= k
	}
	panic("no such image")
}

func (l labelled) Image(int, []uint8) error { return nil }

// TestClassWeights: the mean over the images is 1; balanced classes count alike, and sqrt ones by
// the root of their number.
func TestClassWeights(t *testing.T) {
	set := labelled{16, 4, 0, 1}
	if EqualWeights.of(set, 4) != nil {
		t.Error("equal classes have weights")
	}
	for w, power := range map[ClassWeights]float64{Balanced: 1, SqrtWeights: .5} {
		weights, mean := w.of(set, 4), 0.
		for c, n := range set {
			mean += float64(weights[c]) * float64(n) / float64(set.Len())
			if n == 0 {
				continue
			}
			want := float64(weights[0]) * math.Pow(16/float64(n), power)
			if math.Abs(float64(weights[c])-want) > 1e-5*want {
				t.Errorf("%s: class %d of %d images counts %v, want %v", w, c, n, weights[c], want)
			}
		}
		if math.Abs(mean-1) > 1e-6 {
			t.Errorf("%s: the mean is %v", w, mean)
		}
	}
}

// TestTargets compares the loss of a weighted mixture with that of its parts: each label with its
// class's weight and its share.
func TestTargets(t *testing.T) {
	const share = .3
	c := changed(t, func(c *Config) { c.Batch, c.ClassWeights = 4, Balanced })
	pool := nn.NewPool(1)
	defer pool.Close()
	s := newStepper(c, supernet.New(micro(t), 1), pool)
	s.weigh(labelled{10, 20, 5, 40, 1, 1, 1, 1, 1, 1})
	b := &data.Batch{N: 4, Labels: []int32{0, 1, 2, 3}, Others: []int32{1, 2, 3, 3}, Share: share}
	logits, grad := make([]float32, 40), make([]float32, 40)
	for i := range logits {
		logits[i] = float32(math.Sin(float64(i)))
	}
	target, weights := s.targets(b)
	got := nn.CrossEntropyOfRows(grad, logits, target, weights, 10, 1, 1)
	want := 0.
	for i := range b.Labels {
		for label, part := range map[int32]float64{b.Labels[i]: share, b.Others[i]: 1 - share} {
			if b.Labels[i] == b.Others[i] {
				part = 1
			}
			hard := make([]float32, 10)
			nn.SmoothLabels(hard, []int32{label}, 10, float32(c.LabelSmoothing))
			want += part * float64(s.classWeights[label]) / 4 *
				nn.CrossEntropy(grad[:10], logits[10*i:][:10], hard, 10, 1, 1)
		}
	}
	if math.Abs(got-want) > 1e-5 {
		t.Errorf("the loss is %v, that of the parts %v", got, want)
	}
}

// TestRise: the rate rises to the cosine and follows it from there on.
func TestRise(t *testing.T) {
	c := changed(t, func(c *Config) { c.Epochs, c.LRWarmupEpochs = 10, 2 })
	risen, plain := newSchedule(c, 5), newSchedule(changed(t, func(c *Config) { c.Epochs = 10 }), 5)
	for step := range 50 {
		want := plain.rate(step) * min(1, float64(step+1)/10)
		if got := risen.rate(step); math.Abs(got-want) > 1e-12 {
			t.Errorf("step %d: rate %v, want %v", step, got, want)
		}
	}
	c.LRWarmupEpochs = 11
	if _, err := c.Complete(); !errors.Is(err, ErrConfig) {
		t.Errorf("error %v about a rate that rises for longer than the run lasts", err)
	}
}
