package prune

import (
	"slices"

	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// WeightsByBlock counts the weights that a structure can be removed from, by block.
func WeightsByBlock(net *supernet.Subnet, c Config) map[string]int {
	n := map[string]int{}
	for _, l := range layersOf(net, c) {
		for u := range l.units() {
			n[l.block()] += l.size(u)
		}
	}
	return n
}

// Apply gives a copy of the network that has lost, at once and without training, what [Job.Shares]
// says: for timing.
func Apply(net *supernet.Subnet, c Config, shares map[string]float64) (*supernet.Subnet, error) {
	if err := c.checkRemoval(net, shares); err != nil {
		return nil, err
	}
	pruned := net.Clone()
	weights.EnableTraining(pruned)
	r := newRemover(pruned, c, shares)
	r.dead = nil
	r.update(c.Sparsity, 0)
	small, err := r.cut(pruned)
	if err != nil {
		return nil, err
	}
	small.MeasureZeros()
	return small, nil
}

// Damage says how much removal hurts a network before it is trained again, by block: the share of a
// layer's squared weights that goes with its smallest units, summed over the layers of the block.
// Shares of layers can be compared where batch norm makes the size of a layer's weights as a whole
// meaningless. by block and layer: the share of the squares that goes with the first units
type Damage struct{ layers map[string][][]float64 }

// NewDamage looks at a network's weights.
func NewDamage(net *supernet.Subnet, c Config) *Damage {
	d := &Damage{map[string][][]float64{}}
	for _, l := range layersOf(net, c) {
		score := make([]float64, l.units())
		l.scores(score)
		slices.Sort(score)
		lost, sum := make([]float64, len(score)+1), 0.0
		for i, s := range score {
			sum += s * s
			lost[i+1] = sum
		}
		for i := range lost {
			lost[i] /= max(sum, 1e-30)
		}
		d.layers[l.block()] = append(d.layers[l.block()], lost)
	}
	return d
}

// Of is the damage if a block loses a share, 0 to 1, of its units.
func (d *Damage) Of(block string, share float64) (sum float64) {
	for _, lost := range d.layers[block] {
		sum += lost[len(lost)-1-left(len(lost)-1, share)]
	}
	return sum
}
