package kriging

import (
	"math"
	"slices"
)

// prior is what is taken for granted of the values before any is known. They are a mean, an effect
// of each gene, and what genes do together, all with variances of their own (Duvenaud et al.,
// "Additive Gaussian processes", NIPS 2011):
//
//	sum of k(i) + joint * sum of k(i) k(j) + joint^2 * sum of k(i) k(j) k(l) + ...
//
// where k(i) is the weight of gene i by how alike its choices are.
type prior struct {
	weight []float64 // by gene
	shape  []shape   // by gene
	joint  float64
	pairs  bool    // whether the sum ends with pairs
	noise  float64 // variance that belongs to each point alone, as a share of all weights
}

const (
	// meanVariance is that of the mean, as a share of all weights.
	meanVariance = 4
	// likelyJoint and likelyNoise are the middle of what is likely.
	likelyJoint, likelyNoise = 0.6, 1e-3
	// unlikely is by how much the logarithm of the likelihood must be better for more than pairs.
	unlikely = 6
)

func newPrior(genes int) prior {
	return prior{weight: slices.Repeat([]float64{1 / float64(genes)}, genes),
		shape: make([]shape, genes), joint: likelyJoint / 2, pairs: true, noise: likelyNoise}
}

func (p *prior) clone() prior {
	q := *p
	q.weight, q.shape = slices.Clone(p.weight), slices.Clone(p.shape)
	return q
}

func (p *prior) total() (sum float64) {
	for _, w := range p.weight {
		sum += w
	}
	return sum
}

// nugget is the variance that belongs to each point alone.
func (p *prior) nugget() float64 { return p.noise * p.total() }

// log is the logarithm of how likely the prior itself is, but for a constant: weights, joint and
// noise are lognormal.
func (p *prior) log() float64 {
	lognormal := func(v, median, sd float64) float64 {
		d := math.Log(v/median) / sd
		return -d * d / 2
	}
	sum := lognormal(p.joint, likelyJoint, 2) + lognormal(p.noise, likelyNoise, 3)
	if !p.pairs {
		sum -= unlikely
	}
	for _, w := range p.weight {
		sum += lognormal(w*float64(len(p.weight)), 1, 1.5)
	}
	return sum
}

// covariances fills out with those of point at of from with the first points of of.
func (m *Model) covariances(p *prior, from *Points, at int, of *Points, out []float64) {
	n := len(out)
	mean := meanVariance * p.total()
	if p.pairs {
		m.pairs(p, from, at, of, out)
	} else {
		m.products(p, from, at, of, out)
	}
	for j := range n {
		out[j] += mean
	}
}

// pairs sums over genes and pairs of them: the square of a sum is its squares, and each pair twice.
func (m *Model) pairs(p *prior, from *Points, at int, of *Points, out []float64) {
	m.squares = slices.Grow(m.squares[:0], len(out))[:len(out)]
	clear(out)
	clear(m.squares)
	for i := range m.genes {
		row := m.row(p, i, from.columns[i][at])
		for j, v := range of.columns[i][:len(out)] {
			k := row[v%maxBins]
			out[j] += k
			m.squares[j] += k * k
		}
	}
	for j, sum := range out {
		out[j] = sum + p.joint/2*(sum*sum-m.squares[j])
	}
}

// products sums over all sets of genes: a product of 1 + k(i).
func (m *Model) products(p *prior, from *Points, at int, of *Points, out []float64) {
	for j := range out {
		out[j] = 1
	}
	for i := range m.genes {
		row := m.row(p, i, from.columns[i][at])
		for j := range row {
			row[j] = 1 + p.joint*row[j]
		}
		for j, v := range of.columns[i][:len(out)] {
			out[j] *= row[v%maxBins]
		}
	}
	for j, product := range out {
		out[j] = (product - 1) / p.joint
	}
}

// row has k(i) of a choice with each other, until the next call.
func (m *Model) row(p *prior, i int, bin uint8) *[maxBins]float64 {
	g := &m.genes[i]
	for j, k := range g.table[p.shape[i]][int(bin)*g.bins : (int(bin)+1)*g.bins] {
		m.scratch[j] = p.weight[i] * k
	}
	return &m.scratch
}
