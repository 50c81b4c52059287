package passes

import (
	"context"
	"fmt"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/supernet"
)

// Confusion counts what a network answers for a loader's images: of the images of each class, how
// many were taken for each.
func Confusion(ctx context.Context, run engine.Runner, blocks []supernet.Block,
	images *data.Loader, in Inputs) ([][]int, error) {
	t := newTally(blocks)
	if err := Answers(ctx, run, blocks, images, in, t.add); err != nil {
		return nil, err
	}
	return t.counts, nil
}

// tally counts the largest of the logits of each image.
type tally struct {
	classes int
	counts  [][]int
	found   []int32
}

func newTally(blocks []supernet.Block) *tally {
	classes := blocks[len(blocks)-1].Out.C
	return &tally{classes: classes, counts: newCounts(classes)}
}

func (t *tally) add(logits []float32, labels []int32) error {
	if err := CheckFinite(logits); err != nil {
		return err
	}
	t.found = nn.Largest(t.found, logits, t.classes)
	for i, l := range labels {
		t.counts[l][t.found[i]]++
	}
	return nil
}

// Test counts what a network that stands alone answers for a set of images of some size, with
// the statistics it carries. The transform is what brings the images to the network, as in its
// manifest. Each, if not nil, is told of images as they come.
func Test(ctx context.Context, net *supernet.Subnet, set data.Set, size int, t data.Transform,
	workers int, each func(images int)) ([][]int, error) {
	pool := nn.NewPool(workers)
	defer pool.Close()
	loader, err := testLoader(set, size, net.Blocks, t, workers)
	if err != nil {
		return nil, err
	}
	in := NewInputs(pool)
	in.Each = each
	return Confusion(ctx, engine.NewRunner(net, pool), net.Blocks, loader, in)
}

// TestBy is [Test] of a network that runs elsewhere: logits gives those of images, which are
// (N,H,W,C) of the first block's input.
func TestBy(ctx context.Context, blocks []supernet.Block, set data.Set, size int, t data.Transform,
	workers int, each func(images int), logits func(images []float32) ([]float32, error)) ([][]int,
	error) {
	pool := nn.NewPool(workers)
	defer pool.Close()
	loader, err := testLoader(set, size, blocks, t, workers)
	if err != nil {
		return nil, err
	}
	in, input := NewInputs(pool), blocks[0].In
	in.Each = each
	counted := newTally(blocks)
	for b, err := range loader.Epoch(ctx, 0, 0) {
		if err != nil {
			return nil, fmt.Errorf("evaluate: %w", err)
		}
		images := make([]float32, b.N*input.Len())
		in.Fill(images, input.H, b)
		values, err := logits(images)
		if err != nil {
			return nil, fmt.Errorf("evaluate: %w", err)
		}
		if err := counted.add(values, b.Labels); err != nil {
			return nil, fmt.Errorf("evaluate: %w", err)
		}
	}
	return counted.counts, nil
}

// testLoader loads the images of a test in their order.
func testLoader(set data.Set, size int, blocks []supernet.Block, t data.Transform, workers int) (
	*data.Loader, error) {
	const batch = 200
	loader, err := data.NewLoader(set, size, blocks[0].In.C,
		data.LoaderConfig{Batch: min(batch, set.Len()), Transform: t, Workers: workers})
	if err != nil {
		return nil, fmt.Errorf("evaluate: %w", err)
	}
	return loader, nil
}

func newCounts(classes int) [][]int {
	c := make([][]int, classes)
	for i := range c {
		c[i] = make([]int, classes)
	}
	return c
}
