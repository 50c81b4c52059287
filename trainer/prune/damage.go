package prune

import (
	"context"

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

// Damage says how much removal hurts a network before it is trained again, by block.
type Damage struct {
	// by block and layer: the damage done when the first units go, in order of their scores
	layers map[string][][]float64
}

// NewDamage looks at a network's weights alone: damage is the share of a layer's squared weights
// that goes with its smallest units, summed over the layers of the block. Shares of layers can be
// compared where batch norm makes the size of a layer's weights as a whole meaningless.
func NewDamage(net *supernet.Subnet, c Config) *Damage {
	d := &Damage{map[string][][]float64{}}
	for _, l := range layersOf(net, c) {
		score := make([]float64, l.units())
		l.scores(score)
		lost := sums(l, score)
		for i, all := 0, max(lost[len(lost)-1], 1e-30); i < len(lost); i++ {
			lost[i] /= all
		}
		d.layers[l.block()] = append(d.layers[l.block()], lost)
	}
	return d
}

// sums are those of the squares in the units with the smallest scores, which are roots of means: of
// none, of one, and so on.
func sums(l layer, score []float64) []float64 {
	lost, sum := make([]float64, len(score)+1), 0.0
	for i, u := range ascending(score) {
		sum += score[u] * score[u] * float64(l.size(int(u)))
		lost[i+1] = sum
	}
	return lost
}

// damageSteps is the number of batches that [MeasureDamage] looks at, if there are so many.
const damageSteps = 100

// MeasureDamage looks at gradients too, of a job that has not begun: damage is in proportion to what
// the loss is expected to grow by, as [Fisher] has it, when the units go that this costs least.
func MeasureDamage(ctx context.Context, j Job) (*Damage, error) {
	j.Dir, j.Resume, j.Config.Criterion = "", false, Fisher
	p, err := start(j)
	if err != nil {
		return nil, err
	}
	defer p.close()
	if err := p.watch(ctx, damageSteps); err != nil {
		return nil, err
	}
	d := &Damage{map[string][][]float64{}}
	for _, l := range p.remover.layers {
		score := make([]float64, l.units())
		l.measure(score, p.remover.fisher.costs)
		d.layers[l.block()] = append(d.layers[l.block()], sums(l, score))
	}
	return d, nil
}

// watch looks at the gradients of some batches, and changes no weight.
func (p *pruning) watch(ctx context.Context, steps int) error {
	for b, err := range p.loader.Epoch(ctx, 0, 0) {
		if err != nil {
			return err
		}
		if _, err := p.gradients(b); err != nil {
			return err
		}
		if steps--; steps == 0 {
			break
		}
	}
	return ctx.Err()
}

// Of is the damage if a block loses a share, 0 to 1, of its units.
func (d *Damage) Of(block string, share float64) (sum float64) {
	for _, lost := range d.layers[block] {
		sum += lost[len(lost)-1-left(len(lost)-1, share)]
	}
	return sum
}
