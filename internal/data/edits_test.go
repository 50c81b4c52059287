package data_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/augment"
	"github.com/tailor-nas/tailor/internal/data"
)

// everything is a recipe with all operations.
func everything(t testing.TB) augment.Recipe {
	t.Helper()
	r, err := augment.Preset(augment.Strong)
	if err != nil {
		t.Fatal(err)
	}
	r.Brightness, r.Contrast, r.Saturation, r.Hue, r.Shift, r.Erase = .3, .3, .3, .1, .1, .5
	return r
}

type seen struct {
	x      []float32
	labels []int32
	others []int32
	share  float32
}

func epochOf(t *testing.T, l *data.Loader, epoch, from int) (all []seen) {
	t.Helper()
	for b, err := range l.Epoch(t.Context(), epoch, from) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, seen{slices.Clone(b.X), slices.Clone(b.Labels), slices.Clone(b.Others),
			b.Share})
	}
	return all
}

func sameBatches(a, b []seen) bool {
	return slices.EqualFunc(a, b, func(a, b seen) bool {
		return slices.Equal(a.x, b.x) && slices.Equal(a.labels, b.labels) &&
			slices.Equal(a.others, b.others) && a.share == b.share
	})
}

// TestRecipeIgnoresWorkers: with every operation, images depend on seed, epoch and number alone,
// from wherever an epoch is begun.
func TestRecipeIgnoresWorkers(t *testing.T) {
	for _, recipe := range []augment.Recipe{everything(t), {Preset: "none", Flip: "all", Erase: 1,
		EraseArea: [2]float64{.1, .2}}} {
		d := mustOpen(t, "synthetic", data.Options{Size: 12, Train: 60, Test: 10, Holdout: -1})
		config := data.LoaderConfig{Batch: 7, Seed: 2, Shuffle: true, DropLast: true,
			Transform: d.TrainTransform(recipe), Workers: 1}
		one := mustLoad(t, d.Train, d.Size, d.Channels, config)
		want := epochOf(t, one, 4, 0)
		config.Workers, config.Prefetch = 4, 5
		four := mustLoad(t, d.Train, d.Size, d.Channels, config)
		if !sameBatches(epochOf(t, four, 4, 0), want) {
			t.Error("4 workers give other values than 1")
		}
		if !sameBatches(epochOf(t, four, 4, 3), want[3:]) {
			t.Error("the rest of an epoch differs from that of the whole")
		}
		if sameBatches(epochOf(t, one, 5, 0), want) {
			t.Error("two epochs are the same")
		}
		config.Seed = 3
		if sameBatches(epochOf(t, mustLoad(t, d.Train, d.Size, d.Channels, config), 4, 0), want) {
			t.Error("two seeds are the same")
		}
	}
}

// TestMixedLabels: images are mixed with the one after them, whose label is the other.
func TestMixedLabels(t *testing.T) {
	recipe := augment.Recipe{Preset: "none", Flip: "none", Mixup: 1, MixShare: 1}
	plain := mustLoad(t, good(40), 2, 1, data.LoaderConfig{Batch: 8, Seed: 3, Shuffle: true})
	mixed := mustLoad(t, good(40), 2, 1, data.LoaderConfig{Batch: 8, Seed: 3, Shuffle: true,
		Transform: data.Transform{Recipe: recipe}})
	before := epochOf(t, plain, 1, 0)
	for b, got := range epochOf(t, mixed, 1, 0) {
		labels, x := before[b].labels, before[b].x
		if !slices.Equal(got.labels, labels) {
			t.Fatalf("batch %d has labels %v, want %v", b, got.labels, labels)
		}
		for i := range labels {
			next := (i + 1) % len(labels)
			want := got.share*x[4*i] + (1-got.share)*x[4*next]
			if d := got.x[4*i] - want; got.others[i] != labels[next] || d > 1e-6 || d < -1e-6 {
				t.Errorf("batch %d, image %d: %v with label %d, want %v and %d", b, i, got.x[4*i],
					got.others[i], want, labels[next])
			}
		}
	}
	if before[0].others != nil {
		t.Error("a batch without mixing has other labels")
	}
}

func TestRecipeIsChecked(t *testing.T) {
	_, err := data.NewLoader(good(4), 4, 1, data.LoaderConfig{Batch: 2,
		Transform: data.Transform{Recipe: augment.Recipe{Preset: "none", Flip: "none", Hue: 2}}})
	if err == nil || err.Error() != "data: Transform.Recipe: hue is 2, expected 0 to 0.5" {
		t.Error(err)
	}
}

// BenchmarkLoader is images a second with each preset, at some sizes, on one worker.
func BenchmarkLoader(b *testing.B) {
	for _, size := range []int{32, 96, 224} {
		d := mustOpen(b, "synthetic", data.Options{Size: size, Train: 256, Test: 10, Holdout: -1})
		for _, name := range augment.Presets() {
			b.Run(fmt.Sprintf("%d px/%s", size, name), func(b *testing.B) {
				recipe, err := augment.Preset(name)
				if err != nil {
					b.Fatal(err)
				}
				benchmarkLoader(b, d, recipe)
			})
		}
	}
}

func benchmarkLoader(b *testing.B, d *data.Dataset, recipe augment.Recipe) {
	l := mustLoad(b, d.Train, d.Size, d.Channels, data.LoaderConfig{Batch: 64, Shuffle: true,
		DropLast: true, Transform: d.TrainTransform(recipe), Workers: 1})
	images, epoch := 0, 0
	for b.Loop() {
		for batch, err := range l.Epoch(b.Context(), epoch, 0) {
			if err != nil {
				b.Fatal(err)
			}
			images += batch.N
		}
		epoch++
	}
	b.ReportMetric(float64(images)/b.Elapsed().Seconds(), "img/s")
}
