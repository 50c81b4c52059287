package data

import (
	"fmt"
	"math"

	"github.com/tailor-nas/tailor/internal/augment"
)

// Transform turns bytes into what a network sees. The zero value only scales to 0..1.
type Transform struct {
	Mean, Std []float32 // per channel, in units of 0..1; nil: 0 and 1
	Flip      bool      // mirror left to right with probability 1/2
	// reflect so many pixels around the image (the edge not repeated), then crop back at random; 0:
	// none
	Pad int
	// Recipe is what else happens at random: of it, Shift and Flip are left to the fields above.
	Recipe augment.Recipe
}

// check names the first field that does not fit images of the given shape.
func (t Transform) check(size, channels int) error {
	if t.Pad < 0 || t.Pad >= size {
		return fmt.Errorf("data: Transform.Pad is %d: want 0 to %d, less than the side of an image",
			t.Pad, size-1)
	}
	if t.Mean != nil && len(t.Mean) != channels {
		return fmt.Errorf("data: Transform.Mean has %d values: want one for each of %d channels",
			len(t.Mean), channels)
	}
	if t.Std != nil && len(t.Std) != channels {
		return fmt.Errorf("data: Transform.Std has %d values: want one for each of %d channels",
			len(t.Std), channels)
	}
	if t.Recipe != (augment.Recipe{}) {
		if err := t.Recipe.Check(); err != nil {
			return fmt.Errorf("data: Transform.Recipe: %w", err)
		}
	}
	for c, m := range t.Mean {
		if !finite(m) {
			return fmt.Errorf("data: Transform.Mean[%d] is %v: want a finite number", c, m)
		}
	}
	for c, s := range t.Std {
		if !finite(s) || s <= 0 {
			return fmt.Errorf("data: Transform.Std[%d] is %v: want a positive number", c, s)
		}
	}
	return nil
}

// finite tells numbers from NaN and infinities.
func finite(v float32) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }

// view is the random choice made for one image: where the crop lies in the padded image, and
// whether it is mirrored.
type view struct {
	dx, dy int // crop offset less Pad, in [-Pad, Pad]
	mirror bool
}

// draw chooses the view of image i in an epoch. Crop and mirror are drawn always, so that turning
// one off leaves the other's choices as they were.
func (t Transform) draw(seed uint64, epoch, i int) view {
	// A stream is a value on the stack: thousands of images a second cost no garbage.
	rng := newStream(seed, forAugment, uint64(epoch), uint64(i))
	v := view{dx: rng.below(2*t.Pad+1) - t.Pad, dy: rng.below(2*t.Pad+1) - t.Pad}
	v.mirror = rng.below(2) == 1 && t.Flip
	return v
}

// apply writes the view of src, (H,W,C) bytes, to dst as normalised float32. columns is scratch of
// size numbers.
func (v view) apply(dst []float32, src []uint8, columns []int, size, channels int,
	table [][256]float32) {
	// The columns are the same in every row, so crop and mirror are worked out once an image.
	for x := range columns {
		from := x
		if v.mirror {
			from = size - 1 - x
		}
		columns[x] = channels * reflect(from+v.dx, size)
	}
	for y := range size {
		row := src[reflect(y+v.dy, size)*size*channels:][:size*channels]
		out := dst[y*size*channels:][:size*channels]
		if channels == 3 {
			applyRGB(out, row, columns, table)
			continue
		}
		for x, at := range columns {
			for c := range channels {
				out[x*channels+c] = table[c][row[at+c]]
			}
		}
	}
}

// applyRGB is the inner loop of apply for three channels, without the inner loop's bounds checks.
func applyRGB(out []float32, row []uint8, columns []int, table [][256]float32) {
	r, g, b := &table[0], &table[1], &table[2]
	for x, at := range columns {
		p, o := row[at:at+3:at+3], out[3*x:3*x+3:3*x+3]
		o[0], o[1], o[2] = r[p[0]], g[p[1]], b[p[2]]
	}
}

// reflect mirrors an index that is less than n outside [0, n) back into it, without repeating the
// edge.
func reflect(i, n int) int {
	if i < 0 {
		i = -i
	}
	if i >= n {
		i = 2*n - 2 - i
	}
	return i
}
