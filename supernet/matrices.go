package supernet

import "github.com/tailor-nas/tailor/internal/weights"

// matrices is [weights.Matrices] of the network.
func (s *Subnet) matrices() []weights.Matrix {
	var all []weights.Matrix
	params := s.params.ByName()
	for _, b := range s.Blocks {
		for _, o := range b.MustOps() {
			if o.Kind == OpConv || o.Kind == OpLinear {
				all = append(all, weights.Matrix{Block: b.Name, Param: params[o.Weight]})
			}
		}
	}
	return all
}
