package prune

import (
	"context"
	"errors"
	"testing"

	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// TestGradientsOverflow: squares of gradients that are too large for their mean end the run with
// an error, and not with a network of which nothing, or anything, was removed.
func TestGradientsOverflow(t *testing.T) {
	d := synthetic(t, 24)
	net := tiny(t, d)
	matrices := weights.Matrices(net)
	last := matrices[len(matrices)-1].Param.Data
	for i := range last {
		last[i] *= 1e25
	}
	for _, k := range []supernet.Structure{supernet.Weights, supernet.Vectors8, supernet.Channels} {
		for _, c := range []Config{short(Magnitude, k, 0.5), Defaults(SSGD, k).AtOnce()} {
			c.Epochs, c.Batch, c.LR, c.Distill, c.Regrow, c.Sparsity = 1, 60, 0, 0, 0, .5
			r, err := Run(context.Background(), Job{Net: net, Data: d, Config: c, Workers: 1})
			if err == nil {
				t.Errorf("%s %s: no error, %d of %d weights left", k, c.Method, r.Left, r.Weights)
			} else if !errors.Is(err, trainer.ErrDiverged) {
				t.Errorf("%s %s: %v, want ErrDiverged", k, c.Method, err)
			}
		}
	}
}
