package choices

import "math"

// Affine is a function of the networks of a region: a constant, plus a weight for each choice
// that a network takes.
type Affine struct {
	Constant float64
	Weights  []float64 // by number of the choice
}

// Negative is the function times -1.
func (f *Affine) Negative() Affine {
	n := Affine{-f.Constant, make([]float64, len(f.Weights))}
	for i, w := range f.Weights {
		n.Weights[i] = -w
	}
	return n
}

// Budget keeps a cost to at most a limit.
type Budget struct {
	Cost  Affine
	Limit float64
}

// Within is the networks of a region whose costs are within budgets, of which it finds largest
// values.
type Within struct {
	stages  [][]withinDepth // by stage, the depths that it may have
	budgets []Budget
	empty   bool
}

// withinDepth is a depth with what its blocks may be.
type withinDepth struct {
	number   int
	variants [][]int // by block, numbers
}

// choiceSum is the sum of a value and of a cost over choices of a network.
type choiceSum struct{ value, cost float64 }

// Within narrows the region to what is within budgets. Choices of unknown cost are not.
func (r *Region) Within(budgets []Budget) *Within {
	w := &Within{budgets: budgets}
	for i := range r.numbering.Stages {
		depths := r.known(&r.numbering.Stages[i], budgets)
		w.empty = w.empty || len(depths) == 0
		w.stages = append(w.stages, depths)
	}
	if w.empty {
		return w
	}
	for i := range budgets {
		b := &budgets[i]
		negative := b.Cost.Negative()
		least := -w.pick(negative.Weights, b.Cost.Weights, 0).value
		w.empty = w.empty || !(b.Cost.Constant+least <= b.Limit)
	}
	return w
}

// known are the allowed depths of a stage at which every block can be something of known costs.
func (r *Region) known(s *Stage, budgets []Budget) (depths []withinDepth) {
	for _, number := range r.depths(s) {
		depth := withinDepth{number: number}
		d := number - s.depth
		possible := true
		for j := range s.Depths[d] {
			var variants []int
			for _, v := range r.among(s.open(d, j)) {
				if known(budgets, v) {
					variants = append(variants, v)
				}
			}
			possible = possible && len(variants) > 0
			depth.variants = append(depth.variants, variants)
		}
		if possible {
			depths = append(depths, depth)
		}
	}
	return depths
}

// known says whether the costs of a choice are.
func known(budgets []Budget, number int) bool {
	for i := range budgets {
		if math.IsNaN(budgets[i].Cost.Weights[number]) {
			return false
		}
	}
	return true
}

// Empty says that no network is within the budgets.
func (w *Within) Empty() bool { return w.empty }

// pick finds the network of the largest value - price*cost, and gives its value and cost.
func (w *Within) pick(value, cost []float64, price float64) (sum choiceSum) {
	for _, depths := range w.stages {
		best, most := choiceSum{}, math.Inf(-1)
		for d := range depths {
			depth := &depths[d]
			p := choiceSum{value[depth.number], cost[depth.number]}
			for _, variants := range depth.variants {
				chosen, reach := 0, math.Inf(-1)
				for _, number := range variants {
					if v := value[number] - price*cost[number]; v > reach {
						chosen, reach = number, v
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

// Max is at least the largest value of f: the smallest of the bounds that the Lagrangian
// relaxation of each budget gives (Fisher, "The Lagrangian relaxation method", 1981). Without
// budgets, or where none binds, it is exact. It means nothing where there is no network.
func (w *Within) Max(f *Affine) float64 {
	best := w.pick(f.Weights, f.Weights, 0).value
	for i := range w.budgets {
		best = min(best, w.relaxed(f.Weights, &w.budgets[i]))
	}
	return f.Constant + best
}

// maxTries ends the search for the best price. Any price gives a bound.
const maxTries = 30

// relaxed minimises over prices the largest value - price*(cost - room), which is convex and
// piecewise linear in the price, with a piece for each network: it goes to where the pieces of a
// network over the budget and of one within it meet.
func (w *Within) relaxed(value []float64, b *Budget) float64 {
	room := b.Limit - b.Cost.Constant
	over := w.pick(value, b.Cost.Weights, 0)
	if over.cost <= room {
		return over.value
	}
	bound := over.value
	within := w.cheapest(value, b)
	for range maxTries {
		price := (over.value - within.value) / (over.cost - within.cost)
		if !(price > 0) || math.IsInf(price, 0) {
			break
		}
		next := w.pick(value, b.Cost.Weights, price)
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
func (w *Within) cheapest(value []float64, b *Budget) (sum choiceSum) {
	const priceless = 1e18
	return w.pick(value, b.Cost.Weights, priceless)
}
