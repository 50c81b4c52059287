package design

import (
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
	k, taken := newKnowledge(rows(all)), make([]bool, len(all))
	for len(order) < n {
		value := func(i int) float64 { return k.variances[i] }
		switch len(order) {
		case 0:
			value = func(i int) float64 { return all[i].middle() }
		case 1:
			value = func(i int) float64 { return -all[i].middle() }
		}
		next := most(taken, value)
		taken[next], order = true, append(order, next)
		k.time(next)
	}
	return order
}

// most is the first index that is not taken of the largest value.
func most(taken []bool, value func(i int) float64) (best int) {
	best, largest := -1, 0.0
	for i := range taken {
		if taken[i] {
			continue
		}
		if v := value(i); best < 0 || v > largest {
			best, largest = i, v
		}
	}
	return best
}

// knowledge is what the networks that were chosen tell of all, in a linear model of the features
// with Gaussian weights.
type knowledge struct {
	rows      []*mat.VecDense
	weights   *mat.SymDense // covariance
	variances []float64     // of the networks
}

func newKnowledge(x [][]float64) *knowledge {
	features := len(x[0])
	k := &knowledge{make([]*mat.VecDense, len(x)), mat.NewSymDense(features, nil),
		make([]float64, len(x))}
	for i := range features {
		k.weights.SetSym(i, i, 1)
	}
	for i := range x {
		k.rows[i] = mat.NewVecDense(features, x[i])
		k.variances[i] = mat.Dot(k.rows[i], k.rows[i])
	}
	return k
}

// time is what becomes known with the time of a network.
func (k *knowledge) time(next int) {
	var with mat.VecDense // covariance of the weights with the network
	with.MulVec(k.weights, k.rows[next])
	variance := mat.Dot(k.rows[next], &with) + noise*noise
	k.weights.SymRankOne(k.weights, -1/variance, &with)
	for i, row := range k.rows {
		c := mat.Dot(row, &with)
		k.variances[i] -= c * c / variance
	}
}
