package optimize

import (
	"slices"
	"sort"
)

// archive keeps the feasible candidates worth reporting: with one objective the best few, with
// several the Pareto front. Of candidates with equal objectives the front keeps one.
type archive struct {
	table *table
	top   int // how many to keep with one objective
	// best first, or by rising first objective; unordered with three objectives or more
	ids []int32
}

// add offers the feasible candidate id, and reports whether the archive took it.
func (a *archive) add(id int32) bool {
	switch a.table.objectives {
	case 1:
		return a.addBest(id)
	case 2:
		return a.addPair(id)
	}
	return a.addAny(id)
}

// addBest keeps the order of compare, so that of equals the same ones stay whatever the order they
// come in.
func (a *archive) addBest(id int32) bool {
	at, _ := slices.BinarySearchFunc(a.ids, id, a.table.compare)
	if at == a.top {
		return false
	}
	if len(a.ids) == a.top {
		a.ids = a.ids[:a.top-1]
	}
	a.ids = slices.Insert(a.ids, at, id)
	return true
}

// addPair uses that on a front of two objectives the second one falls where the first one rises:
// only the left neighbour can dominate a new point, and what the new point dominates follows it
// without a gap.
func (a *archive) addPair(id int32) bool {
	v := a.table.valuesAt(id)
	at := sort.Search(len(a.ids), func(i int) bool { return a.table.valuesAt(a.ids[i])[0] > v[0] })
	if at > 0 && a.table.valuesAt(a.ids[at-1])[1] <= v[1] {
		return false
	}
	from, to := at, at
	// A left neighbour with the same first value has a larger second one, having come this far.
	if at > 0 && a.table.valuesAt(a.ids[at-1])[0] == v[0] {
		from--
	}
	for to < len(a.ids) && a.table.valuesAt(a.ids[to])[1] >= v[1] {
		to++
	}
	a.ids = slices.Replace(a.ids, from, to, id)
	return true
}

// addAny looks at every member. One that refuses a candidate moves to the front, as it is likely to
// refuse the next one too.
func (a *archive) addAny(id int32) bool {
	for i, member := range a.ids {
		if a.table.dominates(member, id) || slices.Equal(a.table.valuesAt(member),
			a.table.valuesAt(id)) {
			a.ids[0], a.ids[i] = a.ids[i], a.ids[0]
			return false
		}
	}
	a.ids = append(slices.DeleteFunc(a.ids, func(member int32) bool {
		return a.table.dominates(id,
			member)
	}), id)
	return true
}

// sorted returns the members in the order of a Result.
func (a *archive) sorted() []int32 {
	ids := slices.Clone(a.ids)
	slices.SortFunc(ids, a.table.compare)
	return ids
}
