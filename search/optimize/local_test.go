package optimize

import (
	"slices"
	"testing"
)

// TestPairSwaps starts where no change of a single gene helps: the first gene's value is worth
// twice the others', but the sum may not exceed 3, which the start has spent on the second gene.
func TestPairSwaps(t *testing.T) {
	r := testRun(t, 3, func(g Genes) (float64, float64) {
		return -2*float64(g[0]) - float64(g[1]) - 0.5*float64(g[2]),
			max(0, float64(g[0]+g[1]+g[2])-3)
	})
	start, _, err := r.propose(Genes{0, 3, 0})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.flush(); err != nil {
		t.Fatal(err)
	}
	c := &climber{run: r, rng: r.rand(streamLocal), dormant: make([]bool, 3),
		scratch: make(Genes, 3)}
	if err := c.stand(start); err != nil {
		t.Fatal(err)
	}
	if next, err := c.singles(); next >= 0 || err != nil {
		t.Fatalf("a single change leads to %d, %v", next, err)
	}
	if err := c.ascend(start); err != nil {
		t.Fatal(err)
	}
	if best := r.table.at(r.top()); !slices.Equal(best, Genes{3, 0, 0}) {
		t.Errorf("climbed to %v, expected [3 0 0]", best)
	}
}

// TestDormantGenes has a second gene that matters only if the first is not 0.
func TestDormantGenes(t *testing.T) {
	r := testRun(t, 2, func(g Genes) (float64, float64) { return float64(g[0]), 0 })
	r.problem.Canonical = func(g Genes) {
		if g[0] == 0 {
			g[1] = 0
		}
	}
	c := &climber{run: r, rng: r.rand(streamLocal), dormant: make([]bool, 2),
		scratch: make(Genes, 2)}
	for _, test := range []struct {
		at      Genes
		dormant []bool
		near    int
	}{{Genes{0, 3}, []bool{false, true}, 3}, {Genes{1, 3}, []bool{false, false}, 6}} {
		id, _, err := r.propose(test.at)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.stand(id); err != nil {
			t.Fatal(err)
		}
		if err := c.neighbours(); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(c.dormant, test.dormant) || len(c.moves) != test.near {
			t.Errorf("at %v: dormant are %v, %d neighbours; expected %v and %d", test.at, c.dormant,
				len(c.moves), test.dormant, test.near)
		}
	}
	// What wakes takes any choice, not always the zero of its sleep.
	woken := map[uint16]bool{}
	for i := range 60 {
		id, _, err := r.propose(Genes{0, uint16(i % 4)})
		if err == nil {
			err = c.stand(id)
		}
		if err != nil {
			t.Fatal(err)
		}
		id, err = c.propose(move{gene: 0, to: 2})
		if err != nil {
			t.Fatal(err)
		}
		woken[r.table.at(id)[1]] = true
	}
	if len(woken) != 4 {
		t.Errorf("a woken gene took only the choices %v", woken)
	}
}
