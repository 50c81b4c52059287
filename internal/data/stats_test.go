package data_test

import (
	"errors"
	"math"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
)

// TestStats compares with the definition in float64 over a set small enough to be taken whole.
func TestStats(t *testing.T) {
	d := mustOpen(t, "synthetic", data.Options{Train: 200, Test: 10, Size: 9})
	mean, std := d.Stats()
	pixels, _ := all(t, d, d.Train)
	for c := range 3 {
		m, n := 0.0, float64(len(pixels)/3)
		for i := c; i < len(pixels); i += 3 {
			m += float64(pixels[i]) / 255 / n
		}
		v := 0.0
		for i := c; i < len(pixels); i += 3 {
			v += math.Pow(float64(pixels[i])/255-m, 2) / n
		}
		if !near(mean[c], float32(m), 1e-6) || !near(std[c], float32(math.Sqrt(v)), 1e-6) {
			t.Errorf("channel %d: mean %v and std %v, want %v and %v", c, mean[c], std[c], m,
				math.Sqrt(v))
		}
	}
}

// constant is a set of n images of one byte each, of which every second cannot be read.
type constant struct{ n int }

func (c constant) Len() int      { return c.n }
func (c constant) Label(int) int { return 0 }
func (c constant) Image(i int, dst []uint8) error {
	if i%2 == 1 {
		return errors.New("unreadable")
	}
	for j := range dst {
		dst[j] = 51
	}
	return nil
}

func TestStatsOfOddSets(t *testing.T) {
	d := &data.Dataset{Channels: 1, Size: 2, Train: constant{6}}
	if mean, std := d.Stats(); !near(mean[0], .2, 1e-6) || std[0] <= 0 {
		t.Errorf("constant images: mean %v, std %v: want 0.2 and something to divide by", mean, std)
	}
	d.Train = constant{0}
	if mean, std := d.Stats(); mean[0] != 0 || std[0] != 1 {
		t.Errorf("no images: mean %v, std %v: want 0 and 1", mean, std)
	}
}

func TestDefaultTransform(t *testing.T) {
	for path, want := range map[string]data.Transform{
		"synthetic": {Flip: true, Pad: 3}, digits().folder(t): {Flip: false, Pad: 3},
		cifar10().folder(t): {Flip: true, Pad: 3},
	} {
		d := mustOpen(t, path, data.Options{Size: 24, Train: 20, Test: 10, Holdout: -1})
		tr := d.DefaultTransform()
		mean, _ := d.Stats()
		if tr.Flip != want.Flip || tr.Pad != want.Pad || len(tr.Std) != d.Channels ||
			tr.Mean[0] != mean[0] {
			t.Errorf("%s: transform %+v", d.Name, tr)
		}
		if _, err := data.NewLoader(d.Train, d.Size, d.Channels, data.LoaderConfig{Batch: 4,
			Transform: tr}); err != nil {
			t.Errorf("%s: %v", d.Name, err)
		}
	}
}
