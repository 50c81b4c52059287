package blocktimes

import (
	"math"
	"slices"

	"github.com/tailor-nas/tailor/predictor/regress"
)

// Learned is a model with what it says of the networks it was fitted to.
type Learned struct {
	Model   *Model
	HeldOut []float64 // for each network what a model says that was fitted without it
}

const (
	// leaveOne is up to how many networks each is left out alone; with more, the parts of the
	// settings, twice as many up to severalHundred.
	leaveOne       = 60
	severalHundred = 300
)

// Parts are the networks that are left out together.
func Parts(networks int, s regress.Settings) [][]int {
	switch {
	case networks <= leaveOne:
		s.Folds = networks
	case networks <= severalHundred:
		s.Folds *= 2
	}
	return regress.Folds(networks, s)
}

// penalties are those that are tried, from one that leaves hardly any corrections to hardly one.
var penalties = []float64{3, 1, 0.3, 0.1, 0.03, 0.01, 1e-3, 1e-5, 1e-8}

// Learn fits a model with prices alone to networks and, as second, one with corrections, which is
// nil if there are none that hold. Known may be nil.
func Learn(networks []Network, before Known, s regress.Settings) (priced, corrected *Learned,
	err error) {
	d := newData(networks, before)
	all := make([]int, len(networks))
	for i := range all {
		all[i] = i
	}
	whole, err := d.price(all)
	if err != nil {
		return nil, nil, err
	}
	priced = &Learned{whole.model(), make([]float64, len(all))}
	tried := make([][]float64, len(penalties)) // by penalty, what is predicted
	for k := range tried {
		tried[k] = make([]float64, len(all))
	}
	parts := Parts(len(all), s)
	for _, part := range parts {
		rest := regress.Without(all, part)
		f, err := d.price(rest)
		if err != nil {
			return nil, nil, err
		}
		f.fill(priced.HeldOut, part)
		p := f.problem(rest)
		for k, penalty := range penalties {
			f.with(p.solve(penalty)).fill(tried[k], part)
		}
	}
	best, heldOut := d.best(tried, nil), make([]float64, len(all))
	for _, part := range parts {
		// What is said of a part must not rest on a choice that the part had a say in: with few
		// networks some penalty fits all of them by chance.
		chosen := tried[d.best(tried, part)]
		for _, row := range part {
			heldOut[row] = chosen[row]
		}
	}
	if w := whole.problem(all).solve(penalties[best]); w != nil && finite(heldOut) {
		corrected = &Learned{whole.with(w).model(), heldOut}
	}
	return priced, corrected, nil
}

// fill predicts the networks of a part.
func (f *fit) fill(predicted []float64, part []int) {
	for _, row := range part {
		predicted[row] = f.predict(row)
	}
}

// best is the index of what has the smallest mean relative error on the rows that are not in part.
func (d *data) best(tried [][]float64, part []int) (best int) {
	smallest := math.Inf(1)
	for k, predicted := range tried {
		sum := 0.0
		for i, ms := range predicted {
			if !slices.Contains(part, i) {
				sum += math.Abs(ms/d.loads[i].ms - 1)
			}
		}
		if sum < smallest {
			best, smallest = k, sum
		}
	}
	return best
}

func finite(values []float64) bool {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}
