package predictor

import (
	"math"
	"slices"

	"github.com/tailor-nas/tailor/supernet"
)

// Region is the networks of a space with one resolution and some of the choices of each other gene. Over a region every additive
// cost, and every one-hot feature, is an affine function of which choices are taken; that is what bounds are made of.
type Region struct {
	layout     *layout
	resolution int      // index
	depth      [][]bool // by elastic stage and depth: allowed
	variant    [][]bool // by elastic block and variant: allowed
}

// NewRegion is all networks of a resolution of the space.
func NewRegion(space *supernet.Space, resolution int) *Region {
	l := newLayout(space)
	r := &Region{layout: l, resolution: slices.Index(space.Resolutions, resolution)}
	for _, s := range l.stages {
		r.depth = append(r.depth, slices.Repeat([]bool{true}, len(s.depths)))
	}
	for _, n := range l.variants {
		r.variant = append(r.variant, slices.Repeat([]bool{true}, n))
	}
	return r
}

// Contains says whether an arch of the space is in the region.
func (r *Region) Contains(a supernet.Arch) bool {
	var c choices
	if !r.layout.read(&a, &c) || c.resolution != r.resolution {
		return false
	}
	for s := range r.depth {
		if !r.depth[s][c.depth[s]] {
			return false
		}
	}
	for b, v := range c.variant[:r.layout.blocks] {
		if v >= 0 && !r.variant[b][v] {
			return false
		}
	}
	return true
}

// Only is the network of a region that holds no other.
func (r *Region) Only() (supernet.Arch, bool) {
	c := choices{resolution: r.resolution}
	for s := range r.layout.stages {
		st := &r.layout.stages[s]
		if count(r.depth[s]) != 1 {
			return supernet.Arch{}, false
		}
		d := slices.Index(r.depth[s], true)
		c.depth[s] = int32(d)
		lo, hi := st.variants(d)
		for b := st.first; b < st.first+st.depths[d]; b++ {
			if count(r.variant[b][lo:hi]) != 1 {
				return supernet.Arch{}, false
			}
			c.variant[b] = lo + int32(slices.Index(r.variant[b][lo:hi], true))
		}
	}
	return r.layout.arch(&c), true
}

// Split cuts the region into smaller ones, which together hold the same networks: by the first depth that is open, then by the choices
// of the block that has most. A region of one network gives none.
func (r *Region) Split() []*Region {
	for s, allowed := range r.depth {
		if count(allowed) > 1 {
			return r.cut(allowed, func(part *Region, only []bool) { part.depth[s] = only })
		}
	}
	most, at := 1, -1
	var open []bool // what is allowed of that block at its depth
	for s := range r.layout.stages {
		st := &r.layout.stages[s]
		d := slices.Index(r.depth[s], true)
		lo, hi := st.variants(d)
		for b := st.first; b < st.first+st.depths[d]; b++ {
			if n := count(r.variant[b][lo:hi]); n > most {
				most, at = n, b
				open = make([]bool, len(r.variant[b]))
				copy(open[lo:hi], r.variant[b][lo:hi])
			}
		}
	}
	if at < 0 {
		return nil
	}
	return r.cut(open, func(part *Region, only []bool) { part.variant[at] = only })
}

// cut makes a region for each allowed choice of one gene.
func (r *Region) cut(allowed []bool, put func(part *Region, only []bool)) (parts []*Region) {
	for i, ok := range allowed {
		if !ok {
			continue
		}
		only := make([]bool, len(allowed))
		only[i] = true
		part := &Region{r.layout, r.resolution, slices.Clone(r.depth), slices.Clone(r.variant)}
		put(part, only)
		parts = append(parts, part)
	}
	return parts
}

func count(allowed []bool) (n int) {
	for _, ok := range allowed {
		if ok {
			n++
		}
	}
	return n
}

// Affine is a function of the networks of a region: a constant, plus a weight for each choice that a network takes.
type Affine struct {
	constant float64
	weights  []float64 // by choice (layout.taken): depths by stage, then variants by block
}

// Budget keeps a cost to at most a limit.
type Budget struct {
	Cost  Affine
	Limit float64
}

// depthAt and variantAt number the choices.
func (l *layout) depthAt(s int) (at int) {
	for _, st := range l.stages[:s] {
		at += len(st.depths)
	}
	return at
}

func (l *layout) variantAt(b int) int {
	at := l.depthAt(len(l.stages))
	for _, n := range l.variants[:b] {
		at += n
	}
	return at
}

func (l *layout) choices() int { return l.variantAt(l.blocks) }

// Affine is the quantity over the networks of a resolution, by its index in the space. Choices of unknown cost are NaN.
func (q *Additive) Affine(resolution int) Affine {
	f := Affine{q.fixed[resolution], make([]float64, q.layout.choices())}
	for b, costs := range q.blocks[resolution] {
		copy(f.weights[q.layout.variantAt(b):], costs)
	}
	return f
}

// Affine is the latency in milliseconds likewise.
func (l *Latency) Affine(resolution int) Affine {
	f := l.sums.Affine(resolution)
	f.constant = l.Intercept + l.Slope*f.constant
	for i := range f.weights {
		f.weights[i] *= l.Slope
	}
	return f
}

// sieve finds largest values of affine functions over a region within budgets.
type sieve struct {
	stages  []sieveStage
	budgets []Budget
	empty   bool // no network is within the budgets
}

// sieveStage lists what a stage may choose.
type sieveStage struct {
	depths []sieveDepth
}

type sieveDepth struct {
	at     int     // of the depth among the choices
	blocks [][]int // by block, the allowed variants among the choices
}

// pickings is what a network was chosen for, and what it costs.
type pickings struct{ value, cost float64 }

func (r *Region) sieve(budgets []Budget) *sieve {
	s := &sieve{budgets: budgets}
	for i := range r.layout.stages {
		st := &r.layout.stages[i]
		var stage sieveStage
		for d, ok := range r.depth[i] {
			if !ok {
				continue
			}
			depth := sieveDepth{at: r.layout.depthAt(i) + d}
			lo, hi := st.variants(d)
			possible := true
			for b := st.first; b < st.first+st.depths[d]; b++ {
				var allowed []int
				for v := lo; v < hi; v++ {
					if at := r.layout.variantAt(b) + int(v); r.variant[b][v] && known(budgets, at) {
						allowed = append(allowed, at)
					}
				}
				possible = possible && len(allowed) > 0
				depth.blocks = append(depth.blocks, allowed)
			}
			if possible {
				stage.depths = append(stage.depths, depth)
			}
		}
		s.empty = s.empty || len(stage.depths) == 0
		s.stages = append(s.stages, stage)
	}
	if s.empty {
		return s
	}
	for i := range budgets {
		b := &budgets[i]
		least := -s.pick(negated(b.Cost.weights), b.Cost.weights, 0).value
		s.empty = s.empty || !(b.Cost.constant+least <= b.Limit)
	}
	return s
}

func known(budgets []Budget, at int) bool {
	for i := range budgets {
		if math.IsNaN(budgets[i].Cost.weights[at]) {
			return false
		}
	}
	return true
}

func negated(w []float64) []float64 {
	n := make([]float64, len(w))
	for i, v := range w {
		n[i] = -v
	}
	return n
}

// pick finds the network of the largest value - price*cost, and gives its value and cost.
func (s *sieve) pick(value, cost []float64, price float64) (sum pickings) {
	for i := range s.stages {
		best, most := pickings{}, math.Inf(-1)
		for d := range s.stages[i].depths {
			depth := &s.stages[i].depths[d]
			p := pickings{value[depth.at], cost[depth.at]}
			for _, variants := range depth.blocks {
				chosen, reach := 0, math.Inf(-1)
				for _, at := range variants {
					if v := value[at] - price*cost[at]; v > reach {
						chosen, reach = at, v
					}
				}
				p.value += value[chosen]
				p.cost += cost[chosen]
			}
			if v := p.value - price*p.cost; v > most {
				best, most = p, v
			}
		}
		sum.value += best.value
		sum.cost += best.cost
	}
	return sum
}

// max is at least the largest value of f over the networks of the region within each of the budgets: the smallest of the bounds that
// the Lagrangian relaxation of each budget gives (Fisher, "The Lagrangian relaxation method", 1981). Without budgets, or where none
// binds, it is exact.
func (s *sieve) max(f *Affine) float64 {
	free := s.pick(f.weights, f.weights, 0).value
	best := free
	for i := range s.budgets {
		best = min(best, s.relaxed(f.weights, &s.budgets[i]))
	}
	return f.constant + best
}

// maxTries ends the search for the best price. Any price gives a bound.
const maxTries = 30

// relaxed minimises over prices the largest value - price*(cost - room), which is convex and piecewise linear in the price, with a piece
// for each network: it goes to where the pieces of a network over the budget and of one within it meet.
func (s *sieve) relaxed(value []float64, b *Budget) float64 {
	room := b.Limit - b.Cost.constant
	over := s.pick(value, b.Cost.weights, 0)
	if over.cost <= room {
		return over.value
	}
	bound := over.value
	within := s.cheapest(value, b)
	for range maxTries {
		price := (over.value - within.value) / (over.cost - within.cost)
		if !(price > 0) || math.IsInf(price, 0) {
			break
		}
		next := s.pick(value, b.Cost.weights, price)
		reached := next.value - price*(next.cost-room)
		known := over.value - price*(over.cost-room)
		bound = min(bound, max(reached, known))
		if reached <= known+1e-12*math.Abs(known) {
			break
		}
		if next.cost > room {
			over = next
		} else {
			within = next
		}
	}
	return bound
}

// cheapest is the network of the smallest cost; its value is what any price leaves.
func (s *sieve) cheapest(value []float64, b *Budget) (sum pickings) {
	const priceless = 1e18
	return s.pick(value, b.Cost.weights, priceless)
}
