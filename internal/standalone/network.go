package standalone

import (
	"context"
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/passes"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// Network trains, calibrates and tests one network that stands alone: a sub-network cut from a
// supernet, or a fixed one. Close it when done.
type Network struct {
	Net       *supernet.Subnet
	pool      *nn.Pool
	run       engine.Runner
	inputs    passes.Inputs
	classes   int
	data      *data.Dataset
	transform data.Transform // of images that batch norm is calibrated on
	training  data.Transform // of those that it learns from
	settings  trainer.EvalSettings
	hard      []float32 // target distribution of the labels, (N,classes)
}

// NewNetwork prepares to work with a network on d; transform is what happens to training images, to
// learn from and to calibrate batch norm on.
// The network must be for the dataset's classes and channels.
func NewNetwork(net *supernet.Subnet, d *data.Dataset, transform data.Transform,
	s trainer.EvalSettings) (*Network, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	in, out := net.Blocks[0].In, net.Blocks[len(net.Blocks)-1].Out
	if in.C != d.Channels || out.C != len(d.Classes) {
		return nil, fmt.Errorf(
			"the network is for %d classes of images with %d channels, the data has %d and %d: %w",
			out.C, in.C, len(d.Classes), d.Channels, trainer.ErrConfig)
	}
	pool := nn.NewPool(s.Workers)
	return &Network{Net: net, pool: pool, run: engine.NewRunner(net, pool),
		inputs:  passes.NewInputs(pool),
		classes: out.C, data: d, transform: transform, training: transform, settings: s}, nil
}

// Augment changes what happens to the images that the network learns from.
func (n *Network) Augment(t data.Transform) { n.training = t }

// Close ends the workers.
func (n *Network) Close() { n.pool.Close() }

// Pool is the workers, for one caller at a time.
func (n *Network) Pool() *nn.Pool { return n.pool }

// Loader gives the training images in batches, in a new order every epoch.
func (n *Network) Loader(batch int) (*data.Loader, error) {
	return n.loader(n.data.Train, data.LoaderConfig{Batch: batch, Seed: n.settings.Seed,
		Shuffle: true, DropLast: true, Transform: n.training})
}

func (n *Network) loader(set data.Set, c data.LoaderConfig) (*data.Loader, error) {
	c.Workers = n.settings.Workers
	l, err := data.NewLoader(set, n.data.Size, n.data.Channels, c)
	if err != nil {
		return nil, fmt.Errorf("prepare data: %w", err)
	}
	return l, nil
}

// Gradients computes the gradients of a batch's cross entropy on the labels, smoothed, and gives
// the loss. If teacher is not nil it holds another network's softmax for the batch, (N,classes),
// which takes the share distill of the target.
func (n *Network) Gradients(b *data.Batch, smoothing, distill float64, teacher []float32) float64 {
	n.pool.Run(len(weights.Params(n.Net)), n.clear)
	n.run.Bind(n.Net.Blocks, b.N, nn.Train)
	n.inputs.Fill(n.run.Input(), n.Net.Blocks[0].In.H, b)
	logits := n.run.Forward()
	if len(n.hard) < len(logits) {
		n.hard = make([]float32, len(logits))
	}
	target := n.hard[:len(logits)]
	nn.SmoothLabels(target, b.Labels, n.classes, float32(smoothing))
	for i, other := range b.Others {
		nn.MixLabel(target[i*n.classes:][:n.classes], b.Labels[i], other, float32(smoothing),
			b.Share)
	}
	if teacher != nil {
		for i := range target {
			target[i] += float32(distill) * (teacher[i] - target[i])
		}
	}
	loss := nn.CrossEntropy(n.run.LogitGrad(), logits, target, n.classes, 1, 1)
	n.run.Backward()
	return loss
}

func (n *Network) clear(_, i int) { clear(weights.Params(n.Net)[i].Grad) }

// Softmax is the network's answer for a batch, (N,classes), with its recorded statistics. The
// result is dst, grown if need be.
func (n *Network) Softmax(dst []float32, b *data.Batch) []float32 {
	n.run.Bind(n.Net.Blocks, b.N, nn.Infer)
	n.inputs.Fill(n.run.Input(), n.Net.Blocks[0].In.H, b)
	logits := n.run.Forward()
	if cap(dst) < len(logits) {
		dst = make([]float32, len(logits))
	}
	dst = dst[:len(logits)]
	nn.Softmax(dst, logits, n.classes, 1)
	return dst
}

// Calibrate measures the batch norm statistics anew, on training images as they are augmented. A
// network without batch norm has nothing to measure.
func (n *Network) Calibrate(ctx context.Context) error {
	if !slices.ContainsFunc(n.Net.Blocks, func(b supernet.Block) bool { return b.BN }) {
		return nil
	}
	images := data.Subset(n.data.Train, n.settings.CalibrationImages, n.settings.Seed)
	l, err := n.loader(images, data.LoaderConfig{Batch: min(n.settings.Batch, images.Len()),
		Seed: n.settings.Seed, Transform: n.transform})
	if err != nil {
		return err
	}
	return passes.Calibrate(ctx, n.run, n.Net.Blocks, l, n.inputs)
}

// Top1 is the share of a set's images that the network classifies right, with its recorded
// statistics.
func (n *Network) Top1(ctx context.Context, set data.Set) (float64, error) {
	l, err := n.loader(set, data.LoaderConfig{Batch: min(n.settings.Batch, set.Len()),
		Transform: data.Transform{Mean: n.transform.Mean, Std: n.transform.Std}})
	if err != nil {
		return 0, err
	}
	correct, err := passes.CountCorrect(ctx, n.run, n.Net.Blocks, l, n.inputs)
	return float64(correct) / float64(set.Len()), err
}
