package predictor

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/tailor-nas/tailor/supernet"
)

// work is what a block asks of a device: the terms of a roofline model (Williams et al., CACM
// 2009), which can be fitted to whole networks where blocks were not timed, and the time that it
// took on another device, if that is known.
type work [5]float64

// workOf counts a block once, its multiply-accumulates outside and inside depthwise convolutions,
// which run at other speeds, and the values that it moves: activations of each of its convolutions
// and weights.
func workOf(b supernet.Block) work {
	var macs, depthwise, moved int64
	for _, o := range b.MustOps() {
		if o.Kind == supernet.OpDepthwise {
			depthwise += o.MACs()
		} else {
			macs += o.MACs()
		}
		moved += o.Params() + activations(o)
	}
	return work{1, float64(macs), float64(depthwise), float64(moved), 0}
}

// activations is the values that an operation reads and writes. A gate and a sum are applied to
// values while these pass through another operation.
func activations(o supernet.Op) int64 {
	if o.Gate || o.Kind == supernet.OpAdd {
		return 0
	}
	return int64(o.In.Len()) + int64(o.Out.Len())
}

func (w work) add(other work) work {
	for i := range w {
		w[i] += other[i]
	}
	return w
}

func (w work) dot(price work) (sum float64) {
	for i := range w {
		sum += w[i] * price[i]
	}
	return sum
}

// workload is a whole network: its work and its latency.
type workload struct {
	work
	ms float64
}

// fitPrices finds what each kind of work costs, with the smallest sum of squared relative errors
// and no negative price. With five kinds, the best of all subsets that leave the others at 0 is the
// exact answer.
func fitPrices(loads []workload) (work, error) {
	// Milliseconds for a multiply-accumulate and for a block differ by a factor of a million; scale
	// brings all to about 1, which the solver's test for singular equations needs.
	var scale work
	for _, l := range loads {
		for k := range scale {
			scale[k] = max(scale[k], l.work[k]/l.ms)
		}
	}
	var best work
	smallest := math.Inf(1)
	for subset := 1; subset < 1<<len(best); subset++ {
		prices, ok := pricesOf(subset, loads, scale)
		if loss := relativeLoss(loads, prices); ok && loss < smallest {
			best, smallest = prices, loss
		}
	}
	if math.IsInf(smallest, 1) {
		return work{}, fmt.Errorf("%w: no prices of blocks explain the times of the networks",
			ErrSamples)
	}
	return best, nil
}

// pricesOf solves sum(price*work)/ms = 1 over all networks, for the kinds in subset; false if they
// cannot be told apart or one is negative.
func pricesOf(subset int, loads []workload, scale work) (prices work, ok bool) {
	var kinds []int
	for k := range scale {
		if subset>>k&1 == 1 {
			kinds = append(kinds, k)
		}
	}
	a, ones := mat.NewDense(len(loads), len(kinds), nil), mat.NewVecDense(len(loads), nil)
	for i, l := range loads {
		ones.SetVec(i, 1)
		for j, k := range kinds {
			a.Set(i, j, l.work[k]/l.ms/max(scale[k], math.SmallestNonzeroFloat64))
		}
	}
	var v mat.VecDense
	if v.SolveVec(a, ones) != nil {
		return work{}, false
	}
	for j, k := range kinds {
		if !(v.AtVec(j) >= 0) {
			return work{}, false
		}
		prices[k] = v.AtVec(j) / max(scale[k], math.SmallestNonzeroFloat64)
	}
	return prices, true
}

func relativeLoss(loads []workload, prices work) (sum float64) {
	for _, l := range loads {
		sum += math.Pow(l.dot(prices)/l.ms-1, 2)
	}
	return sum
}
