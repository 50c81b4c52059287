package optimize

import (
	"cmp"
	"math"
	"slices"
)

// ranked is a candidate among others: rank 0 is dominated by none of them, and more crowding
// distance means lonelier.
type ranked struct {
	id       int32
	rank     int
	crowding float64
	member   int // index in what was given to rank
}

// fitness is smaller for what the crowded comparison of NSGA-II prefers, as eaopt wants it: a
// scalar to minimise.
func (r ranked) fitness() float64 { return float64(r.rank) + 1/(2+r.crowding) }

// rank orders candidates by non-domination rank, then by crowding distance (Deb et al., "A fast and
// elitist multiobjective genetic algorithm: NSGA-II", 2002), then by table.compare. Infeasible
// candidates have ranks after all feasible ones.
func (s *table) rank(ids []int32) []ranked {
	all := make([]ranked, len(ids))
	for i, id := range ids {
		all[i] = ranked{id: id, member: i}
	}
	// From here on nobody is dominated by a later one.
	slices.SortFunc(all, func(a, b ranked) int { return s.compare(a.id, b.id) })
	feasible := 0
	for feasible < len(all) && s.violations[all[feasible].id] == 0 {
		feasible++
	}
	fronts := s.fronts(all[:feasible])
	s.rankViolators(all[feasible:], fronts)
	if s.objectives == 1 {
		return all // all of a rank are equal, and distances between equals mean nothing
	}
	// Stable, so that equals stay in the order of compare.
	slices.SortStableFunc(all, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	for from := 0; from < len(all); {
		to := from + 1
		for to < len(all) && all[to].rank == all[from].rank {
			to++
		}
		s.crowd(all[from:to])
		from = to
	}
	slices.SortStableFunc(all, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(b.crowding, a.crowding))
	})
	return all
}

// fronts sets the ranks of feasible candidates in the order of compare, and returns their number.
// Each goes to the first front where none dominates it (Zhang et al., "An efficient approach to
// nondominated sorting", 2015). With two objectives the last of a front has its smallest second
// value, so one look a front suffices; fronts then dominate in order, which allows bisection.
func (s *table) fronts(all []ranked) int {
	var fronts [][]int32
	for i := range all {
		id := all[i].id
		at := 0
		switch {
		case i > 0 && slices.Equal(s.valuesAt(id), s.valuesAt(all[i-1].id)):
			at = all[i-1].rank
		case s.objectives == 1:
			at = len(fronts)
		case s.objectives == 2:
			at, _ = slices.BinarySearchFunc(fronts, s.valuesAt(id)[1],
				func(front []int32, second float64) int {
					if s.valuesAt(front[len(front)-1])[1] <= second {
						return -1
					}
					return 1
				})
		default:
			at = slices.IndexFunc(fronts, func(front []int32) bool {
				return !slices.ContainsFunc(front,
					func(other int32) bool { return s.dominates(other, id) })
			})
		}
		// IndexFunc finds -1, the others len(fronts), where all fronts dominate.
		if at < 0 || at == len(fronts) {
			at = len(fronts)
			fronts = append(fronts, nil)
		}
		fronts[at] = append(fronts[at], id)
		all[i].rank = at
	}
	return len(fronts)
}

// rankViolators sets the ranks of infeasible candidates in the order of compare: one for each
// violation, from rank on.
func (s *table) rankViolators(all []ranked, rank int) {
	for i := range all {
		if i > 0 && s.violations[all[i].id] != s.violations[all[i-1].id] {
			rank++
		}
		all[i].rank = rank
	}
}

// crowd sets the crowding distances in one front: the sum over the objectives of the gap between a
// candidate's neighbours, relative to the front's range. The ends of the range are infinitely
// lonely.
func (s *table) crowd(front []ranked) {
	order := make([]*ranked, len(front))
	for i := range front {
		order[i] = &front[i]
	}
	for m := range s.objectives {
		value := func(r *ranked) float64 { return s.valuesAt(r.id)[m] }
		slices.SortStableFunc(order, func(a, b *ranked) int {
			return cmp.Compare(value(a),
				value(b))
		})
		last := len(order) - 1
		span := value(order[last]) - value(order[0])
		order[0].crowding, order[last].crowding = math.Inf(1), math.Inf(1)
		for i := 1; i < last && span > 0; i++ {
			order[i].crowding += (value(order[i+1]) - value(order[i-1])) / span
		}
	}
}
