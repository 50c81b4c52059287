package kriging

import (
	"fmt"
	"math"
)

// Saved is what the [Model.Means] of a model follow from, besides the points that it was fitted to:
// a sum over these, by how alike they are.
type Saved struct {
	Weight  []float64 `json:"weight"` // by gene
	Shape   []int     `json:"shape"`  // by gene: 0 unordered, 1 smooth, 2 bent
	Joint   float64   `json:"joint"`
	Pairs   bool      `json:"pairs"`
	Mean    float64   `json:"mean"` // of the values
	Scale   float64   `json:"scale"`
	Weights []float64 `json:"weights"` // by point
}

// Saved gives it; its slices must not be changed.
func (m *Model) Saved() Saved {
	s := Saved{Weight: m.prior.weight, Joint: m.prior.joint, Pairs: m.prior.pairs, Mean: m.mean,
		Scale: m.scale, Weights: m.weights}
	for _, kind := range m.prior.shape {
		s.Shape = append(s.Shape, int(kind))
	}
	return s
}

// Restore gives the model with the means that were saved, for which alone it can be asked. Those of
// a point are the same bits whatever points are asked for with it. The points must be of the space.
func Restore(choices []int, points [][]uint16, s Saved) (*Model, error) {
	if len(s.Weight) != len(choices) || len(s.Shape) != len(choices) {
		return nil, fmt.Errorf("weights of %d genes and shapes of %d, expected %d", len(s.Weight),
			len(s.Shape), len(choices))
	}
	if len(s.Weights) != len(points) || len(points) == 0 {
		return nil, fmt.Errorf("%d weights of %d points, expected one for each of at least 1",
			len(s.Weights), len(points))
	}
	for _, v := range s.Weight {
		if !(v > 0 && v <= math.MaxFloat32) {
			return nil, fmt.Errorf("the weight of a gene is %g, expected one above 0", v)
		}
	}
	m := New(choices)
	for i, number := range s.Shape {
		if number < 0 || number >= int(shapes) {
			return nil, fmt.Errorf("the shape of a gene is %d, expected 0 to %d", number, shapes-1)
		}
		m.prior.shape[i] = shape(number)
	}
	if !(s.Joint > 0 && s.Joint <= math.MaxFloat32) {
		return nil, fmt.Errorf("joint is %g, expected a number above 0", s.Joint)
	}
	copy(m.prior.weight, s.Weight)
	m.prior.joint, m.prior.pairs = s.Joint, s.Pairs
	m.points, m.weights, m.mean, m.scale = m.Points(points), s.Weights, s.Mean, s.Scale
	m.tabulate()
	return m, nil
}
