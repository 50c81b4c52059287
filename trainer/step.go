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
	teacher []float32 // softmax of the teacher, (N,classes)
	whole   []float32 // logits of the whole batch, (N,classes)
	grad    []float32 // of them, where this process has only some of the batch
	// gradient of the loss on it, where the labels count too
	distilled []float32
	frozen    *frozen    // the teacher that does not learn; nil without
	counts    *useCounts // nil where gradients are summed
	parts     []transfer.Part
	// factor of the rate for parts that were taken over from another network
	takenRate float64

	classWeights, imageWeights []float32 // see weigh; nil for equal ones
}

func newStepper(c Config, net *supernet.Supernet, pool *nn.Pool) *stepper {
	n := c.Batch * net.Space.Classes
	s := &stepper{
		config: c, net: net, pool: pool, run: engine.NewRunner(net, pool),
		inputs:  passes.NewInputs(pool),
		classes: net.Space.Classes,
		hard:    make([]float32, n), teacher: make([]float32, n), distilled: make([]float32, n),
		parts:     (*transfer.Taken)(nil).Parts(weights.Params(net), false),
		takenRate: 1,
	}
	if c.Aggregation == Avg || c.Aggregation == AvgSqrt {
		s.counts = newUseCounts(net)
	}
	return s
}

// losses are the mean losses of a step, unweighted: of networks on the labels, and of networks on
// the teacher's answers.
type losses struct{ max, sub float64 }

// step trains each network on what it is to learn, sums the gradients, and moves the weights once.
// If the context ends between two networks, or a rank of the group is lost, the weights stay as
// they were, and done is false.
func (s *stepper) step(ctx context.Context, step int, b *data.Batch, lessons []lesson,
	rate float64) (l losses, done bool) {
	s.zeroGradients()
	s.counts.reset()
	hard, weights := s.targets(b)
	s.ask(b, lessons)
	var mean means
	for i, n := range lessons {
		if i > 0 && ctx.Err() != nil {
			return l, false
		}
		if n.labels == 0 && n.answers == 0 && !n.teaches {
			continue
		}
		logits := s.forward(n.arch, b, dropoutSeed(step, i, n))
		s.learn(n, logits, hard, weights, &mean)
		if n.teaches {
			nn.Softmax(s.teacher[:len(hard)], logits, s.classes, float32(s.config.Temperature))
		}
		s.run.Backward()
		s.counts.add(s.net, n.arch)
	}
	if g := s.pool.Group; ctx.Err() != nil || g != nil && g.Err() != nil {
		return l, false
	}
	s.counts.divide(s.config.Aggregation, s.pool)
	s.update(rate)
	return mean.losses(), true
}

// learn writes the gradient of what a network learns. Each process does so for the whole batch, and
// goes back with its share.
func (s *stepper) learn(n lesson, logits, hard, weights []float32, mean *means) {
	if s.pool.Group == nil {
		s.learnWhole(s.run.LogitGrad(), n, logits, hard, weights, mean)
		return
	}
	if s.grad == nil {
		s.grad = make([]float32, s.config.Batch*s.classes)
	}
	s.learnWhole(s.grad[:len(logits)], n, logits, hard, weights, mean)
	from, to := s.pool.Share(len(logits) / s.classes)
	copy(s.run.LogitGrad(), s.grad[from*s.classes:to*s.classes])
}

func (s *stepper) learnWhole(grad []float32, n lesson, logits, hard, weights []float32,
	mean *means) {
	tau := float32(s.config.Temperature)
	if n.labels == 0 && n.answers == 0 {
		clear(grad)
		return
	}
	if n.labels != 0 {
		mean.labels.add(n.labels, nn.CrossEntropyOfRows(grad, logits, hard, weights, s.classes, 1,
			float32(n.labels)))
	}
	if n.answers == 0 {
		return
	}
	own := grad
	if n.labels != 0 {
		own = s.distilled[:len(hard)]
	}
	mean.answers.add(n.answers, nn.CrossEntropyOfRows(own, logits, s.teacher[:len(hard)], weights,
		s.classes, tau, float32(n.answers)*tau*tau))
	if n.labels != 0 {
		for i, g := range own {
			grad[i] += g
		}
	}
}

// means are the mean losses over networks.
type means struct{ labels, answers weighted }

func (m means) losses() losses { return losses{max: m.labels.mean(), sub: m.answers.mean()} }

// weighted is a sum of losses that have been weighted, with their weights.
type weighted struct{ sum, weights float64 }

func (w *weighted) add(weight, loss float64) {
	w.sum += loss
	w.weights += weight
}

func (w weighted) mean() float64 {
	if w.weights == 0 {
		return 0
	}
	return w.sum / w.weights
}

// noDropout stands for the seed of no mask.
const noDropout = ^uint64(0)

// dropoutSeed is that of the mask of a step's network i.
func dropoutSeed(step, i int, n lesson) uint64 {
	if !n.dropout {
		return noDropout
	}
	return uint64(i)<<48 | uint64(step)
}

// forward runs a network on the batch.
func (s *stepper) forward(arch supernet.Arch, b *data.Batch, dropout uint64) []float32 {
	s.run.Bind(s.net.Space.Blocks(arch), b.N, nn.Train)
	if rate := s.net.Space.Head.Dropout; dropout != noDropout && rate > 0 {
		s.run.Dropout(rate, rand.New(rand.NewPCG(s.config.Seed^0xd409, dropout)))
	}
	s.inputs.Fill(s.run.Input(), int(arch.Resolution), s.share(b))
	s.whole = s.pool.Whole(s.whole, s.run.Forward(), b.N, s.classes)
	return s.whole
}

// share is the images of a batch that are for this process.
func (s *stepper) share(b *data.Batch) *data.Batch {
	from, to := s.pool.Share(b.N)
	own, image := *b, b.Size*b.Size*b.Channels
	own.N, own.X = to-from, b.X[from*image:to*image]
	return &own
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
