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
	classes := blocks[len(blocks)-1].Out.C
	counts, bound := newCounts(classes), 0
	var found []int32
	for b, err := range images.Epoch(ctx, 0, 0) {
		if err != nil {
			return nil, fmt.Errorf("evaluate: %w", err)
		}
		if b.N != bound {
			run.Bind(blocks, b.N, nn.Infer)
			bound = b.N
		}
		in.Fill(run.Input(), blocks[0].In.H, b)
		found = nn.Largest(found, run.Forward(), classes)
		for i, l := range b.Labels {
			counts[l][found[i]]++
		}
	}
	return counts, nil
}

// Test counts what a network that stands alone answers for a set of images of some size, with
// the statistics it carries. The transform is what brings the images to the network, as in its
// manifest.
func Test(ctx context.Context, net *supernet.Subnet, set data.Set, size int, t data.Transform,
	workers int) ([][]int, error) {
	pool := nn.NewPool(workers)
	defer pool.Close()
	const batch = 200
	loader, err := data.NewLoader(set, size, net.Blocks[0].In.C,
		data.LoaderConfig{Batch: min(batch, set.Len()), Transform: t, Workers: workers})
	if err != nil {
		return nil, fmt.Errorf("evaluate: %w", err)
	}
	return Confusion(ctx, engine.NewRunner(net, pool), net.Blocks, loader, NewInputs(pool))
}

func newCounts(classes int) [][]int {
	c := make([][]int, classes)
	for i := range c {
		c[i] = make([]int, classes)
	}
	return c
}
