package genes_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tailor-nas/tailor/predictor/genes"
)

// cells is a table like that of NAS-Bench-201: six edges with one of five operations each. It makes
// accuracies and latencies of its own: operations of edges, what two edges do together, and cells
// that hardly learn since nothing but pooling reaches their end.
type cells struct {
	space    *genes.Space
	gain     [6][5]float64
	together [6][6][5][5]float64
	time     [5]float64
}

func newCells(t testing.TB, seed uint64) *cells {
	t.Helper()
	space, err := genes.Parse("cells.yaml", []byte(`
tailor: genes/1
name: cells
genes:
  - {name: edge1, choices: [none, skip, conv1x1, conv3x3, avgpool]}
  - {name: edge2, choices: [none, skip, conv1x1, conv3x3, avgpool]}
  - {name: edge3, choices: [none, skip, conv1x1, conv3x3, avgpool]}
  - {name: edge4, choices: [none, skip, conv1x1, conv3x3, avgpool]}
  - {name: edge5, choices: [none, skip, conv1x1, conv3x3, avgpool]}
  - {name: edge6, choices: [none, skip, conv1x1, conv3x3, avgpool]}
`))
	if err != nil {
		t.Fatal(err)
	}
	c := &cells{space: space, time: [5]float64{0, .1, .8, 2.5, .6}}
	rng := rand.New(rand.NewPCG(seed, 1))
	for i := range 6 {
		for v := range 5 {
			c.gain[i][v] = rng.NormFloat64() + []float64{-1, 0, .5, 1, -.3}[v]
			for j := range i {
				for w := range 5 {
					c.together[i][j][v][w] = .3 * rng.NormFloat64()
				}
			}
		}
	}
	return c
}

func (c *cells) accuracy(g genes.Configuration) float64 {
	sum := 0.0
	for i, v := range g {
		sum += c.gain[i][v]
		for j := range i {
			sum += c.together[i][j][v][g[j]]
		}
	}
	return .94 / (1 + math.Exp(-2-sum/3))
}

func (c *cells) latency(g genes.Configuration) float64 {
	ms := 1.5
	for i, v := range g {
		ms += c.time[v] * (1 + .1*float64(i))
	}
	return ms
}

// all are the configurations.
func (c *cells) all() (all []genes.Configuration) {
	for n := range 15625 {
		g := make(genes.Configuration, 6)
		for i := range g {
			g[i] = uint16(n % 5)
			n /= 5
		}
		all = append(all, g)
	}
	return all
}

// measured are n random configurations with their values, with noise as a share.
func (c *cells) measured(n int, value func(genes.Configuration) float64, noise float64,
	rng *rand.Rand) (all []genes.Measured) {
	every := c.all()
	for _, i := range rng.Perm(len(every))[:n] {
		v := value(every[i]) * (1 + noise*rng.NormFloat64())
		all = append(all, genes.Measured{Genes: every[i], Values: []float64{v}})
	}
	return all
}
