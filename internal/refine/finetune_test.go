package refine

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/internal/pipeline"
	"github.com/tailor-nas/tailor/internal/reopen"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/internal/winners"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
	"github.com/tailor-nas/tailor/trainer/prune"
)

// microWinner is the best network of a run of the micro space, and the run.
func microWinner(t *testing.T) (string, *trainer.Run) {
	t.Helper()
	run, _ := micro.Train(t, micro.ParseSpace(t, micro.SpaceYAML), 1, 20)
	return bestOf(t, run), run
}

// finetuneJob is one epoch that says nothing and times nothing for long.
func finetuneJob(t *testing.T, parent string) FinetuneJob {
	t.Helper()
	c := prune.FinetuneDefaults()
	c.Epochs, c.Batch, c.Seed = 1, 16, 3
	return FinetuneJob{Manifest: parent, Config: c, Dir: filepath.Join(t.TempDir(), "tuned"),
		Budget: time.Millisecond, Workers: 2, Say: func(string, ...any) {},
		Progress: func(string, int, int) {}}
}

func finetune(t *testing.T, j FinetuneJob) (*FinetuneResult, *manifest.Manifest,
	*supernet.Subnet) {
	t.Helper()
	r, err := Finetune(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	m, net, err := manifest.Open(r.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	return r, m, net
}

// TestFinetuneKeepsZeros: a pruned parent's zeros stay zero while the rest moves; the recipe and
// the parent's hash are in the new manifest, and what was before is as the parent measured it.
func TestFinetuneKeepsZeros(t *testing.T) {
	parent, _ := microWinner(t)
	c := prune.Defaults(prune.Magnitude, supernet.Weights)
	c.Epochs, c.Batch, c.Sparsity = 1, 16, 0.5
	pruned, err := Prune(t.Context(), PruneJob{Manifest: parent, Config: c, Workers: 1,
		Dir: filepath.Join(t.TempDir(), "pruned"), Budget: time.Millisecond,
		Progress: func(string, int, int) {}, Say: func(string, ...any) {}})
	if err != nil {
		t.Fatal(err)
	}
	was, had, err := manifest.Open(pruned.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	r, m, net := finetune(t, finetuneJob(t, pruned.Manifest))
	moved, zeros := 0, 0
	for i, before := range had.Tensors() {
		after := net.Tensors()[i]
		for k, v := range before.Data {
			if len(before.Shape) == 2 && v == 0 {
				zeros++
				if after.Data[k] != 0 {
					t.Fatalf("%s is %g at %d, where it was 0", before.Name, after.Data[k], k)
				}
			} else if after.Data[k] != v {
				moved++
			}
		}
	}
	if moved < 1000 || zeros < 100 {
		t.Errorf("%d weights moved, %d are zero", moved, zeros)
	}
	if r.Before.Top1 != was.Measured.Top1 || r.Before.NonZero != was.Pruned.After.NonZero ||
		r.Before.FileBytes != was.Pruned.After.FileBytes || r.NewClassifier {
		t.Errorf("before: %+v, but the parent had %+v", r.Before, was.Pruned.After)
	}
	f := m.Finetuned
	if f == nil || m.Pruned != nil || f.Epochs != 1 || f.Batch != 16 || f.LR != 0.02 ||
		f.Seed != 3 ||
		m.Inputs[manifest.ParentRole].SHA256 != was.SHA256 ||
		m.Inputs["data"] != (store.Input{Path: "synthetic", SHA256: was.Inputs["data"].SHA256}) {
		t.Errorf("recipe %+v of %+v", f, m.Inputs)
	}
	if len(m.Exports) != 0 || len(r.Exports) != 0 {
		t.Error("nobody asked for exports")
	}
	again, err := Prune(t.Context(), PruneJob{Manifest: r.Manifest, Config: c, Workers: 1,
		Dir: filepath.Join(t.TempDir(), "again"), Budget: time.Millisecond,
		Progress: func(string, int, int) {}, Say: func(string, ...any) {}})
	if err != nil {
		t.Fatal(err)
	}
	if m, _, err = manifest.Open(again.Manifest); err != nil || m.Finetuned != nil {
		t.Errorf("pruned after that: %+v, %v", m, err)
	}
}

// TestFinetuneOtherClasses: on images of other classes, the classifier is a new one; as long as all
// else is frozen, it alone moves. The images are normalised as the parent's, and the new network
// finds them again.
func TestFinetuneOtherClasses(t *testing.T) {
	parent, _ := microWinner(t)
	was, had, err := manifest.Open(parent)
	if err != nil {
		t.Fatal(err)
	}
	j := finetuneJob(t, parent)
	j.Images.Path = colours(t, "red", "blue")
	j.Config.FreezeEpochs = 1
	r, m, net := finetune(t, j)
	if !r.NewClassifier || !m.Finetuned.NewClassifier || r.Before.Images != 0 ||
		r.After.Images == 0 || !slices.Equal(m.Classes, []string{"blue", "red"}) {
		t.Errorf("result %+v, classes %v", r, m.Classes)
	}
	for i, before := range had.Tensors() {
		after := net.Tensors()[i]
		statistic := strings.HasSuffix(before.Name, ".mean") ||
			strings.HasSuffix(before.Name, ".var")
		classifier := strings.HasPrefix(before.Name, "head.classifier.")
		if same := slices.Equal(before.Data, after.Data); !statistic && same == classifier {
			t.Errorf("%s: the same as before is %v", before.Name, same)
		}
	}
	if !slices.Equal(m.Mean, was.Mean) || !slices.Equal(m.Std, was.Std) ||
		!slices.Equal(m.Images.Preparation.Mean, was.Mean) {
		t.Errorf("normalised with %v and %v, the parent with %v and %v", m.Mean, m.Std, was.Mean,
			was.Std)
	}
	d, err := reopen.Images(m, r.Manifest, "")
	if err != nil {
		t.Fatal(err)
	}
	if mean, _ := d.Stats(); !slices.Equal(mean, was.Mean) {
		t.Errorf("its images are normalised with %v", mean)
	}
	top1, err := reopen.Top1(t.Context(), net, d, d.Test, 1)
	if err != nil || top1 != m.Measured.Top1 {
		t.Errorf("top-1 is %g, the manifest says %g (%v)", top1, m.Measured.Top1, err)
	}
	begin, err := pipeline.OpenTrained(t.Context(), filepath.Dir(r.Manifest),
		func(string, ...any) {})
	if err != nil || begin.SHA256 != m.Weights.SHA256 || !slices.Equal(begin.Classes, m.Classes) {
		t.Errorf("to begin with: %+v, %v", begin, err)
	}
}

// TestFinetuneResumes to the same bits, shows its result again, and goes on with the same parent
// and settings alone.
func TestFinetuneResumes(t *testing.T) {
	parent, _ := microWinner(t)
	j := finetuneJob(t, parent)
	j.Config.Epochs = 2
	first, _, want := finetune(t, j)
	if _, err := Finetune(t.Context(), j); !errors.Is(err, fs.ErrExist) {
		t.Errorf("without Resume: %v", err)
	}
	j.Resume = true
	again, err := Finetune(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	if again.Seconds = first.Seconds; !reflect.DeepEqual(again, first) {
		t.Errorf("again %+v\nfirst %+v", again, first)
	}
	other := j
	other.Config.LR = 0.5
	if _, err := Finetune(t.Context(), other); !errors.Is(err, trainer.ErrConfig) ||
		!strings.Contains(err.Error(), "fine-tuning run") {
		t.Errorf("at another rate: %v", err)
	}
	changed, _ := microWinner(t)
	m, net, err := manifest.Open(changed)
	if err != nil {
		t.Fatal(err)
	}
	m.Seed++
	other = j
	if other.Manifest, err = m.Save(filepath.Join(t.TempDir(), "other"), net); err != nil {
		t.Fatal(err)
	}
	var stale *store.StaleError
	if _, err := Finetune(t.Context(), other); !errors.As(err, &stale) {
		t.Errorf("of another parent: %v", err)
	}
	j.Dir = filepath.Join(t.TempDir(), "interrupted")
	for _, at := range []int{3, 15} {
		ctx, cancel := context.WithCancel(t.Context())
		j.Progress = func(_ string, done, _ int) {
			if done == at {
				cancel()
			}
		}
		if _, err := Finetune(ctx, j); !errors.Is(err, trainer.ErrInterrupted) {
			t.Fatalf("interrupted at %d: %v", at, err)
		}
		cancel()
	}
	j.Progress = func(string, int, int) {}
	if _, _, got := finetune(t, j); !sameTensors(got, want) {
		t.Error("interrupted and resumed, the network is another one")
	}
}

// TestFinetuneAugments: another recipe gives another network, the same on any number of workers and
// after an interruption, and is in the manifest; a run goes on with the same recipe alone.
func TestFinetuneAugments(t *testing.T) {
	parent, _ := microWinner(t)
	j := finetuneJob(t, parent)
	_, _, light := finetune(t, j)
	strong, err := trainer.LoadAugment("strong")
	if err != nil {
		t.Fatal(err)
	}
	j.Config.Augment, j.Dir = strong, filepath.Join(t.TempDir(), "strong")
	_, m, want := finetune(t, j)
	if sameTensors(light, want) || m.Finetuned.Augment != strong.String() {
		t.Errorf("augmented as %q", m.Finetuned.Augment)
	}
	j.Dir, j.Workers, j.Resume = filepath.Join(t.TempDir(), "interrupted"), 1, true
	ctx, cancel := context.WithCancel(t.Context())
	j.Progress = func(_ string, done, _ int) {
		if done == 3 {
			cancel()
		}
	}
	if _, err := Finetune(ctx, j); !errors.Is(err, trainer.ErrInterrupted) {
		t.Fatalf("interrupted: %v", err)
	}
	j.Progress = func(string, int, int) {}
	other := j
	other.Config.Augment = trainer.Augment{}
	if _, err := Finetune(t.Context(), other); !errors.Is(err, trainer.ErrConfig) ||
		!strings.Contains(err.Error(), "with --augment strong, asked for light") {
		t.Errorf("with another recipe: %v", err)
	}
	if _, _, got := finetune(t, j); !sameTensors(got, want) {
		t.Error("interrupted and resumed, the network is another one")
	}
	j.Config.Augment.Hue = 3
	if _, err := Finetune(t.Context(), j); !errors.Is(err, trainer.ErrConfig) {
		t.Errorf("with a recipe that is none: %v", err)
	}
}

// TestFinetuneSubset: a network of some of the classes of its images is trained on those again; on
// other images it is trained on all classes.
func TestFinetuneSubset(t *testing.T) {
	images := colours(t, "red", "green", "blue")
	j := trainer.NewJob(filepath.Join(t.TempDir(), "run"), micro.ParseSpace(t, micro.SpaceYAML),
		images)
	j.Classes, j.Config.Epochs, j.Config.Batch = []string{"red", "green"}, 1, 20
	run, err := trainer.Train(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	parent := bestOf(t, run)
	tune := finetuneJob(t, parent)
	for _, path := range []string{"", images} {
		tune.Dir, tune.Images.Path = filepath.Join(t.TempDir(), "tuned"), path
		r, m, _ := finetune(t, tune)
		if r.NewClassifier || !m.Images.Subset || !slices.Equal(m.Classes, j.Classes) {
			t.Errorf("on %q: %v, %+v", path, m.Classes, m.Images)
		}
	}
	tune.Dir, tune.Images.Path = filepath.Join(t.TempDir(), "tuned"), colours(t, "green", "red",
		"grey")
	r, m, _ := finetune(t, tune)
	if !r.NewClassifier || m.Images.Subset || len(m.Classes) != 3 {
		t.Errorf("on other images: %v, %+v", m.Classes, m.Images)
	}
}

// bestOf is the manifest of the best network of a run.
func bestOf(t *testing.T, run *trainer.Run) string {
	t.Helper()
	d, err := run.OpenData("")
	if err != nil {
		t.Fatal(err)
	}
	found, err := winners.Search(t.Context(), winners.Job{
		Config: optimize.Defaults(), Space: run.Info.Space, Run: run, Data: d,
		Accuracy: micro.Accuracy(t, run.Info.Space, run.State.WeightsSHA256),
		Limits:   []search.Limits{{}}, Dir: t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return found.Winners[0].Manifest
}

// colours writes a folder of pictures, 40 of each class, the one redder than the next.
func colours(t *testing.T, classes ...string) string {
	t.Helper()
	dir := t.TempDir()
	for c, class := range classes {
		if err := os.MkdirAll(filepath.Join(dir, class), 0o755); err != nil {
			t.Fatal(err)
		}
		for i := range 40 {
			img := image.NewNRGBA(image.Rect(0, 0, 16, 16))
			for p := range 16 * 16 {
				img.SetNRGBA(p%16, p/16, color.NRGBA{uint8(200 - 150*c + p%40), uint8(i),
					uint8(100*c + p/16), 255})
			}
			f, err := os.Create(filepath.Join(dir, class, fmt.Sprintf("%d.png", i)))
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(png.Encode(f, img), f.Close()); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}
