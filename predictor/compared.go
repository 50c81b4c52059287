package predictor

import (
	"context"
	"fmt"
	"math"

	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
)

// Compared is a sub-network of which more was measured than its top-1.
type Compared struct {
	Sample
	// ValueEven is the top-1 on every second of the images: what both halves say apart tells the
	// noise.
	ValueEven float64
	// Images is how many there were: of an odd number, the half of the even ones has one more; 0
	// stands for halves of one size.
	Images int
	// Divergence of its answers from the largest network's, in nats: 0 are the same answers.
	Divergence float64
}

// evenHalf is ValueEven as of two halves of one size: as far from Value as one of these would be.
func (c *Compared) evenHalf() float64 {
	if c.Images < 2 || c.Images%2 == 0 {
		return c.ValueEven
	}
	more, less := float64(c.Images/2+1), float64(c.Images/2)
	return c.Value + (c.ValueEven-c.Value)*math.Sqrt(more/less)
}

// FitCompared is [FitAccuracy] for sub-networks that were trained to answer as the largest one
// does. Few images say little about which of two is the better one, as a top-1 of 100 images moves
// in steps of a point; how far their answers are from the largest network's says much more. So the
// model learns estimates from both ([regress.Composite], in Accuracy.Composite). HeldOut compares
// its predictions with the top-1 as measured.
func FitCompared(ctx context.Context, space *supernet.Space, samples []Compared,
	s regress.Settings) (*Accuracy, error) {
	var top1, even, divergence []Sample
	for i, c := range samples {
		if !(c.ValueEven >= 0 && c.ValueEven <= 1 && c.Divergence >= 0) ||
			math.IsInf(c.Divergence, 1) {
			return nil, fmt.Errorf("sample %d: %w: top-1 of a half %g, divergence %g", i+1,
				ErrSamples, c.ValueEven, c.Divergence)
		}
		top1 = append(top1, c.Sample)
		even = append(even, Sample{c.Arch, c.evenHalf()})
		divergence = append(divergence, Sample{c.Arch, c.Divergence})
	}
	m, err := distinctTop1(space, top1)
	if err != nil {
		return nil, err
	}
	half, err := distinct(space, even)
	if err != nil {
		return nil, err
	}
	far, err := distinct(space, divergence)
	if err != nil {
		return nil, err
	}
	c := regress.NewComposite(m.values, half.values, far.values)
	estimates := make([]float64, len(m.values))
	for i, v := range m.values {
		estimates[i] = c.Estimate(v, far.values[i])
	}
	a := newAccuracy(space, m.archs)
	f, err := a.fit(ctx, m.archs, estimates, s)
	if err != nil {
		return nil, err
	}
	a.Composite, a.FittedHeldOut = &c, f.HeldOut
	a.judge(f.Predicted, m)
	return a, nil
}
