package trainer

import (
	"context"
	"fmt"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/supernet"
)

// calibrate measures the batch norm statistics of a network on one pass over a loader's images.
func calibrate(ctx context.Context, run engine.Runner, blocks []supernet.Block,
	images *data.Loader, in inputs) error {
	bound := 0
	for b, err := range images.Epoch(ctx, 0, 0) {
		switch {
		case err != nil:
			return fmt.Errorf("calibrate: %w", err)
		case bound == 0:
			run.Bind(blocks, b.N, nn.Calibrate)
			bound = b.N
		case b.N != bound:
			// The last batch may be smaller; statistics go on.
			run.Rebind(blocks, b.N)
			bound = b.N
		}
		in.fill(run.Input(), blocks[0].In.H, b)
		run.Forward()
	}
	run.FinishCalibration()
	return nil
}

// countCorrect is the number of a loader's images that a network classifies right.
func countCorrect(ctx context.Context, run engine.Runner, blocks []supernet.Block,
	images *data.Loader, in inputs) (int, error) {
	correct, bound := 0, 0
	for b, err := range images.Epoch(ctx, 0, 0) {
		if err != nil {
			return 0, fmt.Errorf("evaluate: %w", err)
		}
		if b.N != bound {
			run.Bind(blocks, b.N, nn.Infer)
			bound = b.N
		}
		in.fill(run.Input(), blocks[0].In.H, b)
		correct += nn.Correct(run.Forward(), b.Labels, blocks[len(blocks)-1].Out.C)
	}
	return correct, nil
}
