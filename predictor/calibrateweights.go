package predictor

import (
	"maps"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/tailor-nas/tailor/supernet"
)

// blockWeights are weights of blocks in millions, by the blocks' keys. A block that is timed alone
// finds its weights in the nearest cache, where the run before has left them; in a network, all the
// others have been there meanwhile, so that weights cost time by their number.
type blockWeights map[string]float64

func (w blockWeights) add(b supernet.Block) {
	w[b.Key()] = float64(b.Params()) / 1e6 * float64(100-b.Zeros) / 100
}

// added are times of blocks with what their weights cost.
func (w blockWeights) added(times map[string]float64, cost float64) map[string]float64 {
	more := make(map[string]float64, len(times))
	for key, ms := range times {
		more[key] = ms + cost*w[key]
	}
	return more
}

// load is a whole network: by type of block what its blocks take and their weights in millions, and
// its own latency.
type load struct {
	sums, weights map[string]float64
	ms            float64
}

// loaded sums up the blocks of networks.
func (l *Latency) loaded(networks []NetworkTime, weights blockWeights) []load {
	all := make([]load, len(networks))
	for i, n := range networks {
		all[i] = load{map[string]float64{}, map[string]float64{}, n.MS}
		for _, b := range l.space.Blocks(n.Arch) {
			all[i].sums[blockType(b)] += l.time(int(n.Arch.Resolution), b)
			all[i].weights[blockType(b)] += weights[b.Key()]
		}
	}
	return all
}

// costed is the network with what its weights cost.
func (l load) costed(cost float64) load {
	sums := maps.Clone(l.sums)
	for name, w := range l.weights {
		sums[name] += cost * w
	}
	return load{sums, l.weights, l.ms}
}

func costed(all []load, cost float64) []load {
	more := make([]load, len(all))
	for i, l := range all {
		more[i] = l.costed(cost)
	}
	return more
}

func (l load) timing() timing { return timing{total(l.sums), l.ms} }

func timingsOf(all []load) []timing {
	timings := make([]timing, len(all))
	for i, l := range all {
		timings[i] = l.timing()
	}
	return timings
}

// total adds in the order of names, so that it is the same each time.
func total(byType map[string]float64) (sum float64) {
	for _, name := range slices.Sorted(maps.Keys(byType)) {
		sum += byType[name]
	}
	return sum
}

// weightCost is what a million weights cost in milliseconds, in units of the times of blocks: by
// least squares of the relative errors of
//
//	ms = intercept + slope * (sum + cost * weights)
//
// It is 0 where the networks do not tell, or speak for less.
func weightCost(all []load) float64 {
	const columns = 3
	if len(all) <= columns {
		return 0
	}
	x, y := mat.NewDense(len(all), columns, nil), mat.NewVecDense(len(all), nil)
	for i, l := range all {
		x.SetRow(i, []float64{1 / l.ms, total(l.sums) / l.ms, total(l.weights) / l.ms})
		y.SetVec(i, 1)
	}
	var fitted mat.VecDense
	if err := fitted.SolveVec(x, y); err != nil {
		return 0
	}
	slope, weights := fitted.AtVec(1), fitted.AtVec(2)
	if !(slope > 0) || !(weights > 0) {
		return 0
	}
	return weights / slope
}
