package predictor

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/tailor-nas/tailor/supernet"
)

// Surrogate is a sum over a network's choices, with a constant for each resolution, in the place of a predictor that cannot be bounded.
type Surrogate struct {
	space     *supernet.Space
	constants []float64 // by resolution; NaN if it was fitted to no network of it
	weights   []float64 // by choice (layout.taken)
	surplus   float64   // the most that a network it was fitted to is better than its sum
}

// perChoice is how many networks a surrogate needs for each of its unknowns: with hardly more than it has unknowns any sum would do,
// and nothing would be learned of how far networks depart from it.
const perChoice = 5

// FitSurrogate fits one to what was predicted of some networks, by least squares. Too few are an error that wraps [ErrSamples].
func FitSurrogate(space *supernet.Space, archs []supernet.Arch, values []float64) (*Surrogate, error) {
	l := newLayout(space)
	n := l.choices()
	if least := perChoice * n; len(archs) < least {
		return nil, fmt.Errorf("%w: a sum over choices needs %d networks, got %d", ErrSamples, least, len(archs))
	}
	rows := make([][]int, len(archs))
	fitted := make([]bool, len(l.resolutions))
	for i := range archs {
		var c choices
		if !l.read(&archs[i], &c) {
			return nil, fmt.Errorf("fit a sum over choices: network %d is not one of space %s", i, space.Name)
		}
		fitted[c.resolution] = true
		rows[i] = append(l.taken(&c), n+c.resolution)
	}
	x, err := leastSquares(n+len(fitted), rows, values)
	if err != nil {
		return nil, fmt.Errorf("fit a sum over choices to %d networks: %w", len(archs), err)
	}
	s := &Surrogate{space: space, weights: x[:n], constants: x[n:]}
	for i, row := range rows {
		s.surplus = max(s.surplus, values[i]-sumOf(x, row))
	}
	for r, ok := range fitted {
		if !ok {
			s.constants[r] = math.NaN()
		}
	}
	return s, nil
}

// taken lists the choices of an arch by their numbers.
func (l *layout) taken(c *choices) (all []int) {
	at := 0
	for s := range l.stages {
		all = append(all, at+int(c.depth[s]))
		at += len(l.stages[s].depths)
	}
	for b, n := range l.variants {
		if v := c.variant[b]; v >= 0 {
			all = append(all, at+int(v))
		}
		at += n
	}
	return all
}

// collinear is the share of the number of rows that makes the solution unique, as the choices of a gene sum to 1. It is too small to
// shrink anything that more than a few rows have.
const collinear = 1e-6

// leastSquares finds the x of the smallest squared error where each row stands for the sum of the elements of x that it lists.
func leastSquares(n int, rows [][]int, y []float64) ([]float64, error) {
	gram := make([]float64, n*n)
	moments := mat.NewVecDense(n, nil)
	for i, row := range rows {
		for at, p := range row {
			for _, q := range row[at:] {
				gram[p*n+q]++
			}
			moments.SetVec(p, moments.AtVec(p)+y[i])
		}
	}
	for p := range n {
		gram[p*n+p] += collinear * float64(max(len(rows), 1))
	}
	var factor mat.Cholesky
	if !factor.Factorize(mat.NewSymDense(n, gram)) {
		return nil, errors.New("the equations have no solution")
	}
	var x mat.VecDense
	if err := factor.SolveVecTo(&x, moments); err != nil {
		return nil, err
	}
	return x.RawVector().Data, nil
}

func sumOf(x []float64, row []int) (sum float64) {
	for _, j := range row {
		sum += x[j]
	}
	return sum
}

// Upper is what no network of a resolution whose costs are within the budgets exceeds, if none is better than its sum by more than those
// were that the surrogate was fitted to. It is -Inf if there is none within the budgets, and false if the surrogate was fitted to no
// network of the resolution.
func (s *Surrogate) Upper(resolution int, budgets []Budget) (upper float64, known bool) {
	r := NewRegion(s.space, resolution)
	sieve := r.sieve(budgets)
	if sieve.empty {
		return math.Inf(-1), true
	}
	f := Affine{s.constants[r.resolution], s.weights}
	return sieve.max(&f) + s.surplus, !math.IsNaN(f.constant)
}
