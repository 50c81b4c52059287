package kriging

import "math"

// shape says how alike the choices of a gene are taken to be.
type shape uint8

const (
	named  shape = iota // all as different from one another: their numbers mean nothing
	smooth              // near numbers are alike, far ones less so
	bent                // as smooth, over a third of the range
	shapes
)

// maxBins is how many choices of a gene are told apart; of more, neighbours count as one.
const maxBins = 64

// gene has the covariances of the effects of a gene's choices, by shape.
type gene struct {
	choices, bins int
	unordered     bool
	table         [shapes][]float64 // (bins, bins)
}

func newGene(choices int) gene {
	g := gene{choices: choices, bins: min(choices, maxBins)}
	for s := range shapes {
		g.table[s] = make([]float64, g.bins*g.bins)
		for a := range g.bins {
			for b := range g.bins {
				g.table[s][a*g.bins+b] = s.alike(a, b, g.bins)
			}
		}
		centre(g.table[s], g.bins)
	}
	return g
}

// alike is the covariance of choices a and b of n: of squared exponentials, or whether they are the
// same.
func (s shape) alike(a, b, n int) float64 {
	d := float64(a-b) / float64(max(n-1, 1))
	switch {
	case s == smooth:
		return math.Exp(-d * d / 2)
	case s == bent:
		return math.Exp(-9 * d * d / 2)
	case a == b:
		return 1
	}
	return 0
}

// centre makes covariances (n, n) those of effects that sum to 0 over the choices, with a mean
// variance of 1: what one gene is worth is then no part of the mean or of another's effect
// (Durrande et al., "ANOVA kernels and RKHS of zero mean functions", 2013).
func centre(k []float64, n int) {
	means, all := make([]float64, n), 0.0
	for a := range n {
		for b := range n {
			means[a] += k[a*n+b] / float64(n)
		}
		all += means[a] / float64(n)
	}
	trace := 0.0
	for a := range n {
		for b := range n {
			k[a*n+b] += all - means[a] - means[b]
		}
		trace += k[a*n+a] / float64(n)
	}
	for i := range k {
		if n > 1 {
			k[i] /= trace
		} else {
			k[i] = 0 // a single choice has no effect
		}
	}
}

func (g *gene) bin(choice uint16) uint8 { return uint8(int(choice) * g.bins / g.choices) }

// Points are some points of a space.
type Points struct {
	n       int
	columns [][]uint8 // (genes, n), bins
}

// Points takes points over.
func (m *Model) Points(points [][]uint16) *Points {
	p := &Points{n: len(points), columns: make([][]uint8, len(m.genes))}
	for i := range m.genes {
		p.columns[i] = make([]uint8, len(points))
		for j, q := range points {
			p.columns[i][j] = m.genes[i].bin(q[i])
		}
	}
	return p
}

// Some are those at the given places.
func (p *Points) Some(places []int) *Points {
	q := &Points{n: len(places), columns: make([][]uint8, len(p.columns))}
	for i, column := range p.columns {
		q.columns[i] = make([]uint8, len(places))
		for j, at := range places {
			q.columns[i][j] = column[at]
		}
	}
	return q
}
