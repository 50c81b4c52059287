package augment

import (
	"math"
	"math/rand/v2"
	"testing"
)

// bilinear is the value at a point of a channel between the centres of pixels, in float64; points
// beyond the window's outermost centres have their values.
func bilinear(src []uint8, size, channels, c int, w window, x, y float64) float64 {
	x = min(max(x, float64(w.x)), float64(w.x+w.w-1))
	y = min(max(y, float64(w.y)), float64(w.y+w.h-1))
	sum := 0.0
	for j := w.y; j < w.y+w.h; j++ {
		for i := w.x; i < w.x+w.w; i++ {
			share := max(0, 1-math.Abs(x-float64(i))) * max(0, 1-math.Abs(y-float64(j)))
			sum += share * float64(src[(j*size+i)*channels+c])
		}
	}
	return sum
}

// TestResample compares every value with the formula of bilinear scaling with aligned corners off.
func TestResample(t *testing.T) {
	const size = 12
	for _, channels := range []int{1, 3} {
		e := NewEditor(Recipe{CropArea: [2]float64{.1, 1}}, size, channels)
		src, got := pattern(size*size*channels), make([]uint8, size*size*channels)
		for _, w := range []window{{0, 0, 12, 12}, {3, 1, 5, 9}, {11, 0, 1, 12}, {4, 4, 1, 1},
			{0, 5, 11, 7}} {
			e.resample(got, src, w)
			for i, v := range got {
				c, x, y := i%channels, i/channels%size, i/channels/size
				want := bilinear(src, size, channels, c, w,
					float64(w.x)+(float64(x)+.5)*float64(w.w)/size-.5,
					float64(w.y)+(float64(y)+.5)*float64(w.h)/size-.5)
				if math.Abs(float64(v)-want) > .7 { // rounding, and weights in parts of 2048
					t.Fatalf("window %v, value %d is %d, want %.3f", w, i, v, want)
				}
			}
		}
	}
}

// TestWindows: area and ratio have the distributions that are asked for, and every place is as
// likely as another.
func TestWindows(t *testing.T) {
	const size, n = 200, 20_000
	r := rand.New(rand.NewPCG(1, 2))
	var area, logRatio, left, right float64
	for range n {
		w, ok := drawWindow(r, size, [2]float64{.2, .6}, [2]float64{.75, 4. / 3})
		if !ok || w.x < 0 || w.y < 0 || w.x+w.w > size || w.y+w.h > size {
			t.Fatalf("window %v, %v", w, ok)
		}
		share := float64(w.w*w.h) / (size * size)
		ratio := float64(w.w) / float64(w.h)
		if share < .195 || share > .605 || ratio < .74 || ratio > 1.351 {
			t.Fatalf("window %v has a share of %.3f and a ratio of %.3f", w, share, ratio)
		}
		area, logRatio = area+share/n, logRatio+math.Log(ratio)/n
		left, right = left+float64(w.x)/n, right+float64(size-w.x-w.w)/n
	}
	// Four standard deviations of the mean of n uniform numbers.
	if e := 4 * .4 / math.Sqrt(12*n); math.Abs(area-.4) > e+.001 {
		t.Errorf("mean area %.4f, want .4", area)
	}
	if e := 4 * 2 * math.Log(4./3) / math.Sqrt(12*n); math.Abs(logRatio) > e {
		t.Errorf("mean logarithm of the ratio %.4f, want 0", logRatio)
	}
	if math.Abs(left-right) > 2 {
		t.Errorf("%.2f pixels on the left of a crop, %.2f on the right", left, right)
	}
}

// TestWindowsThatDoNotFit gives the whole image.
func TestWindowsThatDoNotFit(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	w, ok := drawWindow(r, 20, [2]float64{.9, 1}, [2]float64{5, 10})
	if ok || w != (window{0, 0, 20, 20}) {
		t.Errorf("window %v, %v", w, ok)
	}
}
