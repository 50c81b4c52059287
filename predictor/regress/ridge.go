package regress

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/mat"
)

// ridge fits y = bias + weights*x by least squares with a penalty on the squared weights. The
// penalty is the one of a grid with the smallest leave-one-out error, which has a closed form: the
// residual of a sample divided by one minus its leverage (Allen, Technometrics 16, 1974).
//
// A few hundred samples of some 150 features are hardly more equations than unknowns, so that the
// penalty matters as much as the data. It also makes the solution unique, as the one-hots of a gene
// sum to 1.
func ridge(x [][]float32, y []float64) (weights []float64, bias float64, err error) {
	centres := columnMeans(x)
	bias = mean(y)
	f, err := newRidgeFit(x, y, centres, bias)
	if err != nil {
		return nil, 0, err
	}
	var w mat.VecDense
	w.MulVec(&f.vectors, f.solve(f.bestPenalty(y, bias)))
	weights = w.RawVector().Data
	for j, c := range centres {
		bias -= weights[j] * c
	}
	return weights, bias, nil
}

// ridgeFit is the problem in the coordinates of the Gram matrix's eigenvectors, where it is
// diagonal.
type ridgeFit struct {
	values  []float64    // eigenvalues
	vectors mat.Dense    // eigenvectors as columns
	moments mat.VecDense // rotated x*y
	rotated *mat.Dense   // (samples, features)
}

// newRidgeFit centres rows and values, which takes the bias out of the problem, and finds the axes:
// with the Gram matrix X'X = V diag(values) V', the weights for a penalty p are V
// diag(1/(values+p)) V'X'y.
func newRidgeFit(x [][]float32, y, centres []float64, bias float64) (*ridgeFit, error) {
	rows := mat.NewDense(len(x), len(centres), nil)
	values := mat.NewVecDense(len(y), nil)
	for i := range x {
		for j, c := range centres {
			rows.Set(i, j, float64(x[i][j])-c)
		}
		values.SetVec(i, y[i]-bias)
	}
	f, err := axesOf(rows)
	if err != nil {
		return nil, err
	}
	f.moments.MulVec(f.rotated.T(), values)
	return f, nil
}

// manyFeatures is from how many features on fewer rows are decomposed in their place. Small
// problems take no time either way.
const manyFeatures = 400

// axesOf finds the axes, and the rows in their coordinates.
func axesOf(rows *mat.Dense) (*ridgeFit, error) {
	n, features := rows.Dims()
	wide := features >= manyFeatures && n < features
	var gram mat.SymDense
	if wide {
		gram.SymOuterK(1, rows) // XX', whose eigenvalues are the same but for zeros
	} else {
		gram.SymOuterK(1, rows.T())
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(&gram, true) {
		return nil, errors.New("linear fit: the eigenvalues of the features did not converge")
	}
	f := &ridgeFit{values: eigen.Values(nil), rotated: new(mat.Dense)}
	if !wide {
		eigen.VectorsTo(&f.vectors)
		f.rotated.Mul(rows, &f.vectors)
		return f, nil
	}
	// An eigenvector u of XX' makes X'u/sqrt(value) one of X'X.
	var u mat.Dense
	eigen.VectorsTo(&u)
	f.vectors.Mul(rows.T(), &u)
	least := 1e-12 * f.values[n-1] // they ascend, and what is below is rounding
	f.vectors.Apply(func(_, k int, v float64) float64 {
		if f.values[k] <= least {
			return 0
		}
		return v / math.Sqrt(f.values[k])
	}, &f.vectors)
	f.rotated.Mul(rows, &f.vectors)
	return f, nil
}

// solve gives the rotated weights. Eigenvalues of collinear features are 0 but for rounding, and
// may come out below.
func (f *ridgeFit) solve(penalty float64) *mat.VecDense {
	w := mat.NewVecDense(len(f.values), nil)
	for k, v := range f.values {
		w.SetVec(k, f.moments.AtVec(k)/(max(v, 0)+penalty))
	}
	return w
}

// bestPenalty tries 0.01 to 1000 in steps of about 3.
func (f *ridgeFit) bestPenalty(y []float64, bias float64) (best float64) {
	smallest := math.Inf(1)
	for e := -4; e <= 6; e++ {
		penalty := math.Pow(10, float64(e)/2)
		if loss := f.leaveOneOut(y, bias, penalty); loss < smallest {
			smallest, best = loss, penalty
		}
	}
	return best
}

// leaveOneOut is the sum of squared errors of predicting each sample from the others. The 1/n of
// the leverage is that of the mean, which is refitted too.
func (f *ridgeFit) leaveOneOut(y []float64, bias, penalty float64) (sum float64) {
	w := f.solve(penalty)
	for i := range y {
		z := f.rotated.RawRowView(i)
		leverage := 1 / float64(len(y))
		predicted := bias
		for k, v := range f.values {
			leverage += z[k] * z[k] / (max(v, 0) + penalty)
			predicted += z[k] * w.AtVec(k)
		}
		e := (y[i] - predicted) / (1 - leverage)
		sum += e * e
	}
	return sum
}

func columnMeans(x [][]float32) []float64 {
	m := make([]float64, len(x[0]))
	for _, row := range x {
		for j, v := range row {
			m[j] += float64(v) / float64(len(x))
		}
	}
	return m
}
