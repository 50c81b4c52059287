package nn

import (
	"math"
	"testing"
)

// TestSGD follows torch.optim.SGD(lr=0.1, momentum=0.9, weight_decay=0.01, nesterov=True) over
// three steps on w = 1 with gradients 0.5, -0.2, 0.3, worked out by hand from its documented
// update.
func TestSGD(t *testing.T) {
	p := &Param{Data: []float32{1}, Grad: []float32{0}, Momentum: []float32{0}, Decay: true}
	w, v := 1.0, 0.0
	for _, grad := range []float64{0.5, -0.2, 0.3} {
		p.Grad[0] = float32(grad)
		p.Descend(0.1, 0.9, 0.01)
		g := grad + 0.01*w
		v = 0.9*v + g
		w -= 0.1 * (g + 0.9*v)
		if math.Abs(float64(p.Data[0])-w) > 1e-6 || math.Abs(float64(p.Momentum[0])-v) > 1e-6 {
			t.Errorf("after gradient %g: w = %g, v = %g; want %g, %g", grad, p.Data[0],
				p.Momentum[0], w, v)
		}
	}
}

func TestSGDLeavesUndecayed(t *testing.T) {
	p := &Param{Data: []float32{1}, Grad: []float32{0}, Momentum: []float32{0}}
	p.Descend(0.1, 0.9, 0.5)
	if p.Data[0] != 1 {
		t.Errorf("a bias without gradient moved to %g", p.Data[0])
	}
}
