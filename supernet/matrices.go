package supernet

import "github.com/tailor-nas/tailor/internal/nn"

// Matrix is a weight that pruning may take values from.
type Matrix struct {
	Block string // name of its block
	Param *nn.Param
}

// Matrices lists the weights of dense and 1x1 convolutions, (height,width,in,out) and (in,out), and
// of linear layers, those of squeeze-and-excitation among them: all that have a column for each
// output channel and a value for each input. Depthwise kernels have none.
func (s *Subnet) Matrices() []Matrix {
	var all []Matrix
	params := s.params.ByName()
	for _, b := range s.Blocks {
		for _, o := range b.MustOps() {
			if o.Kind == OpConv || o.Kind == OpLinear {
				all = append(all, Matrix{b.Name, params[o.Weight]})
			}
		}
	}
	return all
}
