package optimize

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// filled returns a table of n candidates with small whole values, so that ties are common.
func filled(n, objectives int, rng *rand.Rand) (*table, []int32) {
	s := newTable(4, objectives, 1)
	var ids []int32
	for len(ids) < n {
		g := Genes{uint16(rng.IntN(9)), uint16(rng.IntN(9)), uint16(rng.IntN(9)),
			uint16(rng.IntN(9))}
		id, slot := s.find(g)
		if id >= 0 {
			continue
		}
		id = s.add(g, slot)
		for i := range objectives {
			s.valuesAt(id)[i] = float64(rng.IntN(12))
		}
		s.violations[id] = float64(max(0, rng.IntN(6)-3))
		ids = append(ids, id)
	}
	return s, ids
}

// naiveRanks peels off what nobody left dominates, straight from Deb's definition.
func naiveRanks(s *table, ids []int32) map[int32]int {
	ranks := map[int32]int{}
	constrained := func(a, b int32) bool {
		if s.violations[a] != s.violations[b] {
			return s.violations[a] < s.violations[b]
		}
		return s.violations[a] == 0 && s.dominates(a, b)
	}
	for rank := 0; len(ids) > 0; rank++ {
		var front, rest []int32
		for _, id := range ids {
			if slices.ContainsFunc(ids, func(other int32) bool { return constrained(other, id) }) {
				rest = append(rest, id)
			} else {
				front = append(front, id)
			}
		}
		for _, id := range front {
			ranks[id] = rank
		}
		ids = rest
	}
	return ranks
}

func TestRankAgainstDefinition(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 100 {
		for objectives := 1; objectives <= 4; objectives++ {
			s, ids := filled(1+rng.IntN(80), objectives, rng)
			want := naiveRanks(s, ids)
			order := s.rank(ids)
			for i, r := range order {
				if r.rank != want[r.id] || ids[r.member] != r.id {
					t.Fatalf("%d objectives: %v, violation %v, has rank %d, expected %d",
						objectives, s.valuesAt(r.id), s.violations[r.id], r.rank, want[r.id])
				}
				if i > 0 && r.fitness() < order[i-1].fitness() {
					t.Fatalf("fitness %v follows %v", r.fitness(), order[i-1].fitness())
				}
			}
			slices.Reverse(ids)
			for i, r := range s.rank(ids) {
				if r.id != order[i].id {
					t.Fatal("the order depends on the order before")
				}
			}
		}
	}
}

// TestCrowding has the front (0,10) (1,6) (4,5) (10,0): the middle ones have (4-0)/10 + (10-5)/10
// and (10-1)/10 + (6-0)/10.
func TestCrowding(t *testing.T) {
	s := newTable(1, 2, 4)
	var ids []int32
	for i, v := range [][2]float64{{0, 10}, {1, 6}, {4, 5}, {10, 0}} {
		_, slot := s.find(Genes{uint16(i)})
		id := s.add(Genes{uint16(i)}, slot)
		copy(s.valuesAt(id), v[:])
		ids = append(ids, id)
	}
	want := map[int32]float64{0: math.Inf(1), 1: 0.9, 2: 1.5, 3: math.Inf(1)}
	for _, r := range s.rank(ids) {
		if r.rank != 0 || math.Abs(r.crowding-want[r.id]) > 1e-12 && r.crowding != want[r.id] {
			t.Errorf("candidate %d has rank %d and crowding distance %v, expected 0 and %v", r.id,
				r.rank, r.crowding, want[r.id])
		}
	}
}
