package augment

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestMixup compares with the formula: every image with the one after it, the last with the first.
func TestMixup(t *testing.T) {
	const n, size, channels = 3, 4, 3
	length := size * size * channels
	x := make([]float32, n*length)
	for i := range x {
		x[i] = float32(math.Sin(float64(i)))
	}
	before := slices.Clone(x)
	Mixing{Share: .3}.Apply(x, size, channels, make([]float32, length))
	for i, v := range x {
		want := .3*float64(before[i]) + .7*float64(before[(i+length)%len(before)])
		if math.Abs(float64(v)-want) > 1e-6 {
			t.Fatalf("value %d is %v, want %v", i, v, want)
		}
	}
}

// TestCutMix: every pixel is of one of the two images, and the share counts them.
func TestCutMix(t *testing.T) {
	const n, size, channels = 3, 7, 2
	recipe, r := Recipe{CutMix: 1, MixShare: 1}, rand.New(rand.NewPCG(5, 6))
	first := make([]float32, size*size*channels)
	for range 200 {
		m, ok := recipe.DrawMixing(r, size)
		if !ok {
			t.Fatal("a batch is not mixed")
		}
		x := make([]float32, n*size*size*channels)
		for i := range x {
			x[i] = float32(i / (size * size * channels)) // the image's number
		}
		m.Apply(x, size, channels, first)
		for k := range n {
			own := 0
			for _, v := range x[k*size*size*channels:][:size*size*channels] {
				switch int(v) {
				case k:
					own++
				case (k + 1) % n:
				default:
					t.Fatalf("image %d has a value of image %v", k, v)
				}
			}
			share := float64(own) / (size * size * channels)
			if math.Abs(share-m.Share) > 1e-12 {
				t.Fatalf("an image keeps %v of itself, its share is %v", share, m.Share)
			}
		}
	}
}

// TestMixingShares: how many batches are mixed, which way, and the beta distribution's mean and
// variance, 1/2 and 1 / (4 (2 α + 1)).
func TestMixingShares(t *testing.T) {
	const n = 20_000
	recipe, r := Recipe{Mixup: .2, CutMix: 1, MixShare: .5}, rand.New(rand.NewPCG(7, 8))
	mixed, cut, mean, square := 0, 0, 0., 0.
	for range n {
		m, ok := recipe.DrawMixing(r, 32)
		switch {
		case !ok:
		case m.cut:
			mixed++
			cut++
		default:
			mixed++
			mean += m.Share
			square += (m.Share - .5) * (m.Share - .5)
		}
	}
	if math.Abs(float64(mixed)-n/2) > 4*math.Sqrt(n/4) {
		t.Errorf("%d of %d batches are mixed, want half", mixed, n)
	}
	if math.Abs(float64(cut)-float64(mixed)/2) > 4*math.Sqrt(n/8) {
		t.Errorf("%d of %d are cut, want half", cut, mixed)
	}
	count := float64(mixed - cut)
	variance := 1 / (4 * (2*.2 + 1))
	if math.Abs(mean/count-.5) > 4*math.Sqrt(variance/count) ||
		math.Abs(square/count-variance) > .02 {
		t.Errorf("shares of mean %.3f and variance %.3f, want .5 and %.3f", mean/count,
			square/count, variance)
	}
	if _, ok := (Recipe{MixShare: 1}).DrawMixing(r, 32); ok {
		t.Error("a batch is mixed without mixup and cutmix")
	}
}

// TestErase: the share of images that lose something, and how much they lose.
func TestErase(t *testing.T) {
	const n, size = 5000, 50
	recipe, r := Recipe{Erase: .25, EraseArea: [2]float64{.02, .33}}, rand.New(rand.NewPCG(9, 10))
	x := make([]float32, size*size)
	erased, area := 0, 0.
	for range n {
		for i := range x {
			x[i] = 1
		}
		recipe.EraseFrom(r, x, size, 1)
		gone := 0
		for _, v := range x {
			if v == 0 {
				gone++
			}
		}
		if gone > 0 {
			share := float64(gone) / (size * size)
			erased, area = erased+1, area+share
			if share < .015 || share > .345 {
				t.Fatalf("an image loses %.3f", share)
			}
		}
	}
	if math.Abs(float64(erased)-.25*n) > 4*math.Sqrt(n*.25*.75) {
		t.Errorf("%d of %d images lose something, want a quarter", erased, n)
	}
	// Long rectangles of large area do not fit and are drawn again: a little less than the middle.
	if mean := area / float64(erased); mean < .15 || mean > .178 {
		t.Errorf("they lose %.3f on average", mean)
	}
}
