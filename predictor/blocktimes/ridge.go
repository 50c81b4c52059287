package blocktimes

import (
	"slices"

	"gonum.org/v1/gonum/mat"
)

// sparse is a row of few numbers that are not 0, by ascending column.
type sparse struct {
	columns []int
	values  []float64
}

// sparseOf puts sums by column in order.
func sparseOf(sums map[int]float64) (s sparse) {
	for c := range sums {
		s.columns = append(s.columns, c)
	}
	slices.Sort(s.columns)
	for _, c := range s.columns {
		s.values = append(s.values, sums[c])
	}
	return s
}

func (s sparse) dot(dense []float64) (sum float64) {
	for i, c := range s.columns {
		sum += s.values[i] * dense[c]
	}
	return sum
}

// addTo adds a multiple of the row to a dense one.
func (s sparse) addTo(dense []float64, by float64) {
	for i, c := range s.columns {
		dense[c] += by * s.values[i]
	}
}

// problem is least squares with a penalty on the squared weights, |x*w - y|^2 + penalty*|w|^2, in
// the form that is smaller: by columns of x, or by its rows.
type problem struct {
	x       []sparse
	columns int
	gram    *mat.SymDense
	right   *mat.VecDense
	byRows  bool // gram is x*x', not x'*x
}

func newProblem(x []sparse, columns int, y []float64) *problem {
	p := &problem{x: x, columns: columns, byRows: len(x) < columns}
	if p.byRows {
		p.right = mat.NewVecDense(len(y), y)
		p.gramOfRows()
		return p
	}
	p.gram = mat.NewSymDense(columns, nil)
	right := make([]float64, columns)
	for i, row := range x {
		row.addTo(right, y[i])
		for k, c := range row.columns {
			for j, other := range row.columns[k:] {
				p.gram.SetSym(c, other, p.gram.At(c, other)+row.values[k]*row.values[k+j])
			}
		}
	}
	p.right = mat.NewVecDense(columns, right)
	return p
}

func (p *problem) gramOfRows() {
	p.gram = mat.NewSymDense(len(p.x), nil)
	dense := make([]float64, p.columns)
	for i, row := range p.x {
		row.addTo(dense, 1)
		for j, other := range p.x[:i+1] {
			p.gram.SetSym(i, j, other.dot(dense))
		}
		for _, c := range row.columns {
			dense[c] = 0
		}
	}
}

// solve gives the weights for a penalty above 0, nil if the equations have no solution.
func (p *problem) solve(penalty float64) []float64 {
	n := p.gram.SymmetricDim()
	damped := mat.NewSymDense(n, nil)
	damped.CopySym(p.gram)
	for i := range n {
		damped.SetSym(i, i, damped.At(i, i)+penalty)
	}
	var factor mat.Cholesky
	var w mat.VecDense
	if !factor.Factorize(damped) || factor.SolveVecTo(&w, p.right) != nil {
		return nil
	}
	if !p.byRows {
		return w.RawVector().Data
	}
	weights := make([]float64, p.columns)
	for i, row := range p.x {
		row.addTo(weights, w.AtVec(i))
	}
	return weights
}
