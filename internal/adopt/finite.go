package adopt

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/supernet"
)

// checkTensor refuses values that no trained network has: NaN, infinity, and variances below 0.
func checkTensor(t supernet.Tensor) error {
	v, bad := notFinite(t.Data)
	if !bad && strings.HasSuffix(t.Name, "running_var") {
		v, bad = below0(t.Data)
	}
	if bad {
		return fmt.Errorf("tensor %.80q has the value %g, which cannot be: the training that "+
			"made it has failed, or the file is damaged", t.Name, v)
	}
	return nil
}

// notFinite is the first value that is NaN or infinite.
func notFinite(data []float32) (v float32, found bool) {
	at := slices.IndexFunc(data, func(v float32) bool { return v-v != 0 })
	if at < 0 {
		return 0, false
	}
	return data[at], true
}

func below0(data []float32) (v float32, found bool) {
	at := slices.IndexFunc(data, func(v float32) bool { return v < 0 })
	if at < 0 {
		return 0, false
	}
	return data[at], true
}

// checkValues does to a network that was recognised in a graph what [checkTensor] does to tensors.
func (n *Network) checkValues() error {
	for _, c := range n.all() {
		parts := []supernet.Tensor{{Name: "weight", Data: c.Weight}, {Name: "bias", Data: c.Bias}}
		if c.Norm != nil {
			parts = append(parts, supernet.Tensor{Name: "batch norm scale", Data: c.Norm.Scale},
				supernet.Tensor{Name: "batch norm shift", Data: c.Norm.Shift},
				supernet.Tensor{Name: "running_mean", Data: c.Norm.Mean},
				supernet.Tensor{Name: "running_var", Data: c.Norm.Var})
		}
		for _, p := range parts {
			if err := checkTensor(p); err != nil {
				return fmt.Errorf("node %.80q: its %w", c.Where, err)
			}
		}
	}
	return nil
}

// all lists the convolutions and fully connected layers of the network.
func (n *Network) all() []*Conv {
	all := append(n.units(), &n.Classifier)
	for i := range n.Blocks {
		if g := n.Blocks[i].Gate; g != nil {
			all = append(all, &g.Reduce, &g.Expand)
		}
	}
	if n.Features != nil {
		all = append(all, n.Features)
	}
	return all
}
