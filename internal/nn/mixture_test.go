package nn_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
)

// TestMixtureGradient compares the gradient of the loss of weighted mixtures, with label smoothing
// and a temperature, with differences of the loss.
func TestMixtureGradient(t *testing.T) {
	const rows, classes, smoothing, share, temperature = 3, 4, .1, .7, 2
	r := rand.New(rand.NewPCG(1, 2))
	logits, grad := make([]float32, rows*classes), make([]float32, rows*classes)
	for i := range logits {
		logits[i] = float32(r.NormFloat64())
	}
	labels, others, weights := []int32{0, 2, 3}, []int32{1, 2, 0}, []float32{.5, 2, 1.25}
	target := make([]float32, rows*classes)
	nn.SmoothLabels(target, labels, classes, smoothing)
	for i := range rows {
		nn.MixLabel(target[i*classes:][:classes], labels[i], others[i], smoothing, share)
	}
	for i := range rows {
		for c := range int32(classes) {
			want := smoothing / classes
			if c == labels[i] {
				want += (1 - smoothing) * share
			}
			if c == others[i] {
				want += (1 - smoothing) * (1 - share)
			}
			if got := float64(target[i*classes+int(c)]); math.Abs(got-want) > 1e-6 {
				t.Errorf("row %d, class %d has %v, want %v", i, c, got, want)
			}
		}
	}
	loss := func() float64 {
		return nn.CrossEntropyOfRows(make([]float32, len(logits)), logits, target, weights, classes,
			temperature, 1.5)
	}
	nn.CrossEntropyOfRows(grad, logits, target, weights, classes, temperature, 1.5)
	const step = 1e-2
	for i, v := range logits {
		logits[i] = v + step
		up := loss()
		logits[i] = v - step
		down := loss()
		logits[i] = v
		if want := (up - down) / (2 * step); math.Abs(float64(grad[i])-want) > 1e-4 {
			t.Errorf("gradient %d is %v, the difference %v", i, grad[i], want)
		}
	}
}
