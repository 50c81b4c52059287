package optimize

import (
	"cmp"
	"slices"
)

const (
	// jointSingles, jointChains and jointSets are how many single changes, chains, and pairs and
	// triples together are evaluated at a step where Near.Joint knows what they are worth: those
	// that it finds best of all single changes, of the chains, and of the jointPairs pairs and
	// jointTriples triples that promise most as sums.
	jointSingles, jointChains, jointSets = 3, 3, 8
	jointPairs, jointTriples             = 64, 64
)

// joint asks Near.Joint; it is kept for its room.
type joint struct {
	flat  []int
	sets  [][]int
	rises []float64
	order []int
}

// refine takes the gains of all changes from Near.Joint.
func (c *climb) refine() {
	j := &c.joint
	j.flat, j.sets = j.flat[:0], j.sets[:0]
	for i := range c.changes {
		j.flat = append(j.flat, i)
	}
	for i := range c.changes {
		j.sets = append(j.sets, j.flat[i:i+1])
	}
	for i, rise := range j.ask(c.near.Joint) {
		c.changes[i].gain = -rise
	}
}

// ask gives the rises of the sets.
func (j *joint) ask(of func([][]int, []float64)) []float64 {
	j.rises = slices.Grow(j.rises[:0], len(j.sets))[:len(j.sets)]
	of(j.sets, j.rises)
	return j.rises
}

// closest are the best of some sets of changes by Near.Joint, of those that promise a gain. What is
// known of single changes counts.
func (c *climb) closest(some [][]*change, most int) (kept [][]*change) {
	j := &c.joint
	j.flat, j.sets, j.order = j.flat[:0], j.sets[:0], j.order[:0]
	for _, set := range some {
		for _, x := range set {
			j.flat = append(j.flat, x.at)
		}
	}
	rest := j.flat
	for i, set := range some {
		j.sets, j.order = append(j.sets, rest[:len(set)]), append(j.order, i)
		rest = rest[len(set):]
	}
	rises := j.ask(c.near.Joint)
	for i, set := range some {
		for _, x := range set {
			rises[i] -= x.error
		}
	}
	slices.SortFunc(j.order, func(a, b int) int {
		return cmp.Or(cmp.Compare(rises[a], rises[b]), a-b)
	})
	for _, i := range j.order[:min(most, len(j.order))] {
		if rises[i] < 0 {
			kept = append(kept, some[i])
		}
	}
	return kept
}
