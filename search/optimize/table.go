package optimize

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// table holds every candidate of a run once, numbered from 0 in the order of their first
// appearance. Genes and values lie in flat slices, so that a candidate costs no allocation of its
// own.
type table struct {
	width      int       // genes a candidate
	objectives int       // values a candidate
	genes      []uint16  // (candidates, width), canonical
	values     []float64 // (candidates, objectives), NaN until evaluated
	violations []float64
	// entered is the last population that a candidate was born into, 0 for none.
	entered []int32
	// slots is an open-addressed hash table of number + 1, 0 where empty; its length is a power of
	// two.
	slots []int32
}

// newTable returns a table with room for n candidates, though it can grow.
func newTable(width, objectives, n int) *table {
	return &table{
		width: width, objectives: objectives,
		genes:      make([]uint16, 0, n*width),
		values:     make([]float64, 0, n*objectives),
		violations: make([]float64, 0, n),
		entered:    make([]int32, 0, n),
		slots:      make([]int32, 1<<bits.Len(uint(2*n))),
	}
}

func (s *table) len() int { return len(s.violations) }

// at returns the genes of candidate id, not to be changed.
func (s *table) at(id int32) Genes {
	return Genes(s.genes[int(id)*s.width : (int(id)+1)*s.width : (int(id)+1)*s.width])
}

// valuesAt returns the objectives of candidate id.
func (s *table) valuesAt(id int32) []float64 {
	return s.values[int(id)*s.objectives : (int(id)+1)*s.objectives : (int(id)+1)*s.objectives]
}

// hash is FNV-1a over whole genes, with the high half folded in since the table uses the low bits.
func hash(g Genes) uint64 {
	h := uint64(14695981039346656037)
	for _, v := range g {
		h = (h ^ uint64(v)) * 1099511628211
	}
	return h ^ h>>32
}

// find returns the number of the canonical g, or -1 and the slot that g belongs into.
func (s *table) find(g Genes) (id int32, slot int) {
	mask := uint64(len(s.slots) - 1)
	for at := hash(g) & mask; ; at = (at + 1) & mask {
		id := s.slots[at] - 1
		if id < 0 {
			return -1, int(at)
		}
		if slices.Equal(s.at(id), g) {
			return id, int(at)
		}
	}
}

// add appends the canonical g, for which find returned slot.
func (s *table) add(g Genes, slot int) int32 {
	id := int32(s.len())
	s.genes = append(s.genes, g...)
	for range s.objectives {
		s.values = append(s.values, math.NaN())
	}
	s.violations = append(s.violations, 0)
	s.entered = append(s.entered, 0)
	s.slots[slot] = id + 1
	if 2*s.len() > len(s.slots) {
		s.grow()
	}
	return id
}

// grow keeps the table at most half full, where looks are short.
func (s *table) grow() {
	s.slots = make([]int32, 4*len(s.slots))
	for id := range int32(s.len()) {
		_, slot := s.find(s.at(id))
		s.slots[slot] = id + 1
	}
}

// candidate returns a copy of candidate id.
func (s *table) candidate(id int32) Candidate {
	return Candidate{
		Genes: slices.Clone(s.at(id)),
		Evaluation: Evaluation{Objectives: slices.Clone(s.valuesAt(id)),
			Violation: s.violations[id]},
	}
}

// compare is negative if a is better than b by violation, then by the objectives in order.
// Candidates equal in all that are ordered by their genes, so that an answer does not depend on who
// was met first.
func (s *table) compare(a, b int32) int {
	if c := cmp.Compare(s.violations[a], s.violations[b]); c != 0 {
		return c
	}
	if c := slices.Compare(s.valuesAt(a), s.valuesAt(b)); c != 0 {
		return c
	}
	return slices.Compare(s.at(a), s.at(b))
}

// better reports whether a is really better than b, by violation and then by the first objective.
func (s *table) better(a, b int32) bool {
	if s.violations[a] != s.violations[b] {
		return s.violations[a] < s.violations[b]
	}
	return s.valuesAt(a)[0] < s.valuesAt(b)[0]
}

// dominates reports whether a is no worse than b in every objective and better in one. Violations
// do not count.
func (s *table) dominates(a, b int32) bool {
	va, vb := s.valuesAt(a), s.valuesAt(b)
	less := false
	for i, v := range va {
		if v > vb[i] {
			return false
		}
		less = less || v < vb[i]
	}
	return less
}
