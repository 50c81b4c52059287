package kernel_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tailor-nas/tailor/internal/kernel"
)

// logSoftmax is the formula in float64, by the log of the sum of exponentials.
func logSoftmax(logits []float32, temperature float64) []float64 {
	top := math.Inf(-1)
	for _, v := range logits {
		top = math.Max(top, float64(v)/temperature)
	}
	var sum float64
	for _, v := range logits {
		sum += math.Exp(float64(v)/temperature - top)
	}
	out := make([]float64, len(logits))
	for j, v := range logits {
		out[j] = float64(v)/temperature - top - math.Log(sum)
	}
	return out
}

// eachLogits runs f on logits from tame to far beyond what exp can take in float32.
func eachLogits(f func(r *rand.Rand, logits []float32, temperature float32)) {
	for _, classes := range []int{1, 2, 3, 10, 1000} {
		for _, scale := range []float64{0.1, 3, 30, 1e4} {
			for _, temperature := range []float32{0.5, 1, 4} {
				r := newRand(uint64(classes))
				logits := make([]float32, classes)
				for j := range logits {
					logits[j] = float32(r.NormFloat64() * scale)
				}
				f(r, logits, temperature)
			}
		}
	}
}

func TestSoftmax(t *testing.T) {
	eachLogits(func(_ *rand.Rand, logits []float32, temperature float32) {
		p, total := make([]float32, len(logits)), 0.0
		kernel.Softmax(p, logits, temperature)
		for j, want := range logSoftmax(logits, float64(temperature)) {
			total += float64(p[j])
			// The exponent is a float32 difference, so its error grows with its size.
			if bound := 1e-6*(1+math.Abs(want))*math.Exp(want) + 1e-38; math.Abs(float64(p[j])-
				math.Exp(want)) > bound {
				t.Fatalf("%d classes, temperature %g: p[%d] is %g, want %g", len(logits),
					temperature, j, p[j], math.Exp(want))
			}
		}
		if math.Abs(total-1) > 1e-5 {
			t.Errorf("%d classes: probabilities sum to %g", len(logits), total)
		}
	})
}

func TestSoftmaxOfShiftedLogits(t *testing.T) {
	a, b := []float32{1, 2, 4}, []float32{1 + 1<<20, 2 + 1<<20, 4 + 1<<20}
	pa, pb := make([]float32, 3), make([]float32, 3)
	kernel.Softmax(pa, a, 1)
	kernel.Softmax(pb, b, 1)
	for j := range pa {
		if pa[j] != pb[j] {
			t.Errorf("p[%d] is %g, but %g with all logits shifted", j, pa[j], pb[j])
		}
	}
}

func TestCrossEntropy(t *testing.T) {
	eachLogits(func(r *rand.Rand, logits []float32, temperature float32) {
		target := make([]float32, len(logits))
		kernel.SmoothLabel(target, r.IntN(len(logits)), 0.1)
		checkCrossEntropy(t, logits, target, temperature)
		soft := make([]float32, len(logits)) // a teacher's opinion
		for j := range soft {
			soft[j] = float32(r.NormFloat64() * 3)
		}
		kernel.Softmax(soft, soft, temperature)
		checkCrossEntropy(t, logits, soft, temperature)
	})
}

func checkCrossEntropy(t *testing.T, logits, target []float32, temperature float32) {
	t.Helper()
	grad := make([]float32, len(logits))
	got, want := kernel.CrossEntropy(grad, logits, target, temperature), 0.0
	log := logSoftmax(logits, float64(temperature))
	for j, q := range target {
		want -= float64(q) * log[j]
	}
	if math.Abs(got-want) > 1e-5*(1+math.Abs(want)) {
		t.Errorf("%d classes, temperature %g: loss is %g, want %g", len(logits), temperature, got,
			want)
	}
	for j, g := range grad {
		want := (math.Exp(log[j]) - float64(target[j])) / float64(temperature)
		if math.Abs(float64(g)-want) > 1e-6*(1+math.Abs(log[j])*math.Exp(log[j]))/
			float64(temperature) {
			t.Fatalf("%d classes, temperature %g: gradient %d is %g, want %g", len(logits),
				temperature, j, g, want)
		}
	}
}

// TestCrossEntropyOfCertainError: a label whose probability is beyond float32 costs its true,
// finite loss.
func TestCrossEntropyOfCertainError(t *testing.T) {
	grad := make([]float32, 2)
	for _, gap := range []float32{50, 90, 100, 500} {
		got := kernel.CrossEntropy(grad, []float32{gap, 0}, []float32{0, 1}, 1)
		if math.Abs(got-float64(gap)) > 1e-5*float64(gap) {
			t.Errorf("logits %g apart: loss is %g", gap, got)
		}
	}
}

func TestSmoothLabel(t *testing.T) {
	target := make([]float32, 4)
	kernel.SmoothLabel(target, 2, 0.1)
	for j, want := range []float32{0.025, 0.025, 0.925, 0.025} {
		if math.Abs(float64(target[j]-want)) > 1e-7 {
			t.Errorf("target %d is %g, want %g", j, target[j], want)
		}
	}
	kernel.SmoothLabel(target, 0, 0)
	for j, want := range []float32{1, 0, 0, 0} {
		if target[j] != want {
			t.Errorf("without smoothing target %d is %g, want %g", j, target[j], want)
		}
	}
}
