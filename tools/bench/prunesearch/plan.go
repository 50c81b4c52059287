package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer/prune"
)

// plan says which networks there are.
type plan struct {
	budgets    []float64 // ms
	larger     []float64 // times a budget
	largest    bool
	teacher    bool // whether winners are trained on with a larger winner's answers, too
	structures []supernet.Structure
	methods    []prune.Method
	seeds      []uint64
	epochs     int
}

// how a network comes about.
type how string

const (
	searched how = "search"         // the winner for the budget, as it is
	trained  how = "search+train"   // the same, trained on with itself as teacher
	taught   how = "search+teacher" // the same, trained on with a larger winner as teacher
	pruned   how = "prune"          // a larger winner with less in it
)

// way is a way to a network within a budget.
type way struct {
	How       how                `json:"how"`
	Structure supernet.Structure `json:"structure,omitempty"`
	Method    prune.Method       `json:"method,omitempty"`
	// ParentMS is the budget of the winner that is pruned or is the teacher; Parent says which that
	// is: "1.5x", "largest".
	ParentMS float64 `json:"parent_budget_ms,omitempty"`
	Parent   string  `json:"parent,omitempty"`
}

// name is what tables call it, with the epochs of training.
func (w way) name(epochs int) string {
	switch w.How {
	case searched:
		return "search"
	case trained:
		return fmt.Sprintf("search, %d epochs", epochs)
	case taught:
		return fmt.Sprintf("search, %d epochs, teacher %s", epochs, w.Parent)
	}
	return fmt.Sprintf("prune %s of %s, %s, %d epochs", w.Structure, w.Parent, w.Method, epochs)
}

// folder is where its training run is kept, in the folder of its budget and seed.
func (w way) folder(epochs int) string {
	name := string(w.How)
	if w.How == pruned {
		name += fmt.Sprintf("-%s-%s", w.Structure, w.Method)
	}
	if w.ParentMS > 0 {
		name += fmt.Sprintf("-%gms", w.ParentMS)
	}
	return fmt.Sprintf("%s-epochs-%d", name, epochs)
}

// parent is a larger winner.
type parent struct {
	name string
	ms   float64 // its budget
}

// parents are those of a budget: the multiples of it, and the largest of all, where that is none of
// them.
func (p plan) parents(budget float64) (all []parent) {
	for _, f := range p.larger {
		all = append(all, parent{fmt.Sprintf("%gx", f), rounded(f * budget)})
	}
	most := rounded(slices.Max(p.budgets) * slices.Max(p.larger))
	if p.largest && !slices.ContainsFunc(all, func(q parent) bool { return q.ms == most }) {
		all = append(all, parent{"largest", most})
	}
	return all
}

// rounded is to the nanosecond, so that equal budgets are equal.
func rounded(ms float64) float64 { return math.Round(ms*1e6) / 1e6 }

// searches are all budgets that winners are searched for, the smallest first.
func (p plan) searches() []float64 {
	all := slices.Clone(p.budgets)
	for _, b := range p.budgets {
		for _, q := range p.parents(b) {
			all = append(all, q.ms)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// ways are all ways to a network within a budget. Those of one parent and structure follow each
// other.
func (p plan) ways(budget float64) []way {
	parents := p.parents(budget)
	teacher := slices.MaxFunc(parents[:len(p.larger)],
		func(a, b parent) int { return cmp.Compare(a.ms, b.ms) })
	all := []way{{How: searched}, {How: trained}}
	if p.teacher {
		all = append(all, way{How: taught, ParentMS: teacher.ms, Parent: teacher.name})
	}
	for _, q := range parents {
		for _, s := range p.structures {
			for _, m := range p.methods {
				all = append(all, way{How: pruned, Structure: s, Method: m, ParentMS: q.ms,
					Parent: q.name})
			}
		}
	}
	return all
}
