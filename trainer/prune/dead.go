package prune

import (
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// deadUnits finds weights that no longer matter, in a chain of convolutions and linear layers
// without batch norm: an output channel that nothing reads needs no weights, and one that reads
// nothing gives its bias alone, which is folded into the biases of what reads it. Neither changes
// what the network computes.
type deadUnits struct{ links []link }

// link is two weights, the second of which reads what the first gives.
type link struct {
	first, second     *matrix
	bias, secondBias  []float32 // secondBias nil: the constant is 0 and needs no folding
	act               func(float32) float32
	channels, outputs int
}

// findChains lists the links of a network: weighted blocks without batch norm that follow each
// other, perhaps with pooling between them.
func findChains(net *supernet.Subnet, layers []layer) *deadUnits {
	var d deadUnits
	byName := map[string]*matrix{}
	for _, l := range layers {
		m := l.(*matrix)
		byName[m.param.Name] = m
	}
	var last *supernet.Op
	for i := range net.Blocks {
		b := &net.Blocks[i]
		if b.Params() == 0 { // pooling keeps channels apart
			continue
		}
		op := plain(*b)
		if last != nil && op != nil {
			if k, ok := newLink(net, byName, last, op); ok {
				d.links = append(d.links, k)
			}
		}
		last = op
	}
	return &d
}

// plain is the operation of a block that is a matrix of weights, an optional bias and an
// activation; nil if it is anything else.
func plain(b supernet.Block) *supernet.Op {
	ops := b.MustOps()
	matrix := ops[0].Kind == supernet.OpConv || ops[0].Kind == supernet.OpLinear
	if len(ops) > 1 || !matrix || ops[0].Norm != "" {
		return nil
	}
	return &ops[0]
}

func newLink(net *supernet.Subnet, byName map[string]*matrix, first, second *supernet.Op) (link,
	bool) {
	a, b := byName[first.Weight], byName[second.Weight]
	if a == nil || b == nil {
		return link{}, false
	}
	k := link{first: a, second: b, channels: first.Out.C, outputs: second.Out.C,
		act: first.Act.Value}
	for _, p := range weights.Params(net) {
		switch p.Name {
		case first.Bias:
			k.bias = p.Data
		case second.Bias:
			k.secondBias = p.Data
		}
	}
	// What a bias gives cannot be folded where there is no bias to fold it into, nor where padding
	// makes borders differ.
	return k, (k.bias == nil || k.secondBias != nil) && second.Pads == (supernet.Pads{})
}

// remove takes dead units away until there are none.
func (d *deadUnits) remove(r *remover) {
	for changed := true; changed; {
		changed = false
		for _, k := range d.links {
			for ch := range k.channels {
				changed = k.removeUnread(ch) || changed
				changed = k.fold(ch) || changed
			}
		}
	}
	for i, l := range r.layers {
		copy(r.gone[i], l.(*matrix).gone)
	}
}

// reads calls f with the values of the second weight that read a channel. Its rows are in order
// (height,width,channel).
func (k link) reads(ch int, f func(i int)) {
	for row := ch; row < len(k.second.param.Data)/k.outputs; row += k.channels {
		for o := range k.outputs {
			f(row*k.outputs + o)
		}
	}
}

// gives calls f with the values of the first weight that make a channel.
func (k link) gives(ch int, f func(i int)) {
	for i := ch; i < len(k.first.param.Data); i += k.channels {
		f(i)
	}
}

// removeUnread removes what makes a channel that nothing reads.
func (k link) removeUnread(ch int) (changed bool) {
	read := false
	k.reads(ch, func(i int) { read = read || !k.second.gone[i] })
	if read {
		return false
	}
	k.gives(ch, func(i int) { changed = k.first.drop(i) || changed })
	if k.bias != nil {
		k.bias[ch] = 0
	}
	return changed
}

// fold removes what reads a channel that is constant, and adds the constant to the biases behind
// it.
func (k link) fold(ch int) (changed bool) {
	written := false
	k.gives(ch, func(i int) { written = written || !k.first.gone[i] })
	if written {
		return false
	}
	constant := float32(0)
	if k.bias != nil {
		constant = k.act(k.bias[ch])
	}
	k.reads(ch, func(i int) {
		if w := k.second.param.Data[i]; w != 0 && constant != 0 {
			k.secondBias[i%k.outputs] += constant * w
		}
		changed = k.second.drop(i) || changed
	})
	return changed
}

// drop removes a value, and says whether it was there.
func (m *matrix) drop(i int) bool {
	if m.gone[i] {
		return false
	}
	m.gone[i] = true
	m.param.Data[i], m.param.Momentum[i] = 0, 0
	return true
}
