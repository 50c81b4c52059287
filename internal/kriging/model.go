package kriging

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// ErrNoFactor is wrapped by errors about covariances that have no Cholesky factor.
var ErrNoFactor = errors.New("no factor of the covariances")

// mostNoise is the most that is tried where covariances have no factor without.
const mostNoise = 1e6

// turns is how many genes a fit looks at, in turn: those of large spaces would take long.
const turns = 16

// Model expects values of the points of a space.
type Model struct {
	genes       []gene
	prior       prior
	turn        int // gene that the next fit begins with
	points      *Points
	values      []float64         // standardised
	mean, scale float64           // of the values as they were
	factor      blas64.Triangular // of the covariances of points, Cholesky's
	variance    float64           // by which all covariances are multiplied
	weights     []float64         // covariances^-1 values
	effects     [][]float64       // by pair of genes; nil where they are computed when asked for

	// Buffers, kept between calls.
	matrix, squares []float64
	scratch         [maxBins]float64
}

// New returns a model of points with so many choices of each gene. It expects nothing before Fit.
func New(choices []int) *Model {
	m := &Model{prior: newPrior(len(choices))}
	for _, n := range choices {
		m.genes = append(m.genes, newGene(n))
	}
	return m
}

// Fit learns from the values of one point or more, of all at once. What an earlier fit took for
// likely is where the next one begins.
func (m *Model) Fit(points [][]uint16, values []float64) error {
	m.points = m.Points(points)
	m.standardise(values)
	m.improve()
	return m.settle()
}

// Use learns from the values of one point or more, of all at once, and takes for likely what the
// last fit did: of many points that is far less to compute than a fit.
func (m *Model) Use(points [][]uint16, values []float64) error {
	m.points = m.Points(points)
	m.standardise(values)
	return m.settle()
}

// Unordered says of a gene that the numbers of its choices mean nothing; a model that is not told
// finds out.
func (m *Model) Unordered(gene int) { m.genes[gene].unordered = true }

// settle makes means of what the prior and the values say. A prior by which covariances are no
// finite numbers, which no noise mends, gives way to the one of the beginning.
func (m *Model) settle() error {
	for fresh := false; math.IsInf(m.likelihood(&m.prior), -1); {
		m.prior.noise *= 10 // points that are alike have no factor without
		if m.prior.noise <= mostNoise {
			continue
		}
		if fresh {
			return fmt.Errorf("%w of %d points of %d genes, whatever the noise: expected 1 gene or more, and values that are finite",
				ErrNoFactor, m.points.n, len(m.genes))
		}
		fresh, m.prior = true, newPrior(len(m.genes))
	}
	m.weights = slices.Clone(m.values)
	x := blas64.Vector{N: len(m.values), Inc: 1, Data: m.weights}
	blas64.Trsv(blas.NoTrans, m.factor, x)
	blas64.Trsv(blas.Trans, m.factor, x)
	return nil
}

func (m *Model) standardise(values []float64) {
	n := float64(len(values))
	mean, square := 0.0, 0.0
	for _, v := range values {
		mean += v / n
	}
	for _, v := range values {
		square += (v - mean) * (v - mean) / n
	}
	m.mean, m.scale = mean, 1
	if square > 0 {
		m.scale = math.Sqrt(square)
	}
	m.values = m.values[:0]
	for _, v := range values {
		m.values = append(m.values, (v-m.mean)/m.scale)
	}
}

// likelihood is the logarithm of how likely values and prior are, with the variance by which that
// is largest (Rasmussen and Williams, 2006, 2.30), and leaves the factor of the covariances. It is
// -Inf where these have none.
func (m *Model) likelihood(p *prior) float64 {
	n := m.points.n
	m.matrix = slices.Grow(m.matrix[:0], n*n)[:n*n]
	nugget := p.nugget()
	for i := range n {
		m.covariances(p, m.points, i, m.points, m.matrix[i*n:i*n+i+1])
		m.matrix[i*n+i] += nugget
	}
	var ok bool
	m.factor, ok = lapack64.Potrf(blas64.Symmetric{N: n, Stride: n, Data: m.matrix,
		Uplo: blas.Lower})
	if !ok {
		return math.Inf(-1)
	}
	x := blas64.Vector{N: n, Inc: 1, Data: slices.Clone(m.values)}
	blas64.Trsv(blas.NoTrans, m.factor, x)
	m.variance = max(blas64.Dot(x, x)/float64(n), 1e-12) // equal values are no certainty
	sum := p.log() - float64(n)/2*math.Log(m.variance)
	for i := range n {
		sum -= math.Log(m.matrix[i*n+i])
	}
	return sum
}

// improve makes the prior likelier, one setting after the other by a step up or down.
func (m *Model) improve() {
	best := m.likelihood(&m.prior)
	try := func(change func(p *prior)) {
		p := m.prior.clone()
		change(&p)
		if l := m.likelihood(&p); l > best {
			best, m.prior = l, p
		}
	}
	for _, by := range []float64{1. / 5, 5} {
		try(func(p *prior) { p.noise = min(1, max(1e-6, p.noise*by)) })
		try(func(p *prior) { p.joint = min(50, max(1e-3, p.joint*by)) })
	}
	try(func(p *prior) { p.pairs = !p.pairs })
	for range min(turns, len(m.genes)) {
		i := m.turn
		m.turn = (m.turn + 1) % len(m.genes)
		if m.genes[i].bins < 2 {
			continue
		}
		for _, by := range []float64{1. / 4, 4} {
			try(func(p *prior) { p.weight[i] *= by })
		}
		for s := range shapes {
			if m.genes[i].bins > 2 && !m.genes[i].unordered && s != m.prior.shape[i] {
				try(func(p *prior) { p.shape[i] = s })
			}
		}
	}
}
