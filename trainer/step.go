package trainer

import (
	"context"
	"math/rand/v2"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/passes"
	"github.com/tailor-nas/tailor/internal/transfer"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// stepper trains a supernet on one batch after another.
type stepper struct {
	config  Config
	net     *supernet.Supernet
	pool    *nn.Pool
	run     engine.Runner
	inputs  passes.Inputs
	classes int
	hard    []float32 // target distribution of the labels, (N,classes)
	teacher []float32 // softmax of the largest network, (N,classes)
	parts   []transfer.Part
	// factor of the rate for parts that were taken over from another network
	takenRate float64

	classWeights, imageWeights []float32 // see weigh; nil for equal ones
}

func newStepper(c Config, net *supernet.Supernet, pool *nn.Pool) *stepper {
	n := c.Batch * net.Space.Classes
	return &stepper{
		config: c, net: net, pool: pool, run: engine.NewRunner(net, pool),
		inputs:  passes.NewInputs(pool),
		classes: net.Space.Classes,
		hard:    make([]float32, n), teacher: make([]float32, n),
		parts:     (*transfer.Taken)(nil).Parts(weights.Params(net), false),
		takenRate: 1,
	}
}

// losses are the mean losses of a step; sub is over the students, unweighted.
type losses struct{ max, sub float64 }

// step trains the largest network on the labels and each student on the largest network's softmax,
// sums the gradients, and moves the weights once. beta is the weight of the students' gradients. If
// the context ends between two networks the weights stay as they were, and done is false.
func (s *stepper) step(ctx context.Context, step int, b *data.Batch, students []supernet.Arch, rate,
	beta float64) (l losses, done bool) {
	s.zeroGradients()
	tau := float32(s.config.Temperature)
	hard, weights := s.targets(b)
	logits := s.forward(s.net.Space.Max(), b, step)
	l.max = nn.CrossEntropyOfRows(s.run.LogitGrad(), logits, hard, weights, s.classes, 1, 1)
	teacher := s.teacher[:len(hard)]
	nn.Softmax(teacher, logits, s.classes, tau)
	s.run.Backward()
	for _, arch := range students {
		if ctx.Err() != nil {
			return l, false
		}
		logits := s.forward(arch, b, -1)
		l.sub += nn.CrossEntropyOfRows(s.run.LogitGrad(), logits, teacher, weights, s.classes, tau,
			float32(beta)*tau*tau)
		s.run.Backward()
	}
	if len(students) > 0 && beta > 0 {
		l.sub /= beta * float64(len(students))
	}
	if ctx.Err() != nil {
		return l, false
	}
	s.update(rate)
	return l, true
}

// forward runs a network on the batch. dropout, at a step's largest network, is a step number; -1
// is without.
func (s *stepper) forward(arch supernet.Arch, b *data.Batch, dropout int) []float32 {
	s.run.Bind(s.net.Space.Blocks(arch), b.N, nn.Train)
	if rate := s.net.Space.Head.Dropout; dropout >= 0 && rate > 0 {
		s.run.Dropout(rate, rand.New(rand.NewPCG(s.config.Seed^0xd409, uint64(dropout))))
	}
	s.inputs.Fill(s.run.Input(), int(arch.Resolution), b)
	return s.run.Forward()
}

func (s *stepper) zeroGradients() {
	params := weights.Params(s.net)
	s.pool.Run(len(params), func(_, i int) { clear(params[i].Grad) })
}

// update moves the weights. With a factor of 0, what was taken over stands still, and its momentum
// too.
func (s *stepper) update(rate float64) {
	c := s.config
	s.pool.Run(len(s.parts), func(_, i int) {
		p, r := s.parts[i], rate
		if p.Taken {
			r *= s.takenRate
		}
		if !p.Taken || s.takenRate > 0 {
			p.Descend(float32(r), float32(c.Momentum), float32(c.WeightDecay))
		}
	})
}
