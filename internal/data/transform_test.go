package data

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/prepare"
)

// TestApply compares with the plain way: build the padded image by walking back and forth, crop it,
// mirror it, normalise.
func TestApply(t *testing.T) {
	const size, pad = 5, 3
	tr := Transform{Mean: []float32{.5, .25, .125}, Std: []float32{.5, .2, 2}, Flip: true, Pad: pad}
	for _, channels := range []int{1, 3} {
		tr := tr
		tr.Mean, tr.Std = tr.Mean[:channels], tr.Std[:channels]
		src := make([]uint8, size*size*channels)
		for i := range src {
			src[i] = uint8(37 * i)
		}
		line := bounce(size, pad)
		for dy := -pad; dy <= pad; dy++ {
			for dx := -pad; dx <= pad; dx++ {
				for _, mirror := range []bool{false, true} {
					got := make([]float32, len(src))
					view{dx, dy, mirror}.apply(got, src, make([]int, size), size, channels,
						prepare.Table(tr.Mean, tr.Std, channels))
					for i, v := range got {
						c, x, y := i%channels, i/channels%size, i/channels/size
						if mirror {
							x = size - 1 - x
						}
						from := (line[pad+dy+y]*size+line[pad+dx+x])*channels + c
						want := (float32(src[from])/255 - tr.Mean[c]) / tr.Std[c]
						if math.Abs(float64(v-want)) > 1e-5 {
							t.Fatalf("view %d,%d,%v: value %d is %v, want %v", dx, dy, mirror, i, v,
								want)
						}
					}
				}
			}
		}
	}
}

// bounce lists the source index of every position of a padded line: 3 2 1 | 0 1 2 3 4 | 3 2 1 for
// size 5, pad 3.
func bounce(size, pad int) []int {
	var line []int
	at, step := pad, -1
	if size == 1 {
		step = 0
	}
	for range size + 2*pad {
		line = append(line, at)
		if at == 0 {
			step = 1
		} else if at == size-1 {
			step = -1
		}
		at += step
	}
	return line
}

func TestReflect(t *testing.T) {
	if got := bounce(5, 3); !slices.Equal(got, []int{3, 2, 1, 0, 1, 2, 3, 4, 3, 2, 1}) {
		t.Fatalf("the reference itself is wrong: %v", got)
	}
	for size := 2; size < 7; size++ {
		for pad := range size {
			for i, want := range bounce(size, pad) {
				if got := reflect(i-pad, size); got != want {
					t.Errorf("size %d, pad %d: position %d comes from %d, want %d", size, pad,
						i-pad, got, want)
				}
			}
		}
	}
}

// TestDraw counts views: crops are uniform over all offsets, half are mirrored, and Flip off
// changes no crop.
func TestDraw(t *testing.T) {
	tr := Transform{Flip: true, Pad: 2}
	counts, mirrored := map[[2]int]int{}, 0
	const n = 25_000
	for i := range n {
		v := tr.draw(1, 3, i)
		counts[[2]int{v.dx, v.dy}]++
		if v.mirror {
			mirrored++
		}
		plain := Transform{Pad: 2}.draw(1, 3, i)
		if plain.mirror || plain.dx != v.dx || plain.dy != v.dy {
			t.Fatalf("image %d: view %v becomes %v without Flip", i, v, plain)
		}
		if tr.draw(1, 3, i) != v {
			t.Fatalf("image %d: two draws differ", i)
		}
	}
	if len(counts) != 25 {
		t.Errorf("%d different crops, want 25", len(counts))
	}
	for at, c := range counts {
		if c < 870 || c > 1130 { // four standard deviations around 1000
			t.Errorf("crop %v occurs %d times of %d", at, c, n)
		}
	}
	if mirrored < n/2-320 || mirrored > n/2+320 {
		t.Errorf("%d of %d mirrored", mirrored, n)
	}
	same := 0
	for i := range n {
		if tr.draw(1, 3, i) == tr.draw(1, 4, i) {
			same++
		}
	}
	if same > n/50+100 {
		t.Errorf("%d of %d views are the same in the next epoch: want about 1 in 50", same, n)
	}
}

func TestTransformCheck(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for field, tr := range map[string]Transform{
		"Pad is -1": {Pad: -1}, "Pad is 8": {Pad: 8}, "Mean has 1": {Mean: []float32{0}},
		"Std has 2": {Std: []float32{1, 1}},
		"Mean[1]":   {Mean: []float32{0, nan, 0}}, "Std[0] is 0": {Std: []float32{0, 1, 1}},
		"Std[2] is -1":   {Std: []float32{1, 1, -1}},
		"Std[1] is +Inf": {Std: []float32{1, inf, 1}},
	} {
		if err := tr.check(8, 3); err == nil || !strings.Contains(err.Error(), "Transform."+field) {
			t.Errorf("error %v does not name Transform.%s", err, field)
		}
	}
	if err := (Transform{Pad: 7, Mean: []float32{1, 2, 3}}).check(8, 3); err != nil {
		t.Error(err)
	}
}
