package main

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// stepper does the training step of package trainer on one batch over and over.
type stepper struct {
	job     *job
	net     *supernet.Supernet
	pool    *nn.Pool
	run     engine.Runner
	images  []float32 // (N,H,W,C)
	n       int
	classes int
	labels  []float32 // target distribution, (N,classes)
	teacher []float32 // softmax of the first network, (N,classes)
	losses  []float64 // of the last step, by network

	clearTask, updateTask func(worker, i int)
}

func newStepper(j *job, threads int) (*stepper, error) {
	initial, err := safetensors.Read(j.Weights)
	if err != nil {
		return nil, err
	}
	batch, err := safetensors.Read(j.Batch)
	if err != nil {
		return nil, err
	}
	net := supernet.New(j.Space, weightSeed)
	if err := weights.Load(net, initial.Tensors); err != nil {
		return nil, fmt.Errorf("weights of %s: %w", j.Net, err)
	}
	images, _ := batch.Lookup("images")
	labels, _ := batch.Lookup("labels")
	n, classes := len(labels.Data), j.Space.Classes
	if in := j.Networks[0][0].In; n == 0 || len(images.Data) != n*in.Len() {
		return nil, fmt.Errorf("batch of %s holds %d values for %d labels, expected %d an image",
			j.Net, len(images.Data), n, in.Len())
	}
	pool := nn.NewPool(threads)
	s := &stepper{
		job: j, net: net, pool: pool, run: engine.NewRunner(net, pool), images: images.Data, n: n,
		classes: classes,
		labels:  make([]float32, n*classes), teacher: make([]float32, n*classes),
		losses: make([]float64, len(j.Networks)),
	}
	hard := make([]int32, n)
	for i, l := range labels.Data {
		hard[i] = int32(l)
	}
	nn.SmoothLabels(s.labels, hard, classes, j.LabelSmoothing)
	s.clearTask = func(_, i int) { clear(weights.Params(net)[i].Grad) }
	s.updateTask = func(_, i int) { s.update(weights.Params(net)[i]) }
	return s, nil
}

func (s *stepper) close() { s.pool.Close() }

// step trains the first network on the labels and the others on its softmax, sums the gradients,
// and moves the weights.
func (s *stepper) step() {
	params := len(weights.Params(s.net))
	s.pool.Run(params, s.clearTask)
	for i, blocks := range s.job.Networks {
		s.run.Bind(blocks, s.n, nn.Train)
		copy(s.run.Input(), s.images)
		logits, target := s.run.Forward(), s.teacher
		if i == 0 {
			target = s.labels
			nn.Softmax(s.teacher, logits, s.classes, 1)
		}
		s.losses[i] = nn.CrossEntropy(s.run.LogitGrad(), logits, target, s.classes, 1, 1)
		s.run.Backward()
	}
	s.pool.Run(params, s.updateTask)
}

// update is a step of SGD with Nesterov momentum:
//
//	g = grad + decay·w;  v = momentum·v + g;  w -= rate·(g + momentum·v)
func (s *stepper) update(p *nn.Param) {
	rate, momentum, decay := s.job.Rate, s.job.Momentum, s.job.WeightDecay
	if !p.Decay {
		decay = 0
	}
	w, v := p.Data[:len(p.Grad)], p.Momentum[:len(p.Grad)]
	for i, g := range p.Grad {
		g += decay * w[i]
		v[i] = momentum*v[i] + g
		w[i] -= rate * (g + momentum*v[i])
	}
}
