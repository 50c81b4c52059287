package data_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/tailor-nas/tailor/internal/data"
)

// counted is a set whose image i is filled with i; image bad cannot be read.
type counted struct{ n, bad int }

var errBad = errors.New("bad image")

func (c counted) Len() int        { return c.n }
func (c counted) Label(i int) int { return i % 10 }
func (c counted) Image(i int, dst []uint8) error {
	if i == c.bad {
		return errBad
	}
	for j := range dst {
		dst[j] = uint8(i)
	}
	return nil
}

// good has n images that can all be read.
func good(n int) counted { return counted{n, -1} }

func mustLoad(t testing.TB, s data.Set, size, channels int, c data.LoaderConfig) *data.Loader {
	t.Helper()
	l, err := data.NewLoader(s, size, channels, c)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// epoch collects the images of an epoch by number, from images of counted.
func epoch(t *testing.T, l *data.Loader, e, from int) (images []int, sizes []int) {
	t.Helper()
	next := from
	for b, err := range l.Epoch(t.Context(), e, from) {
		if err != nil {
			t.Fatal(err)
		}
		if b.Index != next || len(b.Labels) != b.N || len(b.X) != b.N*b.Size*b.Size*b.Channels {
			t.Errorf("batch %d of %d images has %d labels and %d values; want batch %d", b.Index,
				b.N, len(b.Labels), len(b.X), next)
		}
		next++
		for k := range b.N {
			i := int(math.Round(float64(b.X[k*len(b.X)/b.N]) * 255))
			if b.Labels[k] != int32(i%10) {
				t.Errorf("image %d has label %d", i, b.Labels[k])
			}
			images = append(images, i)
		}
		sizes = append(sizes, b.N)
	}
	if next != l.Batches() {
		t.Errorf("the epoch ended before batch %d of %d", next, l.Batches())
	}
	return images, sizes
}

func TestLoaderOrder(t *testing.T) {
	plain := mustLoad(t, good(103), 2, 3, data.LoaderConfig{Batch: 10})
	images, sizes := epoch(t, plain, 0, 0)
	for i, v := range images {
		if i != v {
			t.Fatalf("unshuffled order %v", images)
		}
	}
	if plain.Batches() != 11 || sizes[10] != 3 || len(images) != 103 {
		t.Errorf("%d batches of %v", plain.Batches(), sizes)
	}
	dropping := mustLoad(t, good(103), 2, 3, data.LoaderConfig{Batch: 10, DropLast: true})
	if images, _ := epoch(t, dropping, 0, 0); dropping.Batches() != 10 || len(images) != 100 {
		t.Errorf("DropLast leaves %d batches of %d images", dropping.Batches(), len(images))
	}
	shuffled := mustLoad(t, good(103), 2, 3, data.LoaderConfig{Batch: 10, Shuffle: true})
	one, _ := epoch(t, shuffled, 1, 0)
	two, _ := epoch(t, shuffled, 2, 0)
	if slices.Equal(one, two) || slices.IsSorted(one) {
		t.Error("epochs are not shuffled anew")
	}
	for _, images := range [][]int{one, two} {
		slices.Sort(images)
		if len(slices.Compact(images)) != 103 {
			t.Error("a shuffled epoch does not show every image once")
		}
	}
}

func TestLoaderFrom(t *testing.T) {
	l := mustLoad(t, good(50), 2, 1, data.LoaderConfig{Batch: 8, Shuffle: true, Seed: 3})
	whole, _ := epoch(t, l, 5, 0)
	for from := range l.Batches() {
		if rest, _ := epoch(t, l, 5, from); !slices.Equal(rest, whole[8*from:]) {
			t.Errorf("the epoch from batch %d differs from the whole one's rest", from)
		}
	}
	for b, err := range l.Epoch(t.Context(), 5, l.Batches()) {
		t.Errorf("a batch after the last: %v, %v", b, err)
	}
	for _, bad := range [][2]int{{0, -1}, {0, 8}, {-1, 0}} {
		n := 0
		for b, err := range l.Epoch(t.Context(), bad[0], bad[1]) {
			if n++; b != nil || err == nil || n > 1 {
				t.Errorf("epoch %d from %d: %v, %v", bad[0], bad[1], b, err)
			}
		}
	}
}

// TestLoaderIgnoresWorkers compares all values of an augmented epoch over numbers of workers and
// buffers.
func TestLoaderIgnoresWorkers(t *testing.T) {
	d := mustOpen(t, "synthetic", data.Options{Size: 12, Train: 60, Test: 10, Holdout: -1})
	var want []float32
	for _, workers := range []int{1, 2, 7} {
		for _, prefetch := range []int{1, 3, 20} {
			c := data.LoaderConfig{Batch: 7, Seed: 2, Shuffle: true,
				Transform: d.DefaultTransform(), Workers: workers, Prefetch: prefetch}
			l := mustLoad(t, d.Train, d.Size, d.Channels, c)
			var got []float32
			for b, err := range l.Epoch(t.Context(), 4, 0) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, b.X...)
			}
			if want == nil {
				want = got
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d workers, %d batches ahead: other values", workers, prefetch)
			}
		}
	}
}

// TestLoaderAugments: an image's view depends on its number in the set, not on its place in the
// epoch.
func TestLoaderAugments(t *testing.T) {
	d := mustOpen(t, "synthetic", data.Options{Size: 12, Train: 20, Test: 10, Holdout: -1})
	c := data.LoaderConfig{Batch: 20, Seed: 2, Transform: data.Transform{Flip: true, Pad: 3}}
	views := func(c data.LoaderConfig, epoch int) map[string]int {
		seen := map[string]int{}
		for b, err := range mustLoad(t, d.Train, d.Size, d.Channels, c).Epoch(t.Context(), epoch,
			0) {
			if err != nil {
				t.Fatal(err)
			}
			for k := range b.N {
				seen[fmt.Sprint(b.X[k*12*12*3:(k+1)*12*12*3])]++
			}
		}
		return seen
	}
	common := func(a, b map[string]int) int {
		n := 0
		for v := range a {
			n += b[v]
		}
		return n
	}
	shuffled := c
	shuffled.Shuffle = true
	if n := common(views(c, 1), views(shuffled, 1)); n != 20 {
		t.Errorf("shuffling changed the views of %d of 20 images", 20-n)
	}
	if n := common(views(c, 1), views(c, 2)); n > 5 {
		t.Errorf("%d of 20 views are the same in the next epoch", n)
	}
}

// TestLoaderLeavesNothing runs in a bubble that ends only when all its goroutines have, whichever
// way an epoch ends.
func TestLoaderLeavesNothing(t *testing.T) {
	for name, body := range map[string]func(ctx context.Context, cancel func(),
		l *data.Loader) error{
		"break": func(ctx context.Context, _ func(), l *data.Loader) error {
			for range l.Epoch(ctx, 0, 0) {
				break
			}
			return nil
		},
		"cancel": func(ctx context.Context, cancel func(), l *data.Loader) error {
			var last error
			for b, err := range l.Epoch(ctx, 0, 0) {
				cancel()
				if last = err; (b == nil) != (err != nil) {
					return fmt.Errorf("batch %v with error %v", b, err)
				}
			}
			if !errors.Is(last, context.Canceled) {
				return fmt.Errorf("last error %v: want context.Canceled", last)
			}
			return nil
		},
		"cancelled before": func(ctx context.Context, cancel func(), l *data.Loader) error {
			cancel()
			n := 0
			for b, err := range l.Epoch(ctx, 0, 0) {
				if n++; b != nil || !errors.Is(err, context.Canceled) {
					return fmt.Errorf("batch %v with error %v", b, err)
				}
			}
			if n != 1 {
				return fmt.Errorf("%d iterations: want 1", n)
			}
			return nil
		},
		"panic": func(ctx context.Context, _ func(), l *data.Loader) error {
			defer func() { _ = recover() }()
			for range l.Epoch(ctx, 0, 0) {
				panic("in the loop")
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				l := mustLoad(t, good(200), 4, 3, data.LoaderConfig{Batch: 8, Workers: 3,
					Prefetch: 5})
				if err := body(ctx, cancel, l); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestLoaderReportsImages(t *testing.T) {
	l := mustLoad(t, counted{50, 33}, 2, 3, data.LoaderConfig{Batch: 10, Workers: 4, Prefetch: 4})
	var batches int
	var last error
	for b, err := range l.Epoch(t.Context(), 7, 0) {
		if last = err; b != nil {
			batches++
		}
	}
	if batches != 3 || !errors.Is(last, errBad) || !strings.Contains(last.Error(),
		"epoch 7, batch 3") || !strings.Contains(last.Error(), "image 33") {
		t.Errorf("%d batches, then error %v", batches, last)
	}
}

func TestLoaderTwiceAtOnce(t *testing.T) {
	l := mustLoad(t, good(100), 2, 3, data.LoaderConfig{Batch: 9, Shuffle: true})
	want, _ := epoch(t, l, 3, 0)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var got []int
			for b, err := range l.Epoch(context.Background(), 3, 0) {
				if err != nil {
					t.Error(err)
					return
				}
				for k := range b.N {
					got = append(got, int(math.Round(float64(b.X[k*12])*255)))
				}
			}
			if !slices.Equal(got, want) {
				t.Error("epochs running at once disturb each other")
			}
		})
	}
	wg.Wait()
}

// TestLoaderReusesBuffers measures what later epochs allocate against the size of one batch.
func TestLoaderReusesBuffers(t *testing.T) {
	const size, batch = 64, 32
	l := mustLoad(t, good(10*batch), size, 3, data.LoaderConfig{Batch: batch, Shuffle: true,
		Workers: 2})
	run := func(e int) {
		for _, err := range l.Epoch(t.Context(), e, 0) {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	run(0)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run(1)
	runtime.ReadMemStats(&after)
	if n, image := after.TotalAlloc-before.TotalAlloc, uint64(size*size*3*4); n > image {
		t.Errorf("an epoch of %d images allocates %d bytes, more than one image of %d", 10*batch, n,
			image)
	}
}

func TestNewLoaderNamesTheWrongField(t *testing.T) {
	nan := float32(math.NaN())
	ok := data.LoaderConfig{Batch: 4}
	for _, c := range []struct {
		set            data.Set
		size, channels int
		config         data.LoaderConfig
		says           string
	}{
		{nil, 4, 3, ok, "no images"},
		{good(0), 4, 3, ok, "no images"},
		{good(9), 0, 3, ok, "size is 0"},
		{good(9), 4, 2, ok, "channels is 2"},
		{good(9), 4, 3, data.LoaderConfig{}, "LoaderConfig.Batch is 0"},
		{good(9), 4, 3, data.LoaderConfig{Batch: 1 << 30}, "LoaderConfig.Batch"},
		{good(9), 4, 3, data.LoaderConfig{Batch: 10, DropLast: true}, "LoaderConfig.Batch is 10"},
		{good(9), 4, 3, data.LoaderConfig{Batch: 4, Prefetch: -1}, "LoaderConfig.Prefetch"},
		{good(9), 4, 3, data.LoaderConfig{Batch: 4, Workers: -1}, "LoaderConfig.Workers"},
		{good(9), 4, 3, data.LoaderConfig{Batch: 4,
			Transform: data.Transform{Mean: []float32{0, 0, nan}}}, "Transform.Mean[2]"},
	} {
		_, err := data.NewLoader(c.set, c.size, c.channels, c.config)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("error %v does not say %q", err, c.says)
		}
	}
}

func BenchmarkEpoch(b *testing.B) {
	d, err := data.Open("synthetic", data.Options{Train: 2000, Test: 10, Holdout: -1})
	if err != nil {
		b.Fatal(err)
	}
	l := mustLoad(b, d.Train, 32, 3, data.LoaderConfig{Batch: 128, Shuffle: true, Workers: 1,
		Transform: d.DefaultTransform()})
	for b.Loop() {
		for _, err := range l.Epoch(b.Context(), 0, 0) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(2000*float64(b.N)/b.Elapsed().Seconds(), "img/s")
}
