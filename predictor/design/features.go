package design

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/supernet"
)

// What a new device may differ in from the sources, beforehand: standard deviations of shares of a
// latency. Only their sizes relative to each other and to the noise have a say.
const (
	ofFactor   = 1.0  // how much faster or slower all networks are
	ofOverhead = 0.3  // what a network takes once, of the latency of a middle one
	ofSource   = 1.0  // the share of a source in the mix
	ofKernel   = 0.2  // the speed of blocks with a depthwise kernel of one size
	ofStage    = 0.1  // the speed of the blocks of a stage
	ofPixels   = 0.1  // the speed at a resolution
	noise      = 0.03 // a time, with what no transfer explains
)

// group is blocks that a device may be better or worse at than the sources are: those of a
// depthwise kernel, of a stage, or of networks of a resolution.
type group struct{ kernel, stage, pixels int }

// none is what a group does not go by.
const none = -2 // PartBlocks has stages from -1 on

func byKernel(kernel int) group { return group{kernel, none, none} }
func byStage(stage int) group   { return group{none, stage, none} }
func byPixels(pixels int) group { return group{none, none, pixels} }

func (g group) compare(other group) int {
	return cmp.Or(cmp.Compare(g.kernel, other.kernel), cmp.Compare(g.stage, other.stage),
		cmp.Compare(g.pixels, other.pixels))
}

// deviation is how far the speed of a group departs from that of the sources beforehand.
func (g group) deviation() float64 {
	switch {
	case g.kernel != none:
		return ofKernel
	case g.stage != none:
		return ofStage
	}
	return ofPixels
}

// network is a candidate with what the sources say of it.
type network struct {
	arch   supernet.Arch
	logs   []float64         // of the predictions of the sources, in milliseconds
	shares map[group]float64 // of the blocks of groups in these, the mean over the sources
}

// predicted asks the sources; false if one does not know a block of the network.
func predicted(space *supernet.Space, sources []*predictor.Latency, a supernet.Arch) (network,
	bool) {
	n := network{arch: a, shares: map[group]float64{byPixels(int(a.Resolution)): 1}}
	stages, _ := space.PartBlocks(a)
	blocks := space.Blocks(a)
	for _, s := range sources {
		ms, err := s.Predict([]supernet.Arch{a})
		if err != nil || !(ms[0] > 0) {
			return n, false
		}
		n.logs = append(n.logs, math.Log(ms[0]))
		for i, b := range blocks {
			own, _ := s.BlockMS(int(a.Resolution), b)
			share := own / ms[0] / float64(len(sources))
			n.shares[byKernel(depthwise(b))] += share
			n.shares[byStage(stages[i])] += share
		}
	}
	return n, true
}

// depthwise is the side of a block's depthwise kernel, 0 without one.
func depthwise(b supernet.Block) int {
	for _, o := range b.MustOps() {
		if o.Kind == supernet.OpDepthwise {
			return o.Kernel
		}
	}
	return 0
}

// rows are the features of the candidates, of which the logarithm of a latency is about a sum with
// random weights of variance 1.
func rows(all []network) [][]float64 {
	means := make([]float64, len(all[0].logs)) // by source
	groups := map[group]bool{}
	for _, n := range all {
		for k, v := range n.logs {
			means[k] += v / float64(len(all))
		}
		for g := range n.shares {
			groups[g] = true
		}
	}
	ordered := slices.SortedFunc(maps.Keys(groups), group.compare)
	x := make([][]float64, len(all))
	for i, n := range all {
		middle := n.middle() // relative to that of all
		for _, v := range means {
			middle -= v / float64(len(means))
		}
		x[i] = []float64{ofFactor, ofOverhead * math.Exp(-middle)}
		for k, v := range n.logs { // which differ from each other
			x[i] = append(x[i], ofSource*(v-means[k]-middle))
		}
		for _, g := range ordered {
			x[i] = append(x[i], g.deviation()*n.shares[g])
		}
	}
	return x
}

// middle is the mean of the logarithms of what the sources say.
func (n *network) middle() (sum float64) {
	for _, v := range n.logs {
		sum += v
	}
	return sum / float64(len(n.logs))
}
