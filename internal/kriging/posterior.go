package kriging

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// Posterior is what a model expects of the points of a pool, and how sure it is. It has the rows of
// a Cholesky factor that belong to the pool, so that a value more is a row more.
type Posterior struct {
	model *Model
	pool  *Points
	rows  []float64 // (observed, pool)
	steps []float64 // (observed), the factor^-1 values
	// mean and variance of each point, in the model's units; the variance is that without noise.
	mean, variance []float64
}

// Over is what follows for a pool from what the model was fitted to. It ends when the model is
// fitted again.
func (m *Model) Over(pool *Points) *Posterior {
	p := &Posterior{model: m, pool: pool, mean: make([]float64, pool.n),
		variance: make([]float64, pool.n)}
	if pool.n == 0 {
		return p
	}
	for j := range pool.n {
		m.covariances(&m.prior, pool, j, pool.Some([]int{j}), p.variance[j:j+1])
	}
	n := m.points.n
	p.rows = make([]float64, n*pool.n, (n+n/4+8)*pool.n)
	for i := range n {
		m.covariances(&m.prior, m.points, i, pool, p.rows[i*pool.n:(i+1)*pool.n])
	}
	blas64.Trsm(blas.Left, blas.NoTrans, 1, m.factor, p.matrix(n))
	p.steps = slices.Clone(m.values)
	blas64.Trsv(blas.NoTrans, m.factor, blas64.Vector{N: n, Inc: 1, Data: p.steps})
	for i, step := range p.steps {
		p.take(p.rows[i*pool.n:(i+1)*pool.n], step)
	}
	return p
}

func (p *Posterior) matrix(n int) blas64.General {
	return blas64.General{Rows: n, Cols: p.pool.n, Stride: p.pool.n, Data: p.rows}
}

// take adds what a row of the factor says.
func (p *Posterior) take(row []float64, step float64) {
	for j, v := range row {
		p.mean[j] += v * step
		p.variance[j] -= v * v
	}
}

// Add takes note of the value of point at of the pool.
func (p *Posterior) Add(at int, value float64) {
	size, n := p.pool.n, len(p.steps)
	pivot := math.Sqrt(max(p.variance[at], 0) + p.model.prior.nugget())
	p.rows = append(p.rows, make([]float64, size)...)
	row := p.rows[n*size:]
	p.model.covariances(&p.model.prior, p.pool, at, p.pool, row)
	column := blas64.Vector{N: n, Inc: size, Data: p.rows[at:]}
	blas64.Gemv(blas.Trans, -1, p.matrix(n), column, 1, blas64.Vector{N: size, Inc: 1, Data: row})
	for j := range row {
		row[j] /= pivot
	}
	step := ((value-p.model.mean)/p.model.scale - p.mean[at]) / pivot
	p.steps = append(p.steps, step)
	p.take(row, step)
}

// At is the value expected of a point of the pool that was not evaluated, and the standard
// deviation of what it may be.
func (p *Posterior) At(i int) (mean, deviation float64) {
	m := p.model
	return m.mean + m.scale*p.mean[i],
		m.scale * math.Sqrt(m.variance*(max(p.variance[i], 0)+m.prior.nugget()))
}
