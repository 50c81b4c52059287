package nn

import (
	"math/rand/v2"
	"testing"
)

// TestArena plays random rounds of requests: slices of one round never overlap, have the length and
// no more, and once a round has been seen, rounds up to its size allocate nothing.
func TestArena(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var a arena
	for round := range 200 {
		a.reset()
		var held [][]float32
		for i := range 1 + r.IntN(20) {
			n := r.IntN(200)
			s := a.alloc(n)
			if len(s) != n || cap(s) > max(n, 1)+3*align {
				t.Fatalf("round %d: asked for %d floats, got %d with room for %d", round, n, len(s),
					cap(s))
			}
			if a.used%align != 0 {
				t.Fatalf("round %d: the next slice begins at %d, not at a multiple of %d", round,
					a.used, align)
			}
			for j := range s {
				s[j] = float32(i)
			}
			held = append(held, s)
		}
		for i, s := range held {
			for _, v := range s {
				if v != float32(i) {
					t.Fatalf("round %d: slice %d was overwritten by slice %g", round, i, v)
				}
			}
		}
	}
}

func TestArenaReuses(t *testing.T) {
	var a arena
	round := func(sizes ...int) {
		a.reset()
		for _, n := range sizes {
			a.alloc(n)
		}
	}
	round(1000, 17, 300)
	round(1000, 17, 300) // the block of the first round's size is made here
	for _, sizes := range [][]int{{1000, 17, 300}, {300, 17, 1000}, {5}, {}, {600, 600}} {
		if allocs := testing.AllocsPerRun(10, func() { round(sizes...) }); allocs != 0 {
			t.Errorf("round %v allocates %g times", sizes, allocs)
		}
	}
}
