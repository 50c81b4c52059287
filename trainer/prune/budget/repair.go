package budget

// spend changes one part at a time while that lowers the damage and stays within the limit: each
// time the change with the largest gain for each unit of cost, after one that costs nothing.
func (a Allocation) spend(parts [][]Option, limit float64) Allocation {
	a = a.clone()
	a.sum(parts)
	for {
		part, to, best := -1, 0, 0.0
		for p, options := range parts {
			now := options[a.Choice[p]]
			for i, o := range options {
				gain, costs := now.Damage-o.Damage, o.Cost-now.Cost
				if !(gain > 0) || !a.fits(parts, p, i, limit) {
					continue
				}
				if rate := gain / max(costs, 1e-300); rate > best {
					part, to, best = p, i, rate
				}
			}
		}
		if part < 0 {
			return a
		}
		a.Choice[part] = to
		a.sum(parts)
	}
}

// meet makes the one change with the least damage that meets the limit; false if no single one
// does.
func (a Allocation) meet(parts [][]Option, limit float64) (Allocation, bool) {
	a = a.clone()
	part, to, least := -1, 0, 0.0
	for p, options := range parts {
		for i, o := range options {
			damage := o.Damage - options[a.Choice[p]].Damage
			if (part < 0 || damage < least) && a.fits(parts, p, i, limit) {
				part, to, least = p, i, damage
			}
		}
	}
	if part < 0 {
		return a, false
	}
	a.Choice[part] = to
	a.sum(parts)
	return a, true
}

// fits says whether the allocation is within the limit with another option of a part; summed in
// order, as sum does.
func (a Allocation) fits(parts [][]Option, part, option int, limit float64) bool {
	cost := 0.0
	for p, i := range a.Choice {
		if p == part {
			i = option
		}
		cost += parts[p][i].Cost
	}
	return cost <= limit
}
