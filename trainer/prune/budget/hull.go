package budget

import (
	"cmp"
	"slices"
)

// edge is a step from one option of a part to the next on its hull: a price of the cost at which
// both are as good.
type edge struct {
	part, from, to int
	price          float64 // damage for each unit of cost saved, 0 or more
}

// hull lists the options on the lower convex hull of damage against cost, from the least damage to
// the least cost. Of equals the first is taken.
func hull(options []Option) []int {
	order := make([]int, len(options))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(options[a].Damage, options[b].Damage),
			cmp.Compare(options[a].Cost, options[b].Cost))
	})
	var h []int
	for _, i := range order {
		if len(h) > 0 && options[i].Cost >= options[h[len(h)-1]].Cost {
			continue // more damage, and nothing saved
		}
		for len(h) > 1 && price(options, h[len(h)-2], h[len(h)-1]) >= price(options, h[len(h)-2],
			i) {
			h = h[:len(h)-1]
		}
		h = append(h, i)
	}
	return h
}

// price is the damage of going from one option to a cheaper one, for each unit of cost saved.
func price(options []Option, from, to int) float64 {
	return (options[to].Damage - options[from].Damage) / (options[from].Cost - options[to].Cost)
}

// edgesOf lists the steps along a hull. Prices do not fall, whatever rounding does to them, so that
// sorting keeps the steps in order.
func edgesOf(part int, options []Option, hull []int) (edges []edge) {
	highest := 0.0
	for k := 1; k < len(hull); k++ {
		highest = max(highest, price(options, hull[k-1], hull[k]))
		edges = append(edges, edge{part, hull[k-1], hull[k], highest})
	}
	return edges
}
