package trainer

import (
	"context"
	"fmt"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/supernet"
)

// Confusion counts a network's answers: of the images of each class, how many were taken for each.
type Confusion [][]int

func newConfusion(classes int) Confusion {
	c := make(Confusion, classes)
	for i := range c {
		c[i] = make([]int, classes)
	}
	return c
}

// Images is how many images of a class there were.
func (c Confusion) Images(class int) (n int) {
	for _, v := range c[class] {
		n += v
	}
	return n
}

// Top1 is the share of all images whose class was found; 0 without images.
func (c Confusion) Top1() float64 {
	right, all := 0, 0
	for class := range c {
		right += c[class][class]
		all += c.Images(class)
	}
	return float64(right) / float64(max(all, 1))
}

// confusion is what a network answers for a loader's images.
func confusion(ctx context.Context, run engine.Runner, blocks []supernet.Block,
	images *data.Loader, in inputs) (Confusion, error) {
	classes := blocks[len(blocks)-1].Out.C
	counts, bound := newConfusion(classes), 0
	var found []int32
	for b, err := range images.Epoch(ctx, 0, 0) {
		if err != nil {
			return nil, fmt.Errorf("evaluate: %w", err)
		}
		if b.N != bound {
			run.Bind(blocks, b.N, nn.Infer)
			bound = b.N
		}
		in.fill(run.Input(), blocks[0].In.H, b)
		found = nn.Largest(found, run.Forward(), classes)
		for i, l := range b.Labels {
			counts[l][found[i]]++
		}
	}
	return counts, nil
}

// TestNet counts what a network that stands alone answers for a set of images of some size, with
// the statistics it carries. The transform is what brings the images to the network, as in its
// manifest.
func TestNet(ctx context.Context, net *supernet.Subnet, set data.Set, size int, t data.Transform,
	workers int) (Confusion, error) {
	pool := nn.NewPool(workers)
	defer pool.Close()
	const batch = 200
	loader, err := data.NewLoader(set, size, net.Blocks[0].In.C,
		data.LoaderConfig{Batch: min(batch, set.Len()), Transform: t, Workers: workers})
	if err != nil {
		return nil, fmt.Errorf("evaluate: %w", err)
	}
	return confusion(ctx, engine.NewRunner(net, pool), net.Blocks, loader, newInputs(pool))
}
