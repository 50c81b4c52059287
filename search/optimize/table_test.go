package optimize

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func TestTableAgainstMap(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	s := newTable(3, 1, 0)
	known := map[string]int32{}
	for range 20000 {
		g := Genes{uint16(rng.IntN(30)), uint16(rng.IntN(30)), uint16(rng.IntN(30)) << 11}
		want, ok := known[fmt.Sprint(g)]
		id, slot := s.find(g)
		if ok != (id >= 0) || ok && id != want {
			t.Fatalf("%v is found as %d, expected %d, %v", g, id, want, ok)
		}
		if !ok {
			known[fmt.Sprint(g)] = s.add(g, slot)
		}
	}
	if s.len() != len(known) {
		t.Errorf("%d candidates, expected %d", s.len(), len(known))
	}
	for id := range int32(s.len()) {
		if known[fmt.Sprint(s.at(id))] != id || !math.IsNaN(s.valuesAt(id)[0]) {
			t.Fatalf("candidate %d is %v, %v", id, s.at(id), s.valuesAt(id))
		}
	}
}

func TestBudgetIsHard(t *testing.T) {
	r := testRun(t, 4, func(Genes) (float64, float64) { return 0, 0 })
	r.limit = 2
	for i, want := range []error{nil, nil, errBudget} {
		if _, _, err := r.propose(Genes{uint16(i), 0, 0, 0}); !errors.Is(err, want) {
			t.Errorf("proposal %d: got %v, expected %v", i, err, want)
		}
	}
	if id, fresh, err := r.propose(Genes{1, 0, 0, 0}); id != 1 || fresh || err != nil {
		t.Errorf("a known candidate is %d, %v, %v", id, fresh, err)
	}
}
