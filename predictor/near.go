package predictor

import (
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/supernet"
)

// PredictNear gives about what [Accuracy.Predict] gives for archs near a base, for far less: the
// prediction of the base, and the gradient of the model there times how the archs differ. It is to
// order them by.
func (a *Accuracy) PredictNear(base supernet.Arch, near []supernet.Arch) ([]float64, error) {
	from, to := make([]float32, a.encoder.Len()), make([]float32, a.encoder.Len())
	if !slices.Contains(a.Resolutions, int(base.Resolution)) || !a.encoder.encode(base, from) {
		return nil, a.refuse([]supernet.Arch{base}, 0)
	}
	value, slope := a.slope(from)
	out := make([]float64, len(near))
	for i, arch := range near {
		if !slices.Contains(a.Resolutions, int(arch.Resolution)) || !a.encoder.encode(arch, to) {
			return nil, a.refuse(near, i)
		}
		sum := 0.0
		for j, v := range to {
			if d := v - from[j]; d != 0 {
				sum += float64(d) * float64(slope[j])
			}
		}
		if out[i] = value + sum; !finite(out[i]) {
			return nil, fmt.Errorf("arch %d of %d: %w (a top-1 of %g): fit the accuracy again", i+1,
				len(near), ErrOverflow, out[i])
		}
	}
	return out, nil
}

// slope is the value and the gradient of the model at a row of features.
func (a *Accuracy) slope(x []float32) (value float64, slope []float32) {
	slope = make([]float32, len(x))
	a.gradients.Lock()
	defer a.gradients.Unlock()
	if a.gradient == nil {
		a.gradient = a.Model.Gradient()
	}
	return a.gradient.At(x, slope), slope
}
