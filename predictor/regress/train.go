package regress

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
)

// trainMLP fits an MLP to rows x (each of the same length) and targets y, which should have a
// scale of about 1. Equal arguments give equal bits.
func trainMLP(ctx context.Context, x [][]float32, y []float64, s Settings, r *rand.Rand) (*MLP,
	error) {
	n := newMLP(append(append([]int{len(x[0])}, s.Hidden...), 1), r)
	batch := min(s.Batch, len(x))
	p := newBackprop(n, batch)

	// Each epoch deals all rows to batches anew; the last batch may have fewer.
	optimiser, gradient := newAdam(len(n.Weights)), make([]float32, len(n.Weights))
	epochs, steps := s.epochs(len(x)), (len(x)+batch-1)/batch
	for epoch := range epochs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		order := r.Perm(len(x))
		for step := range steps {
			rows := order[step*batch : min((step+1)*batch, len(x))]
			p.load(x, y, rows)
			p.run(len(rows), gradient)
			progress := float64(epoch*steps+step) / float64(epochs*steps)
			rate := s.LearningRate * (1 + math.Cos(math.Pi*progress)) / 2
			optimiser.step(n, gradient, rate, s.WeightDecay)
		}
	}
	for _, w := range n.Weights {
		if !finite(float64(w)) {
			return nil, fmt.Errorf("training diverged at learning rate %g: use a smaller one",
				s.LearningRate)
		}
	}
	return n, nil
}

// load fills a batch with rows of the samples. The loss is the mean over them, so that a short
// batch has as large a gradient as any.
func (p *backprop) load(x [][]float32, y []float64, rows []int) {
	inputs := p.sizes[0]
	for i, row := range rows {
		copy(p.x[i*inputs:], x[row])
		p.y[i] = float32(y[row])
		p.weight[i] = 1 / float32(len(rows))
	}
}
