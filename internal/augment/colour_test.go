package augment

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// turned is a colour whose hue is turned, by the definition of HSV: the hue as an angle of the
// colour in the plane across the grey axis of the hexagon, in float64.
func turned(p [3]float64, turn float64) (out [3]float64) {
	top, low := max(p[0], p[1], p[2]), min(p[0], p[1], p[2])
	chroma, h := top-low, 0.0
	switch {
	case chroma == 0:
		return p
	case top == p[0]:
		h = math.Mod((p[1]-p[2])/chroma+6, 6)
	case top == p[1]:
		h = (p[2]-p[0])/chroma + 2
	default:
		h = (p[0]-p[1])/chroma + 4
	}
	h += 6 * turn
	// The formula without cases: f(n) = V - C max(0, min(k, 4-k, 1)), k = (n + H/60°) mod 6.
	for c, n := range [3]float64{5, 3, 1} {
		k := math.Mod(n+h+12, 6)
		out[c] = top - chroma*max(0, min(k, 4-k, 1))
	}
	return out
}

func TestTurnHue(t *testing.T) {
	e := NewEditor(Recipe{}, 16, 3)
	for _, turn := range []float64{-.5, -.31, -.1, 0, .02, 1. / 6, 1. / 3, .5} {
		before := pattern(16 * 16 * 3)
		copy(before, []uint8{255, 0, 0, 7, 7, 7, 0, 255, 255, 9, 9, 8})
		got := slices.Clone(before)
		e.turnHue(got, turn)
		for i := 0; i < len(got); i += 3 {
			p := before[i:]
			want := turned([3]float64{float64(p[0]), float64(p[1]), float64(p[2])}, turn)
			for c, v := range want {
				if math.Abs(float64(got[i+c])-v) > .51 {
					t.Fatalf("%v turned by %.2f is %v, want %.2f", p[:3], turn, got[i:i+3], want)
				}
			}
		}
	}
}

// TestJitterFactors: brightness, contrast and saturation against the formulas in float64.
func TestJitterFactors(t *testing.T) {
	const size = 10
	for _, f := range []float64{0, .3, 1, 1.7} {
		for _, channels := range []int{1, 3} {
			e, before := NewEditor(Recipe{}, size, channels), pattern(size*size*channels)
			grey := func(i int) float64 { // of value i's pixel
				p := before[i/channels*channels:][:channels]
				if channels == 1 {
					return float64(p[0])
				}
				return .299*float64(p[0]) + .587*float64(p[1]) + .114*float64(p[2])
			}
			mean := 0.0
			for i := range before {
				mean += grey(i) / float64(len(before))
			}
			for name, c := range map[string]struct {
				apply func(p []uint8)
				from  func(i int) float64
			}{
				"brightness": {func(p []uint8) { brighten(p, f) },
					func(int) float64 { return 0 }},
				"contrast": {func(p []uint8) { e.contrast(p, f) },
					func(int) float64 { return mean }},
				"saturation": {func(p []uint8) { e.saturate(p, f) }, grey},
			} {
				got := slices.Clone(before)
				c.apply(got)
				for i, v := range got {
					want := c.from(i) + f*(float64(before[i])-c.from(i))
					if name == "saturation" && channels == 1 {
						want = float64(before[i])
					}
					want = min(max(want, 0), 255)
					if math.Abs(float64(v)-want) > .52 {
						t.Fatalf("%s %.1f of %d channels: %d is %d, want %.2f", name, f, channels,
							before[i], v, want)
					}
				}
			}
		}
	}
}

// TestJitterRange: the factor of brightness is uniform from 1 - v to 1 + v, whatever else is on.
func TestJitterRange(t *testing.T) {
	const n = 4000
	for _, c := range []Recipe{{Brightness: .4}, {Brightness: .4, Hue: .1, Saturation: .3}} {
		e, r := NewEditor(c, 1, 3), rand.New(rand.NewPCG(3, 4))
		low, high, sum := 255., 0., 0.
		for range n {
			p := []uint8{100, 100, 100}
			e.Edit(r, p)
			v := float64(p[0])
			low, high, sum = min(low, v), max(high, v), sum+v/n
		}
		if low < 60 || low > 61 || high > 140 || high < 139 {
			t.Errorf("%+v: grey 100 becomes %v to %v, want 60 to 140", c, low, high)
		}
		if e := 4 * 80 / math.Sqrt(12*n); math.Abs(sum-100) > e {
			t.Errorf("%+v: the mean is %.2f, want 100", c, sum)
		}
	}
}
