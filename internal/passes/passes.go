// Package passes runs a loader's images once through a network: to calibrate its batch norm, and to
// count what it answers.
package passes

import (
	"context"
	"errors"
	"fmt"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/supernet"
)

// Calibrate measures the batch norm statistics of a network on one pass over a loader's images.
func Calibrate(ctx context.Context, run engine.Runner, blocks []supernet.Block,
	images *data.Loader, in Inputs) error {
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
		in.Fill(run.Input(), blocks[0].In.H, b)
		run.Forward()
	}
	run.FinishCalibration()
	return nil
}

// ErrNotFinite is wrapped by errors about networks whose answers mean nothing.
var ErrNotFinite = errors.New("its outputs are not finite numbers")

// CheckFinite refuses logits that are NaN or infinite: none of them is the largest.
func CheckFinite(logits []float32) error {
	for _, v := range logits {
		if v-v != 0 {
			return fmt.Errorf("%w (one is %g): weights, or the variances of batch norm, are too large "+
				"or too small; train it anew, or take other weights", ErrNotFinite, v)
		}
	}
	return nil
}

// Answers gives f the logits of a loader's images, batch by batch, until it returns an error.
func Answers(ctx context.Context, run engine.Runner, blocks []supernet.Block, images *data.Loader,
	in Inputs, f func(logits []float32, labels []int32) error) error {
	bound := 0
	for b, err := range images.Epoch(ctx, 0, 0) {
		if err != nil {
			return fmt.Errorf("evaluate: %w", err)
		}
		if b.N != bound {
			run.Bind(blocks, b.N, nn.Infer)
			bound = b.N
		}
		in.Fill(run.Input(), blocks[0].In.H, b)
		if err := f(run.Forward(), b.Labels); err != nil {
			return err
		}
	}
	return nil
}

// CountCorrect is the number of a loader's images that a network classifies right.
func CountCorrect(ctx context.Context, run engine.Runner, blocks []supernet.Block,
	images *data.Loader, in Inputs) (correct int, err error) {
	err = Answers(ctx, run, blocks, images, in, func(logits []float32, labels []int32) error {
		correct += nn.Correct(logits, labels, blocks[len(blocks)-1].Out.C)
		return nil
	})
	return correct, err
}
