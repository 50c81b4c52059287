package supernet

import (
	"errors"
	"fmt"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/settings"
)

// ErrClosed is what a [Classifier] gives after its Close.
var ErrClosed = errors.New("supernet: the classifier is closed")

// classifierBatch images run at once, so that memory does not grow with what a caller passes.
const classifierBatch = 32

// Classifier runs a network that stands alone on images of any program. One call at a time;
// several classifiers of one network may run at once, as long as nobody changes its weights.
// Close it when done.
type Classifier struct {
	blocks []Block
	pool   *nn.Pool
	run    *runner
	bound  int // images of the batch that the runner is bound for
}

// Classifier makes one that works on so many goroutines, 1 or more; logits do not depend on it.
func (s *Subnet) Classifier(workers int) (*Classifier, error) {
	if s == nil || len(s.Blocks) == 0 {
		return nil, fmt.Errorf(
			"supernet: there is no network to classify with, as of a manifest without weights")
	}
	if workers < 1 || workers > settings.MaxWorkers {
		return nil, fmt.Errorf("supernet: %d workers of a classifier, expected 1 to %d",
			workers, settings.MaxWorkers)
	}
	if last := s.Blocks[len(s.Blocks)-1]; !last.Classifies() {
		return nil, fmt.Errorf(
			"supernet: the network ends in block %q, a %s: to classify it must end in a %s",
			last.Name, last.Kind, Linear)
	}
	pool := nn.NewPool(workers)
	return &Classifier{blocks: s.Blocks, pool: pool, run: s.runner(pool)}, nil
}

// Input is the shape of an image.
func (c *Classifier) Input() Shape { return c.blocks[0].In }

// Classes is the number of logits of an image.
func (c *Classifier) Classes() int { return c.blocks[len(c.blocks)-1].Out.C }

// Logits gives (N,classes) for images (N,H,W,C), where H, W and C are those of [Classifier.Input]:
// image by image, row by row, the channels of a pixel side by side. Values are as the network's
// manifest has them prepared. The result is the caller's.
func (c *Classifier) Logits(images []float32) ([]float32, error) {
	if c == nil || c.pool == nil {
		return nil, ErrClosed
	}
	in := c.Input()
	if len(images) == 0 || len(images)%in.Len() != 0 {
		return nil, fmt.Errorf(
			"supernet: %d values are not whole images of %d (%dx%d pixels, %d channels)",
			len(images), in.Len(), in.H, in.W, in.C)
	}
	logits := make([]float32, 0, len(images)/in.Len()*c.Classes())
	for len(images) > 0 {
		n := min(len(images)/in.Len(), classifierBatch)
		logits = append(logits, c.batch(images[:n*in.Len()], n)...)
		images = images[n*in.Len():]
	}
	return logits, nil
}

// batch gives the logits of n images, valid until the next call.
func (c *Classifier) batch(images []float32, n int) []float32 {
	if n != c.bound {
		c.run.Bind(c.blocks, n, nn.Infer)
		c.bound = n
	}
	copy(c.run.Input(), images)
	return c.run.Forward()
}

// Close ends the workers. Closing again, or what is nil, does nothing.
func (c *Classifier) Close() {
	if c == nil || c.pool == nil {
		return
	}
	c.pool.Close()
	c.pool, c.run = nil, nil
}
