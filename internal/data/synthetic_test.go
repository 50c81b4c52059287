package data_test

import (
	"bytes"
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
)

func TestSynthetic(t *testing.T) {
	o := data.Options{Train: 60, Test: 20, Seed: 5, Holdout: -1}
	d := mustOpen(t, "synthetic", o)
	if d.Channels != 3 || d.Size != 32 || len(d.Classes) != 10 || d.Train.Len() != 60 ||
		d.Test.Len() != 20 {
		t.Fatalf("%d channels, size %d, classes %q, parts of %d and %d", d.Channels, d.Size,
			d.Classes, d.Train.Len(), d.Test.Len())
	}
	pixels, labels := all(t, d, d.Train)
	var counts [10]int
	for _, l := range labels {
		counts[l]++
	}
	if counts != [10]int{6, 6, 6, 6, 6, 6, 6, 6, 6, 6} {
		t.Errorf("class counts %v", counts)
	}
	test, _ := all(t, d, d.Test)
	if bytes.Equal(pixels[:len(test)], test) {
		t.Error("train and test are the same images")
	}
	// Image i does not depend on how many there are, nor on whether they are drawn at once.
	o.Train = 30
	fewer := mustOpen(t, "synthetic", o)
	if p, _ := all(t, fewer, fewer.Train); !bytes.Equal(p, pixels[:len(p)]) {
		t.Error("images depend on their number")
	}
	lazy, err := data.OpenLimited("synthetic", o, 0, 0, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	if p, _ := all(t, lazy, lazy.Train); !bytes.Equal(p, pixels[:len(p)]) ||
		lazy.SHA256 != fewer.SHA256 {
		t.Error("images depend on the memory budget")
	}
	o.Seed = 6
	other := mustOpen(t, "synthetic", o)
	if p, _ := all(t, other, other.Train); bytes.Equal(p, pixels[:len(p)]) ||
		other.SHA256 == fewer.SHA256 {
		t.Error("two seeds give the same images")
	}
}

func TestSyntheticIgnoresProcessors(t *testing.T) {
	o := data.Options{Train: 40, Test: 10}
	many := mustOpen(t, "synthetic", o)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one := mustOpen(t, "synthetic", o)
	if one.SHA256 != many.SHA256 {
		t.Error("images depend on the number of processors")
	}
}

// TestSyntheticNeedsForm classifies by what a linear model can see at best: the mean colour and its
// spread, and the nearest class mean in pixels. Both must be poor, or the set would not need a
// network. Chance is 10 %.
func TestSyntheticNeedsForm(t *testing.T) {
	d := mustOpen(t, "synthetic", data.Options{Train: 1500, Test: 500, Size: 16, Holdout: -1})
	for name, features := range map[string]func([]byte) []float64{"colour": colourOf,
		"pixels": pixelsOf} {
		if acc := nearestMean(t, d, features); acc > .35 {
			t.Errorf("%s alone tell the class of %.0f %% of the images", name, 100*acc)
		} else {
			t.Logf("%s: %.1f %%", name, 100*acc)
		}
	}
}

func colourOf(p []byte) []float64 {
	f := make([]float64, 6)
	for i, v := range p {
		f[i%3] += float64(v)
		f[3+i%3] += float64(v) * float64(v) / 255
	}
	return f
}

func pixelsOf(p []byte) []float64 {
	f := make([]float64, len(p))
	for i, v := range p {
		f[i] = float64(v)
	}
	return f
}

func nearestMean(t *testing.T, d *data.Dataset, features func([]byte) []float64) float64 {
	n := d.Size * d.Size * d.Channels
	pixels, labels := all(t, d, d.Train)
	means := make([][]float64, 10)
	for i, l := range labels {
		f := features(pixels[i*n : (i+1)*n])
		if means[l] == nil {
			means[l] = make([]float64, len(f))
		}
		for j, v := range f {
			means[l][j] += v * 10 / float64(len(labels))
		}
	}
	right := 0
	pixels, labels = all(t, d, d.Test)
	for i, l := range labels {
		best, nearest := math.Inf(1), 0
		for c, m := range means {
			sum := 0.0
			for j, v := range features(pixels[i*n : (i+1)*n]) {
				sum += (v - m[j]) * (v - m[j])
			}
			if sum < best {
				best, nearest = sum, c
			}
		}
		if nearest == l {
			right++
		}
	}
	return float64(right) / float64(len(labels))
}

// TestSyntheticSizes renders the same scenes at other sizes: shrunk by averaging, a large one must
// resemble a small one.
func TestSyntheticSizes(t *testing.T) {
	small := mustOpen(t, "synthetic", data.Options{Train: 20, Test: 1, Size: 16, Holdout: -1})
	large := mustOpen(t, "synthetic", data.Options{Train: 20, Test: 1, Size: 64, Holdout: -1})
	a, _ := all(t, small, small.Train)
	b, _ := all(t, large, large.Train)
	var diffs []float64
	for i := range 20 {
		sum := 0.0
		for p := range 16 * 16 {
			for c := range 3 {
				mean := 0.0
				for q := range 16 {
					mean += float64(b[((i*64+p/16*4+q/4)*64+p%16*4+q%4)*3+c]) / 16
				}
				sum += math.Abs(mean - float64(a[(i*256+p)*3+c]))
			}
		}
		diffs = append(diffs, sum/(16*16*3))
	}
	// The noise of the small one has a standard deviation of up to 18; unrelated images differ by
	// 80.
	slices.Sort(diffs)
	if diffs[len(diffs)-1] > 25 {
		t.Errorf("mean differences %.1f", diffs)
	}
}
