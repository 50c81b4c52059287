package trainer

import (
	"fmt"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/nn"
)

// ClassWeights says how much the images of a class count in the loss.
type ClassWeights string

const (
	// EqualWeights count every image alike.
	EqualWeights ClassWeights = "none"
	// Balanced counts an image by the inverse of how many its class has, so that all classes count
	// alike.
	Balanced ClassWeights = "balanced"
	// SqrtWeights counts it by the inverse of the square root, half way between the two.
	SqrtWeights ClassWeights = "sqrt"
)

func (w ClassWeights) check() error {
	if !slices.Contains([]ClassWeights{EqualWeights, Balanced, SqrtWeights}, w) {
		return fmt.Errorf("%w: class weights are %.40q, expected %s, %s or %s", ErrConfig, w,
			EqualWeights, Balanced, SqrtWeights)
	}
	return nil
}

// of gives the weight of each class, nil for equal ones. Their mean over the images of a set is 1,
// so that the learning rate means the same.
func (w ClassWeights) of(s data.Set, classes int) []float32 {
	if w == EqualWeights {
		return nil
	}
	counts := make([]float64, classes)
	for i := range s.Len() {
		counts[s.Label(i)]++
	}
	sum := 0.0
	weights := make([]float64, classes)
	for c, n := range counts {
		if n > 0 {
			weights[c] = 1 / n
			if w == SqrtWeights {
				weights[c] = 1 / math.Sqrt(n)
			}
			sum += n * weights[c]
		}
	}
	all := make([]float32, classes)
	for c, v := range weights {
		all[c] = float32(v * float64(s.Len()) / sum)
	}
	return all
}

// targets writes the target distributions of a batch's labels to s.hard, and gives the weights of
// its images, nil for equal ones. Of a mixture both labels count with their class's weight.
func (s *stepper) targets(b *data.Batch) (hard, weights []float32) {
	hard = s.hard[:b.N*s.classes]
	smoothing := float32(s.config.LabelSmoothing)
	nn.SmoothLabels(hard, b.Labels, s.classes, smoothing)
	if s.classWeights != nil {
		weights = s.imageWeights[:b.N]
		for i, l := range b.Labels {
			weights[i] = s.classWeights[l]
		}
	}
	for i, other := range b.Others {
		share := b.Share
		if weights != nil {
			own, rest := share*weights[i], (1-share)*s.classWeights[other]
			weights[i] = own + rest
			share = own / weights[i]
		}
		nn.MixLabel(hard[i*s.classes:][:s.classes], b.Labels[i], other, smoothing, share)
	}
	return hard, weights
}

// weigh has images count by their classes, as the settings say.
func (s *stepper) weigh(train data.Set) {
	s.classWeights = s.config.ClassWeights.of(train, s.classes)
	s.imageWeights = make([]float32, s.config.Batch)
}
