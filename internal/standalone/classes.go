package standalone

import (
	"slices"

	"github.com/tailor-nas/tailor/internal/transfer"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// ForClasses copies a network so that it tells other classes apart. Where these are its own, in
// whatever order, so is the classifier; else it is a new one, with random weights from the seed.
func ForClasses(net *supernet.Subnet, had, want []string, seed uint64) (copied *supernet.Subnet,
	fresh bool, err error) {
	blocks := slices.Clone(net.Blocks)
	last := &blocks[len(blocks)-1]
	fresh = !transfer.SameClasses(want, had)
	if fresh {
		last.Out.C, last.Zeros, last.Run = len(want), 0, 0
	}
	if copied, err = supernet.NewSubnet(blocks, net.BNEps, seed); err != nil {
		return nil, false, err
	}
	transfer.Take(transfer.Target{Params: weights.Params(copied), Classifier: last.Name,
		Classes: want}, transfer.Source{Tensors: net.Tensors(), Classes: had})
	copied.MeasureZeros()
	return copied, fresh, nil
}
