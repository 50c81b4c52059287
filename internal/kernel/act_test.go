package kernel_test

import (
	"math"
	"testing"

	"github.com/tailor-nas/tailor/internal/kernel"
)

// formulas are the activations as papers write them, in float64.
var formulas = map[kernel.Act]func(u float64) float64{
	kernel.Identity: func(u float64) float64 { return u },
	kernel.ReLU:     func(u float64) float64 { return math.Max(u, 0) },
	kernel.ReLU6:    relu6,
	kernel.HSwish:   func(u float64) float64 { return u * relu6(u+3) / 6 },
	kernel.SiLU:     func(u float64) float64 { return u * sigmoid(u) },
	kernel.HSigmoid: func(u float64) float64 { return relu6(u+3) / 6 },
	kernel.Sigmoid:  sigmoid,
}

func sigmoid(u float64) float64 { return 1 / (1 + math.Exp(-u)) }

func relu6(u float64) float64 { return math.Min(math.Max(u, 0), 6) }

func TestActivations(t *testing.T) {
	const step = 1e-6
	kinks := []float64{-3, 0, 3, 6}
	for act, f := range formulas {
		for u := -10.0; u <= 10; u += 0.03125 {
			close(t, act, "value", u, act.Value(float32(u)), f(u))
			if onKink(u, kinks) {
				continue
			}
			close(t, act, "slope", u, act.Slope(float32(u)), (f(u+step)-f(u-step))/(2*step))
		}
	}
}

// TestSigmoidIsExact: the sigmoid and silu are right to a few units of the last place wherever the
// sigmoid is a normal float32, and beyond that to less than the smallest one.
func TestSigmoidIsExact(t *testing.T) {
	const relative, least = 1.0 / (1 << 22), 0x1p-126
	worst := 0.0
	for _, step := range []float32{0x1p-12, 0.0137, 7.77} {
		for u := -200 * step * 64; u < 200*step*64; u += step {
			s := sigmoid(float64(u))
			for act, want := range map[kernel.Act]float64{kernel.Sigmoid: s,
				kernel.SiLU: float64(u) * s} {
				off := math.Abs(float64(act.Value(u)) - want)
				bound := relative*math.Abs(want) + 2*least*(1+math.Abs(float64(u)))
				if off > bound {
					t.Fatalf("activation %d of %g is %g, want %g to %g", act, u, act.Value(u), want,
						bound)
				}
				if math.Abs(float64(u)) < 80 && u != 0 {
					worst = max(worst, off/math.Abs(want))
				}
			}
		}
	}
	t.Logf("at most 2^%.1f off, relative", math.Log2(worst))
}

func onKink(u float64, kinks []float64) bool {
	for _, k := range kinks {
		if math.Abs(u-k) < 1e-3 {
			return true
		}
	}
	return false
}

func close(t *testing.T, act kernel.Act, what string, u float64, got float32, want float64) {
	t.Helper()
	if math.Abs(float64(got)-want) > 1e-6*(1+math.Abs(want)) {
		t.Errorf("activation %d, %s at %g: got %g, want %g", act, what, u, got, want)
	}
}

// TestKinks: where there is no derivative, the slopes are the ones that PyTorch 1.13 and later
// give.
func TestKinks(t *testing.T) {
	for _, c := range []struct {
		act  kernel.Act
		at   float32
		want float32
	}{
		{kernel.ReLU, 0, 0}, {kernel.ReLU6, 0, 0}, {kernel.ReLU6, 6, 0}, {kernel.HSwish, -3, 0},
		{kernel.HSwish, 3, 1}, {kernel.HSigmoid, -3, 0}, {kernel.HSigmoid, 3, 0},
	} {
		if got := c.act.Slope(c.at); got != c.want {
			t.Errorf("slope of activation %d at %g is %g, want %g", c.act, c.at, got, c.want)
		}
	}
}

func TestActivationsOfExtremes(t *testing.T) {
	inf := float32(math.Inf(1))
	bounded := map[kernel.Act]float32{kernel.ReLU6: 6, kernel.HSigmoid: 1, kernel.Sigmoid: 1}
	for act := range formulas {
		if v := act.Value(float32(math.NaN())); v == v {
			t.Errorf("activation %d hides NaN behind %g", act, v)
		}
		want, ok := bounded[act]
		if !ok {
			want = inf
		}
		if v := act.Value(inf); v != want {
			t.Errorf("activation %d of infinity is %g, want %g", act, v, want)
		}
	}
}
