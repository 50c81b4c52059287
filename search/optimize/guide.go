package optimize

import "fmt"

// Guide is what a [Problem] with one objective knows of candidates besides their values, for far
// less than an evaluation. With it a run climbs by what changes promise together, and evaluates the
// most promising alone.
type Guide struct {
	// Neighbours gives the candidates that differ from a canonical one by one choice, such as that
	// of a block, which may take several genes. Each is new and may be changed.
	Neighbours func(g Genes) []Genes
	// Near fills objectives with about what the objective of candidates near a base is, whose order
	// counts, and costs as Costs does. They are the base itself and its neighbours.
	Near func(base Genes, near []Genes, objectives, costs []float64) error
	// Costs fills out, (batch, Constraints), with the costs that constraints limit, as shares of
	// their limits: a candidate is feasible if none is above 1. They are exact.
	Costs func(batch []Genes, out []float64) error
	// Constraints is the number of costs; 0 is a problem without constraints.
	Constraints int
	// Groups are the genes that a child takes from one parent together, such as those of a stage.
	// Together they are all genes.
	Groups [][]int
	// Apart is a gene that changes what all others are worth, such as the resolution: climbs begin
	// at each of the choices in Choices of it.
	Apart   int
	Choices []uint16
}

// check reports what is wrong with a guide to a problem.
func (g *Guide) check(p *Problem) error {
	if p.Objectives != 1 {
		return fmt.Errorf("the problem has a Guide and %d objectives; a Guide takes one",
			p.Objectives)
	}
	if g.Neighbours == nil || g.Near == nil || g.Costs == nil && g.Constraints > 0 {
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
