// Package engine runs networks of package supernet on a pool of workers, for the rooms of tailor
// that train, calibrate, test and time them. Other modules have [supernet.Subnet.Classifier].
package engine

import (
	"math/rand/v2"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// Runner runs networks that share one set of weights, one at a time. Several runners may infer at
// once with the same weights; batch norm statistics are each runner's own, but for a network that
// stands alone, which has them among its weights.
type Runner interface {
	// Bind makes the network of the given blocks the one that runs, on batches of n images. It
	// costs microseconds once memory for the largest network has been allocated.
	Bind(blocks []supernet.Block, n int, mode nn.Mode)
	// Rebind changes the number of images in a batch within a calibration, whose statistics go on.
	Rebind(blocks []supernet.Block, n int)
	// Input is where the batch goes, (N,H,W,C).
	Input() []float32
	// Forward runs the bound network on its input and gives the logits, (N,classes), valid until
	// the next call. A list of blocks that does not end in a classifier, as it is bound for timing,
	// gives nil.
	Forward() []float32
	// Output copies what the latest Forward gave into dst, (N,H,W,C) of the last block's output.
	Output(dst []float32)
	// LogitGrad is where the gradient of the loss with respect to the logits goes before Backward.
	LogitGrad() []float32
	// Backward adds the gradients of the bound network's weights to those that all share.
	Backward()
	// Dropout draws a mask for the classifier's input; call it after Bind. Without it there is no
	// dropout.
	Dropout(rate float64, rnd *rand.Rand)
	// FinishCalibration turns what the batches since Bind have shown into the statistics that
	// inference uses.
	FinishCalibration()
	// Extract copies the network that is bound out of its supernet, with the statistics of its last
	// calibration.
	Extract(blocks []supernet.Block, eps float64) *supernet.Subnet
	// MemoryBytes is what the networks bound so far needed: for the values of a batch, which grow
	// with it, and for the rest.
	MemoryBytes() (values, rest int64)
}

// NewRunner makes what runs a network, or all sub-networks of a supernet, on the pool.
func NewRunner(net weights.Network, pool *nn.Pool) Runner {
	return weights.Runner(net, pool).(Runner)
}
