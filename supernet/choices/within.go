package choices

import (
	"math"

	"github.com/tailor-nas/tailor/supernet"
)

// Affine is a function of the networks of a region: a constant, plus a weight for each choice
// that a network takes.
type Affine struct {
	Constant float64
	Weights  []float64 // by number of the choice
}

// At is the function of what a network takes.
func (f *Affine) At(t *Taken) float64 {
	sum := f.Constant
	for _, number := range t.Numbers() {
		sum += f.Weights[number]
	}
	return sum
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
	stages  [][]withinForm // by stage, the forms that it may have
	budgets []Budget
	empty   bool
}

// withinForm is a form of a stage with what its blocks may be. Those between the same widths are
// next to each other.
type withinForm struct {
	form
	number   int     // of its depth
	chosen   int     // of its width, -1 if that is no choice
	variants [][]int // by block, numbers
}

// choiceSum is the sum of a value and of a cost over choices of a network.
type choiceSum struct{ value, cost float64 }

// Within narrows the region to what is within budgets. Choices of unknown cost are not.
func (r *Region) Within(budgets []Budget) *Within {
	w := &Within{budgets: budgets}
	before := []int{0}
	for i := range r.numbering.Stages {
		s := &r.numbering.Stages[i]
		forms := r.known(s, before, budgets)
		w.empty = w.empty || len(forms) == 0
		w.stages = append(w.stages, forms)
		before = r.widths(s)
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

// known are the allowed forms of a stage at which every block can be something of known costs.
func (r *Region) known(s *Stage, before []int, budgets []Budget) (forms []withinForm) {
	for _, b := range before {
		for _, width := range r.widths(s) {
			for _, number := range r.depths(s) {
				f := withinForm{form: form{number - s.depth, width, b}, number: number, chosen: -1}
				if s.WidthGene >= 0 {
					f.chosen = s.Width(width)
				}
				if f.take(r, s, budgets) {
					forms = append(forms, f)
				}
			}
		}
	}
	return forms
}

// take fills in what the blocks may be; false if one can be nothing.
func (f *withinForm) take(r *Region, s *Stage, budgets []Budget) bool {
	possible := true
	for j := range s.Depths[f.depth] {
		var variants []int
		for _, v := range r.among(s.open(f.form, j)) {
			if known(budgets, v) {
				variants = append(variants, v)
			}
		}
		possible = possible && len(variants) > 0
		f.variants = append(f.variants, variants)
	}
	return possible
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

// pick finds the network of the largest value - price*cost, and gives its value and cost. If there
// is none, both are infinite.
func (w *Within) pick(value, cost []float64, price float64) choiceSum {
	worst := choiceSum{math.Inf(-1), math.Inf(1)}
	var sums, next [maxWidths]choiceSum // of the stages so far, by the width that they end in
	ends := 1
	for _, forms := range w.stages {
		for i := range next {
			next[i] = worst
		}
		last := 0
		for len(forms) > 0 {
			between := forms[0].form
			last = max(last, between.width)
			var best choiceSum
			best, forms = pickForm(forms, value, cost, price)
			if before := sums[between.before]; !math.IsInf(before.cost, 1) {
				best = choiceSum{before.value + best.value, before.cost + best.cost}
				next[between.width] = better(next[between.width], best, price)
			}
		}
		sums, ends = next, last+1
	}
	sum := sums[0]
	for _, s := range sums[1:ends] {
		sum = better(sum, s, price)
	}
	return sum
}

// maxWidths is the most widths that a stage may end in.
const maxWidths = supernet.MaxMultipliers

// better is the sum of the larger value - price*cost, the first of two equal ones.
func better(x, y choiceSum, price float64) choiceSum {
	if math.IsInf(y.cost, 1) || !math.IsInf(x.cost, 1) &&
		!(y.value-price*y.cost > x.value-price*x.cost) {
		return x
	}
	return y
}

// pickForm is the best of the forms between the first one's widths, and gives the forms behind
// them.
func pickForm(forms []withinForm, value, cost []float64, price float64) (
	best choiceSum, rest []withinForm) {
	width, before, most := forms[0].width, forms[0].before, math.Inf(-1)
	for len(forms) > 0 && forms[0].width == width && forms[0].before == before {
		f := &forms[0]
		p := choiceSum{value[f.number], cost[f.number]}
		if f.chosen >= 0 {
			p.value += value[f.chosen]
			p.cost += cost[f.chosen]
		}
		for _, variants := range f.variants {
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
		forms = forms[1:]
	}
	return best, forms
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
