package prune

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
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

// ZerosByBlock counts the weights of convolutions and linear layers that are zero already, whatever
// removed them.
func ZerosByBlock(net *supernet.Subnet) map[string]int {
	n := map[string]int{}
	for _, w := range weights.Matrices(net) {
		for _, v := range w.Param.Data {
			if v == 0 {
				n[w.Block]++
			}
		}
	}
	return n
}

// ParamsLeft counts a network's parameters but for the zeros that [ZerosByBlock] counts.
func ParamsLeft(net *supernet.Subnet) int64 {
	left := supernet.Params(net.Blocks)
	for _, zeros := range ZerosByBlock(net) {
		left -= int64(zeros)
	}
	return left
}

// Range is the share of the removable weights that is gone already, in whole units, and the share
// that can go: each layer keeps a unit, and a block as many channels as it must have.
func Range(net *supernet.Subnet, c Config) (gone, most float64) {
	all := 0.0
	for _, l := range layersOf(net, c) {
		n, weights := l.units(), 0
		for u := range n {
			weights += l.size(u)
			if l.lacked(u) {
				gone += float64(l.size(u))
			}
		}
		all += float64(weights)
		most += float64(weights) * float64(n-l.keep(0)) / float64(n)
	}
	return gone / max(all, 1), most / max(all, 1)
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
type Damage struct{ blocks map[string][]damaged }

// damaged is a layer that loses units.
type damaged struct {
	layer
	lost  []float64 // the damage when the first units go, in order of their scores
	least []int     // the fewest weights, but for those that are zero already, of so many units
}

// NewDamage looks at a network's weights alone: damage is the share of a layer's squared weights
// that goes with its smallest units, summed over the layers of the block. Shares of layers can be
// compared where batch norm makes the size of a layer's weights as a whole meaningless.
func NewDamage(net *supernet.Subnet, c Config) *Damage {
	d := &Damage{map[string][]damaged{}}
	for _, l := range layersOf(net, c) {
		lost := d.add(l, l.scores)
		for i, all := 0, max(lost[len(lost)-1], 1e-30); i < len(lost); i++ {
			lost[i] /= all
		}
	}
	return d
}

// add gives the sums of the squares in the units with the smallest scores, which are roots of means
// over their weights: of none, of one, and so on.
func (d *Damage) add(l layer, scores func([]float64)) (lost []float64) {
	n := l.units()
	score, sizes := make([]float64, n), make([]int, n)
	scores(score)
	lost, least := make([]float64, n+1), make([]int, n+1)
	for i, u := range ascending(score) {
		sizes[i] = l.live(int(u))
		lost[i+1] = lost[i] + score[u]*score[u]*float64(l.size(int(u)))
	}
	slices.Sort(sizes)
	for i, size := range sizes {
		least[i+1] = least[i] + size
	}
	d.blocks[l.block()] = append(d.blocks[l.block()], damaged{l, lost, least})
	return lost
}

// damageSteps is the number of batches that [MeasureDamage] looks at, if there are so many.
const damageSteps = 100

// MeasureDamage looks at gradients too, of a job that has not begun: damage is in proportion to
// what the loss is expected to grow by, as [Fisher] has it, when the units go that cost it least.
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
	d := &Damage{map[string][]damaged{}}
	for _, l := range p.remover.layers {
		lost := d.add(l, func(dst []float64) { l.measure(dst, p.remover.fisher.costs) })
		if all := lost[len(lost)-1]; math.IsNaN(all) || math.IsInf(all, 0) {
			return nil, fmt.Errorf("%w: of block %s the loss is expected to grow by %g: its weights are out of all proportion, or those behind it", trainer.ErrDiverged, l.block(), all)
		}
	}
	return d, nil
}

// watch looks at the gradients of some batches, and changes no weight.
func (p *pruning) watch(ctx context.Context, steps int) error {
	for b, err := range p.loader.Epoch(ctx, 0, 0) {
		if err != nil {
			return fmt.Errorf("look at gradients: %w", cmp.Or(ctx.Err(), err))
		}
		if loss := p.gradients(b); math.IsNaN(loss) || math.IsInf(loss, 0) {
			return fmt.Errorf("%w before any training: the loss is %g, as weights are out of all proportion", trainer.ErrDiverged, loss)
		}
		if steps--; steps == 0 {
			break
		}
	}
	return ctx.Err()
}

// gone is how many units a layer loses of a share.
func (l *damaged) gone(share float64) int {
	n := l.units()
	if !(share > 0) {
		return 0
	}
	return n - l.keep(left(n, min(share, 1)))
}

// Of is the damage if a block loses a share, 0 to 1, of its units.
func (d *Damage) Of(block string, share float64) (sum float64) {
	for _, l := range d.blocks[block] {
		sum += l.lost[l.gone(share)]
	}
	return sum
}

// Weights is how many weights that are not zero yet go at least if a block loses a share, 0 to 1,
// of its units. Some units may have fewer than others.
func (d *Damage) Weights(block string, share float64) (n int) {
	for _, l := range d.blocks[block] {
		n += l.least[l.gone(share)]
	}
	return n
}
