package nn_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
)

var logits = []float32{
	1, 2, 3,
	0, 0, 0,
	-1, 4, 4,
	9, -9, 0,
}

// probabilities is softmax(logits/temperature) by row.
func probabilities(temperature float64) []float64 {
	p := make([]float64, len(logits))
	for r := 0; r < len(p); r += 3 {
		var sum float64
		for j := range 3 {
			p[r+j] = math.Exp(float64(logits[r+j]) / temperature)
			sum += p[r+j]
		}
		for j := range 3 {
			p[r+j] /= sum
		}
	}
	return p
}

func TestSoftmaxByRow(t *testing.T) {
	p := make([]float32, len(logits))
	nn.Softmax(p, logits, 3, 2)
	for i, want := range probabilities(2) {
		near(t, fmt.Sprintf("p[%d]", i), p[i], want, 1e-6)
	}
}

// TestCrossEntropyIsTheWeightedMean over rows, and so is its gradient.
func TestCrossEntropyIsTheWeightedMean(t *testing.T) {
	const temperature, weight = 2, 0.25
	target, grad := make([]float32, len(logits)), make([]float32, len(logits))
	nn.SmoothLabels(target, []int32{2, 0, 1, 0}, 3, 0.3)
	p, want := probabilities(temperature), 0.0
	for i, q := range target {
		want -= float64(q) * math.Log(p[i]) * weight / 4
	}
	got := nn.CrossEntropy(grad, logits, target, 3, temperature, weight)
	near(t, "loss", float32(got), want, 1e-6)
	for i, g := range grad {
		near(t, fmt.Sprintf("gradient %d", i), g, (p[i]-float64(target[i]))/temperature*weight/4,
			1e-6)
	}
}

func TestSmoothLabels(t *testing.T) {
	target := make([]float32, 6)
	nn.SmoothLabels(target, []int32{1, 2}, 3, 0.3)
	for i, want := range []float64{0.1, 0.8, 0.1, 0.1, 0.1, 0.8} {
		near(t, fmt.Sprintf("target %d", i), target[i], want, 1e-6)
	}
}

// TestCorrect: of equal logits the first is the answer, so that a network that always says the same
// is not rewarded.
func TestCorrect(t *testing.T) {
	for _, c := range []struct {
		labels []int32
		want   int
	}{{[]int32{2, 0, 1, 0}, 4}, {[]int32{2, 1, 2, 0}, 2}, {[]int32{0, 2, 0, 1}, 0}} {
		if got := nn.Correct(logits, c.labels, 3); got != c.want {
			t.Errorf("labels %v: %d correct, want %d", c.labels, got, c.want)
		}
	}
}

// near compares with float64 results.
func near(t *testing.T, what string, got float32, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(float64(got)-want) <= tolerance*(1+math.Abs(want))) {
		t.Errorf("%s is %g, want %g", what, got, want)
	}
}
