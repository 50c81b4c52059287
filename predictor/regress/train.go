package regress

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
)

// trainMLP fits an MLP to rows x (each of the same length) and targets y, which should have a
// scale of about 1. Equal arguments give equal bits.
func trainMLP(ctx context.Context, x [][]float32, y []float64, s Settings, r *rand.Rand) (n *MLP,
	err error) {
	n = newMLP(append(append([]int{len(x[0])}, s.Hidden...), 1), r)
	batch := min(s.Batch, len(x))
	g, err := newGraph(n, batch)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, g.close()) }()

	// Each epoch deals all rows to batches anew; the last batch may have fewer, and is padded.
	optimiser := &adam{decay: s.WeightDecay}
	epochs, steps := s.epochs(len(x)), (len(x)+batch-1)/batch
	for epoch := range epochs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		order := r.Perm(len(x))
		for step := range steps {
			g.load(x, y, order[step*batch:min((step+1)*batch, len(x))])
			if err := g.run(); err != nil {
				return nil, err
			}
			progress := float64(epoch*steps+step) / float64(epochs*steps)
			optimiser.rate = s.LearningRate * (1 + math.Cos(math.Pi*progress)) / 2
			if err := optimiser.Step(g.params); err != nil {
				return nil, err
			}
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

// load fills a batch with rows of the samples; what is left over weighs nothing. The loss is the
// mean over the rows, so that a short batch has as large a gradient as any.
func (g *graph) load(x [][]float32, y []float64, rows []int) {
	clear(g.weight)
	inputs := len(x[0])
	for i, row := range rows {
		copy(g.x[i*inputs:], x[row])
		g.y[i] = float32(y[row])
		g.weight[i] = 1 / float32(len(rows))
	}
}
