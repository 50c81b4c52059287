package optimize

import (
	"math"
	"slices"
)

const (
	// frontStarts is how many climbs from random starts of each choice of the gene apart there are
	// before children are bred, of a front.
	frontStarts = 12
	// widest is how much larger a budget may be that a parent comes from, and moves the share of
	// children that come from one such parent as it is: what is good within a budget is often good
	// within another, too, once it is brought there.
	widest, moves = 1.2, 0.25
)

// front says whether the run looks for a front: for the best within any limit on the last cost.
func (m *memetic) front() bool { return m.run.problem.Objectives == 2 }

// budget is the limit on the last cost that the next climb has: of a front one at random, even in
// its logarithm.
func (m *memetic) budget() float64 {
	if !m.front() {
		return 1
	}
	return math.Pow(m.Least, m.rng.Float64())
}

// limits are those of the costs, with a budget for the last one.
func (m *memetic) limits(budget float64) []float64 {
	all := slices.Repeat([]float64{1}, m.Constraints)
	if m.Constraints > 0 {
		all[m.Constraints-1] = budget
	}
	return all
}

// frontChild is a crossing of a parent with one from a somewhat larger budget, or the latter alone.
func (m *memetic) frontChild(budget float64, parents []optimum) Genes {
	mates := m.parents(budget * math.Pow(widest, m.rng.Float64()))
	if len(mates) == 0 {
		mates = parents
	}
	if m.rng.Float64() < moves {
		return slices.Clone(m.one(mates))
	}
	return m.cross(parents, mates)
}

// settleFront puts an optimum at its place in the pool, if it may be a parent within some budget,
// and takes out those that it leaves without one.
func (m *memetic) settleFront(at int, id int32) error {
	costs, err := m.costs([]Genes{m.run.table.at(id)})
	if err != nil {
		return err
	}
	fresh := optimum{id: id, use: costs[len(costs)-1]}
	for _, o := range m.pool[:at] {
		if o.use > fresh.use {
			continue
		}
		if fresh.above++; fresh.above == optima || m.akin(o.id, id) {
			return nil
		}
	}
	rest := slices.DeleteFunc(m.pool[at:], func(o optimum) bool {
		return o.use >= fresh.use && (o.above+1 == optima || m.akin(o.id, id))
	})
	for i := range rest {
		if rest[i].use >= fresh.use {
			rest[i].above++
		}
	}
	m.pool = slices.Insert(m.pool[:at+len(rest)], at, fresh)
	m.idle = 0
	return nil
}
