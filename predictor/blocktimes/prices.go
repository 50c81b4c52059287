package blocktimes

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/mat"
)

// errNoPrices is returned where no prices explain the times of networks.
var errNoPrices = errors.New("no prices of blocks explain the times of the networks")

// workload is a whole network: its work and its latency.
type workload struct {
	work
	ms float64
}

// fitPrices finds what each kind of work costs, with the smallest sum of squared relative errors
// and no negative price. With six kinds, the best of all subsets that leave the others at 0 is the
// exact answer. What blocks do costs something: a price of a network alone explains nothing.
func fitPrices(loads []workload) (work, error) {
	// Milliseconds for a multiply-accumulate and for a block differ by a factor of a million; scale
	// brings all to about 1, which the test for singular equations needs.
	var scale work
	for _, l := range loads {
		for k := range scale {
			scale[k] = max(scale[k], l.work[k]/l.ms)
		}
	}
	gram, moments := normal(loads, scale)
	var best work
	smallest := math.Inf(1)
	for subset := 1; subset < 1<<kinds; subset++ {
		if prices, ok := pricesOf(subset, gram, moments); ok && subset != 1<<once {
			if loss := relativeLoss(loads, unscaled(prices, scale)); loss < smallest {
				best, smallest = unscaled(prices, scale), loss
			}
		}
	}
	if math.IsInf(smallest, 1) {
		return work{}, errNoPrices
	}
	return best, nil
}

// normal is both sides of the normal equations of sum(price*work)/ms = 1 over all networks.
func normal(loads []workload, scale work) (gram [kinds]work, moments work) {
	for _, l := range loads {
		var row work
		for k := range row {
			if scale[k] > 0 {
				row[k] = l.work[k] / l.ms / scale[k]
			}
		}
		for k := range row {
			moments[k] += row[k]
			for j := range row {
				gram[k][j] += row[k] * row[j]
			}
		}
	}
	return gram, moments
}

// collinear is the condition number from which on kinds of work cannot be told apart.
const collinear = 1e12

// pricesOf solves the equations for the kinds in subset; false if they cannot be told apart or one
// is negative.
func pricesOf(subset int, gram [kinds]work, moments work) (prices work, ok bool) {
	var free []int
	for k := range prices {
		if subset>>k&1 == 1 {
			free = append(free, k)
		}
	}
	a, b := mat.NewSymDense(len(free), nil), mat.NewVecDense(len(free), nil)
	for i, k := range free {
		b.SetVec(i, moments[k])
		for j, other := range free[:i+1] {
			a.SetSym(i, j, gram[k][other])
		}
	}
	var factor mat.Cholesky
	var v mat.VecDense
	if !factor.Factorize(a) || factor.Cond() > collinear || factor.SolveVecTo(&v, b) != nil {
		return work{}, false
	}
	for j, k := range free {
		if !(v.AtVec(j) >= 0) {
			return work{}, false
		}
		prices[k] = v.AtVec(j)
	}
	return prices, true
}

// unscaled are prices in milliseconds.
func unscaled(prices, scale work) work {
	for k := range prices {
		if prices[k] > 0 {
			prices[k] /= scale[k]
		}
	}
	return prices
}

func relativeLoss(loads []workload, prices work) (sum float64) {
	for _, l := range loads {
		sum += math.Pow(l.dot(prices)/l.ms-1, 2)
	}
	return sum
}
