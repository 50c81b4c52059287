package data_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
)

func TestSubset(t *testing.T) {
	d := mustOpen(t, numbered(t, 60, 10), data.Options{})
	train := numbers(t, d, d.Train)
	for _, n := range []int{-3, 0, 1, 20, 54, 1000} {
		s := data.Subset(d.Train, n, 4)
		got := numbers(t, d, s)
		if want := min(max(n, 0), 54); len(got) != want {
			t.Errorf("%d of 54 images: got %d", n, len(got))
		}
		if !slices.Equal(got, numbers(t, d, data.Subset(d.Train, n, 4))) {
			t.Errorf("%d images: not fixed by the seed", n)
		}
		slices.Sort(got)
		if len(slices.Compact(slices.Clone(got))) != len(got) {
			t.Errorf("%d images: some twice: %v", n, got)
		}
		for _, i := range got {
			if !slices.Contains(train, i) {
				t.Errorf("%d images: %d is not of the set", n, i)
			}
		}
	}
	one, two := data.Subset(d.Train, 20, 1), data.Subset(d.Train, 20, 2)
	if slices.Equal(numbers(t, d, one), numbers(t, d, two)) {
		t.Error("two seeds choose the same images")
	}
	deep := data.Subset(data.Subset(one, 10, 3), 5, 3)
	for _, i := range numbers(t, d, deep) {
		if !slices.Contains(numbers(t, d, one), i) {
			t.Errorf("a subset of a subset has image %d from outside", i)
		}
	}
}

func TestImageChecksItsBuffer(t *testing.T) {
	idx := mustOpen(t, numbered(t, 10, 10), data.Options{})
	drawn := mustOpen(t, "synthetic", data.Options{Size: 8, Train: 10, Test: 10})
	for _, d := range []*data.Dataset{idx, drawn} {
		n := d.Size * d.Size * d.Channels
		for _, s := range []data.Set{d.Train, d.Test} {
			if s.Image(0, make([]byte, n-1)) == nil || s.Image(0, make([]byte, n+1)) == nil ||
				s.Image(0, nil) == nil {
				t.Errorf("%s takes a buffer of the wrong length", d.Name)
			}
		}
	}
}

// TestImageGivesCopies writes over what Image gave.
func TestImageGivesCopies(t *testing.T) {
	for _, path := range []string{"synthetic", numbered(t, 10, 10),
		pets(t, "train/", "test/").folder(t)} {
		d := mustOpen(t, path, data.Options{Size: 8, Train: 10, Test: 10})
		before, _ := all(t, d, d.Train)
		spoilt, _ := all(t, d, d.Train)
		clear(spoilt)
		if after, _ := all(t, d, d.Train); !bytes.Equal(before, after) {
			t.Errorf("%s: a caller can change the images", d.Name)
		}
	}
}
