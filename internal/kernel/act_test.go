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
}

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

func TestHardSigmoid(t *testing.T) {
	const step = 1e-6
	f := func(u float64) float64 { return relu6(u+3) / 6 }
	for u := -8.0; u <= 8; u += 0.03125 {
		close(t, kernel.Identity, "hard sigmoid", u, kernel.HardSigmoid(float32(u)), f(u))
		if !onKink(u, []float64{-3, 3}) {
			close(t, kernel.Identity, "its slope", u, kernel.HardSigmoidSlope(float32(u)),
				(f(u+step)-f(u-step))/(2*step))
		}
	}
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
		{kernel.HSwish, 3, 1},
	} {
		if got := c.act.Slope(c.at); got != c.want {
			t.Errorf("slope of activation %d at %g is %g, want %g", c.act, c.at, got, c.want)
		}
	}
	if kernel.HardSigmoidSlope(-3) != 0 || kernel.HardSigmoidSlope(3) != 0 {
		t.Error("the hard sigmoid's slope at its kinks should be 0")
	}
}

func TestActivationsOfExtremes(t *testing.T) {
	inf := float32(math.Inf(1))
	for act := range formulas {
		if v := act.Value(float32(math.NaN())); v == v {
			t.Errorf("activation %d hides NaN behind %g", act, v)
		}
		if v, want := act.Value(inf), map[bool]float32{false: inf,
			true: 6}[act == kernel.ReLU6]; v != want {
			t.Errorf("activation %d of infinity is %g, want %g", act, v, want)
		}
	}
}
