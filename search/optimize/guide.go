package optimize

import "fmt"

// Guide is what a [Problem] knows of candidates besides their values, for far less than an
// evaluation. With it a run climbs by what changes promise together, and evaluates the most
// promising alone.
type Guide struct {
	// Near fills in what is near each of some bases.
	Near func(near []*Near) error
	// Joint says that Near fills in Near.Joint.
	Joint bool
	// Costs fills out, (batch, Constraints), with the costs that constraints limit, as shares of
	// their limits: a candidate is feasible if none is above 1. They are exact. Of a problem with
	// two objectives the last cost is the second one, as a share of something.
	Costs func(batch []Genes, out []float64) error
	// Constraints is the number of costs; 0 is a problem without constraints.
	Constraints int
	// Least is, with two objectives, the smallest share of the last cost that is sought.
	Least float64
	// Groups are the genes that a child takes from one parent together, such as those of a stage.
	// Together they are all genes.
	Groups [][]int
	// Apart is a gene that changes what all others are worth, such as the resolution: climbs begin
	// at each of the choices in Choices of it.
	Apart   int
	Choices []uint16
}

// Change sets some genes: one choice, such as that of a block.
type Change struct {
	Genes []int
	To    []uint16
}

// Apply makes the change.
func (c Change) Apply(g Genes) {
	for i, gene := range c.Genes {
		g[gene] = c.To[i]
	}
}

// Near is what is one choice away from a canonical candidate. All but Base is for [Guide.Near] to
// fill, in the room that there is.
type Near struct {
	Base Genes
	// Changes lead to canonical candidates other than Base. The slices in it are not changed.
	Changes []Change
	// Rises say by how much each change raises the first objective, about; their order counts.
	Rises []float64
	// Costs has by how much each change raises each cost, (changes, Constraints), to within
	// rounding, and Own the costs of Base.
	Costs, Own []float64
	// Joint fills out with by how much sets of Changes, by their places, raise the first objective
	// together, closer than the sum of their Rises. A run asks it much and evaluates little. It is
	// good until Near is called again, and nil if nothing closer is known.
	Joint func(sets [][]int, out []float64)
}

// check reports what is wrong with a guide to a problem.
func (g *Guide) check(p *Problem) error {
	if p.Objectives > 2 {
		return fmt.Errorf("the problem has a Guide and %d objectives; a Guide takes one or two",
			p.Objectives)
	}
	if p.Objectives == 2 && (g.Constraints < 1 || !(g.Least > 0 && g.Least <= 1)) {
		return fmt.Errorf("the problem's Guide has %d costs, the last from %g on; with two objectives it needs one, from a share of it between 0 and 1 on",
			g.Constraints, g.Least)
	}
	if g.Near == nil || g.Costs == nil && g.Constraints > 0 {
		return fmt.Errorf("a function of the problem's Guide is missing")
	}
	if g.Apart < 0 || g.Apart >= len(p.Genes) || len(g.Choices) == 0 {
		return fmt.Errorf("the problem's Guide keeps gene %d apart, with %d choices; it needs one of the %d genes and a choice",
			g.Apart, len(g.Choices), len(p.Genes))
	}
	seen := make([]bool, len(p.Genes))
	for _, group := range g.Groups {
		for _, gene := range group {
			if gene < 0 || gene >= len(p.Genes) || seen[gene] {
				return fmt.Errorf("gene %d of a group of the problem's Guide is none of the %d genes, or twice there",
					gene, len(p.Genes))
			}
			seen[gene] = true
		}
	}
	for gene, ok := range seen {
		if !ok {
			return fmt.Errorf("gene %d is in no group of the problem's Guide", gene)
		}
	}
	return nil
}
