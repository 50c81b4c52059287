package predictor

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/tailor-nas/tailor/supernet"
)

// minTyped is from how many networks on a scale for each type of block is tried.
const minTyped = 10

// blockType groups blocks that a device or runtime may be good or bad at: those with a depthwise
// convolution by its kernel size, as these are what runtimes differ most in, and all else, which
// every network of a space has.
func blockType(b supernet.Block) string {
	for _, o := range b.MustOps() {
		if o.Kind == supernet.OpDepthwise {
			// The name is a key of documents, from when mbconv alone had a depthwise convolution.
			return fmt.Sprintf("mbconv-k%d", o.Kernel)
		}
	}
	return "other"
}

// typedTiming is a whole network: the sums over its blocks by type, and its own latency.
type typedTiming struct {
	sums []float64
	ms   float64
}

func (t typedTiming) timing() timing {
	sum := 0.0
	for _, s := range t.sums {
		sum += s
	}
	return timing{sum, t.ms}
}

// typesOf are the types of blocks that networks have, in order.
func typesOf(all []load) []string {
	var names []string
	for _, l := range all {
		names = slices.AppendSeq(names, maps.Keys(l.sums))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// typedOf puts the sums of networks in the order of types.
func typedOf(names []string, all []load) []typedTiming {
	typed := make([]typedTiming, len(all))
	for i, l := range all {
		typed[i] = typedTiming{make([]float64, len(names)), l.ms}
		for g, name := range names {
			typed[i].sums[g] = l.sums[name]
		}
	}
	return typed
}

func untyped(typed []typedTiming) []timing {
	all := make([]timing, len(typed))
	for i, t := range typed {
		all[i] = t.timing()
	}
	return all
}

// typedCalibration is a calibration with a factor for the sum of each type.
type typedCalibration struct {
	calibration
	scales []float64
}

func (c typedCalibration) of(t typedTiming) float64 {
	sum := 0.0
	for g, s := range t.sums {
		sum += c.scales[g] * s
	}
	return c.calibration.of(sum)
}

// calibrateTypes fits the line and then, with the smallest relative errors, how much each type's
// scale differs from 1, with a ridge penalty on the differences: few networks tell types apart
// badly. The penalty is the best of a grid by leaving one out, which has the closed form of
// ridge regression. A scale stays above 0. Without types to tell apart scales are 1.
func calibrateTypes(typed []typedTiming, smallest float64) typedCalibration {
	base := typedCalibration{calibrate(untyped(typed), smallest), ones(len(typed[0].sums))}
	best, loss := base, math.Inf(1)
	for e := 1; e >= -5; e-- {
		c, l, ok := base.adapt(typed, math.Pow(10, float64(e)))
		if ok && l < loss {
			best, loss = c, l
		}
	}
	return best
}

// adapt solves for the differences d of the scales from 1
//
//	sum over networks of (prediction/ms - 1)^2
//	  + penalty * n * sum of d^2 * mean square of what the type contributes
//
// and gives the sum of squared errors of leaving one out; false if a scale would not be above 0.
func (c typedCalibration) adapt(typed []typedTiming, penalty float64) (typedCalibration, float64,
	bool) {
	types := len(c.scales)
	x, r := mat.NewDense(len(typed), types, nil), mat.NewVecDense(len(typed), nil)
	for i, t := range typed {
		for g, s := range t.sums {
			x.Set(i, g, c.slope*s/t.ms)
		}
		r.SetVec(i, 1-c.of(t)/t.ms)
	}
	var gram mat.SymDense
	gram.SymOuterK(1, x.T())
	for g := range types {
		gram.SetSym(g, g, gram.At(g, g)*(1+penalty)+1e-12)
	}
	var cholesky mat.Cholesky
	if !cholesky.Factorize(&gram) {
		return c, 0, false
	}
	var moments, d mat.VecDense
	moments.MulVec(x.T(), r)
	if cholesky.SolveVecTo(&d, &moments) != nil {
		return c, 0, false
	}
	fitted := typedCalibration{c.calibration, make([]float64, types)}
	for g := range fitted.scales {
		if fitted.scales[g] = 1 + d.AtVec(g); !(fitted.scales[g] > 0) {
			return c, 0, false
		}
	}
	loss := 0.0
	var solved mat.VecDense
	for i, t := range typed {
		row := x.RowView(i)
		if cholesky.SolveVecTo(&solved, row) != nil {
			return c, 0, false
		}
		e := (fitted.of(t)/t.ms - 1) / (1 - mat.Dot(row, &solved))
		loss += e * e
	}
	return fitted, loss, true
}

// leaveOneOutTyped predicts each network by a calibration that did not see it.
func leaveOneOutTyped(typed []typedTiming, smallest float64) []float64 {
	return leaveOut(typed, single(len(typed)), func(rest []typedTiming) func(typedTiming) float64 {
		return calibrateTypes(rest, smallest).of
	})
}

func ones(n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = 1
	}
	return v
}
