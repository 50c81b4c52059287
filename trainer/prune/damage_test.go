package prune

import (
	"math"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

// TestMeasureDamage: what a block's damage is made of is added up here in float64, from the
// gradients of the only batch there is.
func TestMeasureDamage(t *testing.T) {
	d := synthetic(t, 24)
	for _, k := range []supernet.Structure{supernet.Weights, supernet.Vectors8, supernet.Channels} {
		c := short(Magnitude, k, 0)
		c.Batch = d.Train.Len()
		j := NewJob(tiny(t, d), d, c)
		got, err := MeasureDamage(t.Context(), j)
		if err != nil {
			t.Fatal(err)
		}
		p, err := start(j)
		if err != nil {
			t.Fatal(err)
		}
		for b, err := range p.loader.Epoch(t.Context(), 0, 0) {
			if err != nil {
				t.Fatal(err)
			}
			p.gradients(b)
		}
		for block, want := range wholeDamage(p.remover.layers) {
			all := 0.0
			for _, l := range got.blocks[block] {
				all += l.lost[l.units()]
			}
			if math.Abs(all/want-1) > 1e-4 || all == 0 {
				t.Errorf("%s: all of block %s damages %g, want %g", k, block, all, want)
			}
			if most := got.Of(block, 1); most <= 0 || most > all {
				t.Errorf("%s: the most of block %s damages %g of %g", k, block, most, all)
			}
			if none := got.Of(block, 0); none != 0 {
				t.Errorf("%s: none of block %s damages %g", k, block, none)
			}
		}
		p.close()
	}
}

// wholeDamage is the damage of all that can go, by block.
func wholeDamage(layers []layer) map[string]float64 {
	all := map[string]float64{}
	for _, l := range layers {
		for p := range l.masks() {
			if !p.Decay {
				continue // channels have entries of batch norm too, which are not counted
			}
			for i, g := range p.Grad {
				effect := float64(g) * float64(p.Data[i])
				all[l.block()] += fisherRate * effect * effect
			}
		}
	}
	return all
}

// TestMeasureDamageIsRepeated: on any number of workers, and without changing the network.
func TestMeasureDamageIsRepeated(t *testing.T) {
	d := synthetic(t, 24)
	net := tiny(t, d)
	before := net.Clone()
	var first []float64
	for _, workers := range []int{1, 3} {
		j := NewJob(net, d, short(Magnitude, supernet.Weights, 0))
		j.Workers = workers
		damage, err := MeasureDamage(t.Context(), j)
		if err != nil {
			t.Fatal(err)
		}
		var all []float64
		for _, b := range net.Blocks {
			for _, share := range []float64{0.25, 0.5, 0.75, 1} {
				all = append(all, damage.Of(b.Name, share))
			}
		}
		if first = append(first, all...); !slices.Equal(all, first[:len(all)]) {
			t.Errorf("%d workers: %v, one: %v", workers, all, first[:len(all)])
		}
	}
	if !sameWeights(before, net) {
		t.Error("the network has changed")
	}
}
