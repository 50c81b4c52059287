package supernet

import (
	"strings"

	"github.com/tailor-nas/tailor/internal/nn"
)

// Matrix is a weight that pruning may take values from.
type Matrix struct {
	Block string // name of its block
	Param *nn.Param
}

// Matrices lists the weights of dense and 1x1 convolutions, (height,width,in,out) and (in,out), and of linear layers, those of
// squeeze-and-excitation among them: all that have a column for each output channel and a value for each input. Depthwise
// kernels have none.
func (s *Subnet) Matrices() []Matrix {
	var all []Matrix
	for _, b := range s.Blocks {
		for _, p := range s.params.List {
			if strings.HasPrefix(p.Name, b.Name+".") && p.Decay && !strings.HasSuffix(p.Name, ".depthwise.weight") {
				all = append(all, Matrix{b.Name, p})
			}
		}
	}
	return all
}
