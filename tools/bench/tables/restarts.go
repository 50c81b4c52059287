package main

import (
	"math/rand/v2"

	"github.com/tailor-nas/tailor/search/optimize"
)

// standing is what a point is worth: its violation counts first.
type standing struct{ violation, value float64 }

func (a standing) better(b standing) bool {
	return a.violation < b.violation || a.violation == b.violation && a.value < b.value
}

// restarts is local search: from a random point it takes the first better change of one gene, in
// random order, and begins anew where there is none. What was looked at once costs nothing again.
func (t *table) restarts(seed uint64) int {
	rng := rand.New(rand.NewPCG(seed, 9))
	seen := map[int]standing{}
	look := func(g optimize.Genes) standing {
		at := index(t.genes, g)
		if _, ok := seen[at]; !ok {
			seen[at] = standing{t.violation(g), t.value(g)}
		}
		return seen[at]
	}
	goal := standing{0, t.best}
	g := make(optimize.Genes, len(t.genes))
	for len(seen) < most {
		for i, n := range t.genes {
			g[i] = uint16(rng.IntN(n))
		}
		for now, on := look(g), true; on; {
			if !goal.better(now) {
				return len(seen)
			}
			now, on = t.change(g, now, look, rng)
		}
	}
	return most + 1
}

// change makes the first change of g that is better than now, and reports whether there is one.
func (t *table) change(g optimize.Genes, now standing, look func(optimize.Genes) standing,
	rng *rand.Rand) (standing, bool) {
	for _, i := range rng.Perm(len(g)) {
		before := g[i]
		for _, v := range rng.Perm(t.genes[i]) {
			g[i] = uint16(v)
			if next := look(g); next.better(now) {
				return next, true
			}
		}
		g[i] = before
	}
	return now, false
}
