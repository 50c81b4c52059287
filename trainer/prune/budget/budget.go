// Package budget chooses how much to remove of each part of a network: of all choices that keep the
// sum of what the parts cost within a limit, one that does as little damage as can be found. It
// knows no weights and no units: costs may be milliseconds or parameters, damage whatever the
// caller takes for it, such as the sum of squares of the weights removed.
//
// The problem is a multiple-choice knapsack. [Choose] relaxes it: with a price on the cost, each
// part can be decided for itself, and only options on the lower convex hull of its damage against
// its cost are ever best. Walking along the edges of all hulls in order of the damage done for each
// unit of cost saved visits the solutions at all prices (Sinha and Zoltners, Operations Research
// 27, 1979); bisecting for the price would end at the same one, less exactly. The walk stops where
// the limit is met. What it saved too much is spent again by single changes, in which options off
// the hulls take part.
package budget

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Option is one way to leave a part: what it then costs, and the damage done.
type Option struct{ Cost, Damage float64 }

// Allocation is a choice of one option for each part.
type Allocation struct {
	Choice       []int // index of the option, by part
	Cost, Damage float64
	// Bound is a damage that no choice within the limit can be below: that of the relaxed problem,
	// where one part may lie between two options. Damage exceeds it by less than what the last edge
	// that was walked does, and is the least possible where they are equal.
	Bound float64
}

// ErrInfeasible is what every [LimitError] is, for errors.Is.
var ErrInfeasible = errors.New("the limit cannot be met")

// LimitError occurs when even the cheapest option of every part exceeds the limit together.
type LimitError struct {
	Limit    float64
	Smallest float64 // the cost that can be reached
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%v: the smallest reachable cost is %.6g, the limit %.6g", ErrInfeasible,
		e.Smallest, e.Limit)
}

// Unwrap makes errors.Is(err, ErrInfeasible) hold.
func (e *LimitError) Unwrap() error { return ErrInfeasible }

// Choose gives one option of each part, whose costs sum to at most limit, with little damage. If
// that is impossible the error is a [*LimitError]. Options may come in any order, and neither cost
// nor damage need follow from the other, but both must be finite. A hundred parts of a hundred
// options take some milliseconds.
func Choose(parts [][]Option, limit float64) (Allocation, error) {
	if err := check(parts, limit); err != nil {
		return Allocation{}, err
	}
	hulls := make([][]int, len(parts))
	var edges []edge
	a := Allocation{Choice: make([]int, len(parts))}
	for p, options := range parts {
		hulls[p] = hull(options)
		a.Choice[p] = hulls[p][0]
		edges = append(edges, edgesOf(p, options, hulls[p])...)
	}
	slices.SortStableFunc(edges, func(a, b edge) int { return cmp.Compare(a.price, b.price) })
	for i, e := range edges {
		a.sum(parts)
		if a.Cost <= limit {
			edges = edges[:i]
			break
		}
		a.Choice[e.part] = e.to
	}
	if a.sum(parts); a.Cost > limit {
		return Allocation{}, &LimitError{limit, a.Cost}
	}
	if len(edges) == 0 {
		a.Bound = a.Damage
		return a, nil // each part at its least damage
	}
	last := edges[len(edges)-1]
	best := a.spend(parts, limit)
	before := a.clone()
	before.Choice[last.part] = last.from
	if other, ok := before.meet(parts, limit); ok {
		if other = other.spend(parts, limit); other.Damage < best.Damage {
			best = other
		}
	}
	best.Bound = a.Damage
	if unspent := limit - a.Cost; unspent > 0 {
		best.Bound -= last.price * unspent
	}
	best.Bound = min(best.Bound, best.Damage) // rounding
	return best, nil
}

func check(parts [][]Option, limit float64) error {
	if math.IsNaN(limit) {
		return errors.New("budget: the limit is not a number")
	}
	for p, options := range parts {
		if len(options) == 0 {
			return fmt.Errorf("budget: part %d has no option", p)
		}
		for i, o := range options {
			if sum := o.Cost + o.Damage; math.IsNaN(sum) || math.IsInf(o.Cost, 0) ||
				math.IsInf(o.Damage, 0) {
				return fmt.Errorf("budget: option %d of part %d costs %g and damages %g, expected finite numbers", i, p, o.Cost, o.Damage)
			}
		}
	}
	return nil
}

// sum adds up anew, so that rounding depends on the choice alone.
func (a *Allocation) sum(parts [][]Option) {
	a.Cost, a.Damage = 0, 0
	for p, i := range a.Choice {
		a.Cost += parts[p][i].Cost
		a.Damage += parts[p][i].Damage
	}
}

func (a Allocation) clone() Allocation {
	a.Choice = slices.Clone(a.Choice)
	return a
}
