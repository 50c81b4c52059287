package design

import (
	"slices"

	"gonum.org/v1/gonum/mat"
)

// chosen are the indexes of n candidates: the slowest and the fastest by the sources, as a line
// must be fitted, too; then one after another that which is known least given those before, which
// raises the determinant of what is known of the features most (a greedy Bayesian D-optimal design:
// Chaloner and Verdinelli, "Bayesian experimental design: a review", Statistical Science 10, 1995).
func chosen(all []network, n int) (order []int) {
	if n <= 0 {
		return nil
	}
	x, middles := rows(all), make([]float64, len(all))
	for i := range all {
		middles[i] = all[i].middle()
	}
	features := len(x[0])
	unknown := mat.NewSymDense(features, nil) // covariance of the weights, given those chosen
	for i := range features {
		unknown.SetSym(i, i, 1)
	}
	var moved mat.VecDense
	variance := func(i int) float64 {
		row := mat.NewVecDense(features, x[i])
		moved.MulVec(unknown, row)
		return mat.Dot(row, &moved)
	}
	for len(order) < n {
		value := variance
		switch len(order) {
		case 0:
			value = func(i int) float64 { return middles[i] }
		case 1:
			value = func(i int) float64 { return -middles[i] }
		}
		next := most(len(x), order, value)
		order = append(order, next)
		v := variance(next) // and moved is of next
		unknown.SymRankOne(unknown, -1/(v+noise*noise), &moved)
	}
	return order
}

// most is the first index, not among those taken, of the largest value.
func most(n int, taken []int, value func(i int) float64) (best int) {
	best, largest := -1, 0.0
	for i := range n {
		if slices.Contains(taken, i) {
			continue
		}
		if v := value(i); best < 0 || v > largest {
			best, largest = i, v
		}
	}
	return best
}
