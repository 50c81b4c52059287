package supernet

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"

	"github.com/tailor-nas/tailor/internal/nn"
)

// sparse names the weights of a block whose zeros a runtime may skip: none, if the kind is unknown.
func (b Block) sparse() (names []string) {
	ops, _ := b.Ops()
	for _, o := range ops {
		if o.sparse() {
			names = append(names, o.Weight)
		}
	}
	return names
}

// sparse lists the weights of a block whose zeros a runtime may skip.
func (s *Subnet) sparse(b Block) (params []*nn.Param) {
	all := s.params.ByName()
	for _, name := range b.sparse() {
		params = append(params, all[name])
	}
	return params
}

// checkZeros checks what pruning has left of a block of a known kind.
func (b Block) checkZeros() error {
	switch {
	case b.Zeros < 0 || b.Zeros > 99:
		return fmt.Errorf("%d %% zeros are out of range, expected 0 to 99", b.Zeros)
	case b.Run != 0 && b.Run != 8 && b.Run != 16:
		return fmt.Errorf("runs of %d zeros are not supported; use 8 or 16, or none for single weights", b.Run)
	case b.Run != 0 && b.Zeros == 0:
		return fmt.Errorf("runs of zeros need zeros")
	case b.Zeros > 0 && b.Params() == 0:
		return fmt.Errorf("a %s has no weights to be zero", b.Kind)
	}
	return nil
}

// zero sets weights at random places to zero, as many as the blocks say.
func (s *Subnet) zero(seed uint64) {
	for _, b := range s.Blocks {
		if b.Zeros == 0 {
			continue
		}
		for _, p := range s.sparse(b) {
			h := fnv.New64a()
			h.Write([]byte(p.Name))
			zeroRandom(p, b.Zeros, max(b.Run, 1), rand.New(rand.NewPCG(seed^0x2e705, h.Sum64())))
		}
	}
}

// zeroRandom zeroes a share of the runs of a weight (in,out).
func zeroRandom(p *nn.Param, percent, run int, r *rand.Rand) {
	out := p.Shape[len(p.Shape)-1]
	perRow := (out + run - 1) / run
	all := r.Perm(perRow * (len(p.Data) / out))
	for _, i := range all[:len(all)*percent/100] {
		row, at := i/perRow, i%perRow*run
		clear(p.Data[row*out:][at:min(at+run, out)])
	}
}
