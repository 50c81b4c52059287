package genesearch

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/tailor-nas/tailor/predictor/genes"
	"github.com/tailor-nas/tailor/search/optimize"
)

// childArgs is where the program of the tests is a benchmark instead.
const childArgs = "TAILOR_TEST_BENCHMARK"

func TestMain(m *testing.M) {
	if os.Getenv(childArgs) != "" {
		benchmark(os.Args[1:])
		return
	}
	os.Exit(m.Run())
}

// benchmark prints what a run with some flags took: LEVEL UNROLL [FAST]. Level 0 with an unroll of
// 8 does not compile.
func benchmark(args []string) {
	level, err := strconv.Atoi(args[0])
	if err != nil {
		fmt.Println(len(args), args)
		os.Exit(3)
	}
	unroll, _ := strconv.Atoi(args[1])
	if level == 0 && unroll == 8 {
		fmt.Fprintln(os.Stderr, "does not compile")
		os.Exit(1)
	}
	ms := 10 - 2*float64(level) + math.Abs(math.Log2(float64(unroll))-2)
	if len(args) > 2 {
		ms -= 1.5
	}
	fmt.Printf("warm-up\n%.3f\n\n", ms)
}

// table is the space of NAS-Bench-201's size, 5^6, with values that are made here: an effect of
// each choice, and of each pair of neighbours.
type table struct {
	space    *genes.Space
	gain     [6][5]float64
	together [6][5][5]float64
}

func newTable(t *testing.T, seed uint64) *table {
	t.Helper()
	space, err := genes.Load("5,5,5,5,5,5")
	if err != nil {
		t.Fatal(err)
	}
	w := &table{space: space}
	rng := rand.New(rand.NewPCG(seed, 1))
	for i := range 6 {
		for v := range 5 {
			w.gain[i][v] = rng.NormFloat64()
			for u := range 5 {
				w.together[i][v][u] = .5 * rng.NormFloat64()
			}
		}
	}
	return w
}

func (w *table) accuracy(g genes.Configuration) float64 {
	sum := 0.0
	for i, v := range g {
		sum += w.gain[i][v] + w.together[i][v][g[(i+1)%6]]
	}
	return .95 / (1 + math.Exp(-1-sum/3))
}

func (w *table) latency(g genes.Configuration) float64 {
	ms := 2.0
	for i, v := range g {
		ms += []float64{0, .1, .8, 2.5, .6}[v] * (1 + .2*float64(i))
	}
	return ms
}

// all are the configurations of 5^6.
func all() (all []genes.Configuration) {
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

// fit fits a predictor to n random configurations, with noise as a share.
func fit(t *testing.T, s *genes.Space, q genes.Quantity, value func(genes.Configuration) float64,
	n int, noise float64, seed uint64) *genes.Predictor {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 2))
	var measured []genes.Measured
	every := all()
	for _, i := range rng.Perm(len(every))[:n] {
		v := value(every[i]) * (1 + noise*rng.NormFloat64())
		measured = append(measured, genes.Measured{Genes: every[i], Values: []float64{v}})
	}
	p, err := genes.Fit(t.Context(), s, q, measured, genes.Settings{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func config(evaluations int) optimize.Config {
	c := optimize.Defaults()
	c.Seed, c.Evaluations = 1, evaluations
	return c
}
