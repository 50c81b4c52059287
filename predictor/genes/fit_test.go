package genes_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor/genes"
	"github.com/tailor-nas/tailor/predictor/regress"
)

func fit(t *testing.T, s *genes.Space, q genes.Quantity, m []genes.Measured) *genes.Predictor {
	t.Helper()
	p, err := genes.Fit(t.Context(), s, q, m, genes.Settings{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// truth is the error of predictions of all configurations.
func truth(t *testing.T, c *cells, p *genes.Predictor,
	value func(genes.Configuration) float64) regress.HeldOut {
	t.Helper()
	all := c.all()
	predicted, err := p.Predict(all)
	if err != nil {
		t.Fatal(err)
	}
	values := make([]float64, len(all))
	for i, g := range all {
		values[i] = value(g)
	}
	return regress.Compare(predicted, values)
}

// TestFitLearns: predictors of a whole table that were fitted to a part of it are right about the
// others, about as much as they say.
func TestFitLearns(t *testing.T) {
	c := newCells(t, 3)
	rng := rand.New(rand.NewPCG(1, 2))
	accuracy := fit(t, c.space, genes.Accuracy, c.measured(250, c.accuracy, 0, rng))
	if h := truth(t, c, accuracy, c.accuracy); h.KendallTau < .8 ||
		h.RMSE > 2*accuracy.HeldOut.RMSE || h.RMSE < accuracy.HeldOut.RMSE/2 {
		t.Errorf("accuracies of the table: %+v, held out %+v", h, accuracy.HeldOut)
	}
	latency := fit(t, c.space, genes.Latency, c.measured(60, c.latency, .02, rng))
	if h := truth(t, c, latency, c.latency); h.MAPE > .02 || h.MAPE > latency.HeldOut.MAPE {
		t.Errorf("latencies of the table: %+v, held out with noise %+v", h, latency.HeldOut)
	}
	if len(accuracy.Candidates) != 4 || accuracy.Candidates[0].HeldOut != accuracy.HeldOut ||
		accuracy.Candidates[0].Model != accuracy.Model() {
		t.Errorf("candidates %+v, taken %s", accuracy.Candidates, accuracy.Model())
	}
	within := 0
	predicted, err := latency.Predict(c.all())
	if err != nil {
		t.Fatal(err)
	}
	for i, g := range c.all() {
		if e := predicted[i]/c.latency(g) - 1; max(e, -e) <= latency.Interval.Relative {
			within++
		}
	}
	if share := float64(within) / 15625; share < .9 {
		t.Errorf("%.2f of the table within the interval of %+v", share, latency.Interval)
	}
}

// TestFitChooses: what multiplies is learned on a scale of logarithms, what adds up without.
func TestFitChooses(t *testing.T) {
	c := newCells(t, 4)
	product := func(g genes.Configuration) float64 {
		v := 1.0
		for i, choice := range g {
			v *= 1 + .3*float64(i)*c.time[choice]
		}
		return v
	}
	rng := rand.New(rand.NewPCG(1, 3))
	if p := fit(t, c.space, genes.Latency, c.measured(80, product, 0, rng)); p.Scale != genes.Log {
		t.Errorf("a product is learned as %s: %+v", p.Scale, p.Candidates)
	}
	p := fit(t, c.space, genes.Latency, c.measured(80, c.latency, 0, rng))
	if p.Scale != genes.Plain {
		t.Errorf("a sum is learned as %s: %+v", p.Scale, p.Candidates)
	}
}

// TestOrdered: numbers let a model say something of choices that it never saw.
func TestOrdered(t *testing.T) {
	text := `tailor: genes/1
name: tiles
genes:
  - {name: tile, choices: [8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96]}
  - {name: unroll, choices: [1, 2, 4]}
`
	ordered, err := genes.Parse("x", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	named, err := genes.Parse("x", []byte(strings.Replace(text, "96]", "96], ordered: false", 1)))
	if err != nil {
		t.Fatal(err)
	}
	value := func(tile, unroll int) float64 {
		return 4 + float64((tile-5)*(tile-5))/5 + float64(unroll)
	}
	var seen []genes.Measured
	var unseen []genes.Configuration
	for tile := range 12 {
		for unroll := range 3 {
			g := genes.Configuration{uint16(tile), uint16(unroll)}
			if tile%4 == 2 {
				unseen = append(unseen, g)
			} else {
				v := []float64{value(tile, unroll)}
				seen = append(seen, genes.Measured{Genes: g, Values: v})
			}
		}
	}
	errorOf := func(s *genes.Space) float64 {
		got, err := fit(t, s, genes.Latency, seen).Predict(unseen)
		if err != nil {
			t.Fatal(err)
		}
		want := make([]float64, len(unseen))
		for i, g := range unseen {
			want[i] = value(int(g[0]), int(g[1]))
		}
		return regress.Compare(got, want).RMSE
	}
	if with, without := errorOf(ordered), errorOf(named); with > .5 || with > without/4 {
		t.Errorf("error %.3f with the order, %.3f without", with, without)
	}
}

// TestRepeats: configurations count once, however often they were measured.
func TestRepeats(t *testing.T) {
	c := newCells(t, 5)
	rng := rand.New(rand.NewPCG(1, 4))
	measured := c.measured(40, c.latency, 0, rng)
	for i := range measured {
		v := measured[i].Values[0]
		measured[i].Values = []float64{v * 1.02, v, v * .98, v, 50 * v}[:1+4*(i%2)]
	}
	p := fit(t, c.space, genes.Latency, measured)
	if p.Configurations != 40 || p.Rows != 20+20*5 || p.HeldOut.Samples != 40 ||
		p.Noise.Repeated != 20 {
		t.Errorf("%d configurations of %d rows, %d held out, %d repeated", p.Configurations, p.Rows,
			p.HeldOut.Samples, p.Noise.Repeated)
	}
	if p.HeldOut.MAPE > .05 {
		t.Errorf("disturbed measurements count: %+v", p.HeldOut)
	}
}

// TestSaved: what was read predicts the same bits, whatever was fitted, and equal fits are equal
// files on any number of processors.
func TestSaved(t *testing.T) {
	c := newCells(t, 6)
	rng := rand.New(rand.NewPCG(1, 5))
	models := map[string]bool{}
	for _, n := range []int{30, 120} {
		q, value := genes.Latency, c.latency
		if n == 120 {
			q, value = genes.Accuracy, c.accuracy
		}
		measured := c.measured(n, value, 0, rng)
		path := filepath.Join(t.TempDir(), "p.json")
		p := fit(t, c.space, q, measured)
		if err := p.Save(path); err != nil {
			t.Fatal(err)
		}
		models[p.Model()] = true
		again, err := genes.LoadPredictor(path, c.space, q)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := p.Predict(c.all())
		got, err := again.Predict(c.all())
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("n = %d: what was read predicts something else (%v)", n, err)
		}
		before := runtime.GOMAXPROCS(3)
		p = fit(t, c.space, q, measured)
		runtime.GOMAXPROCS(before)
		other := filepath.Join(t.TempDir(), "p.json")
		if err := p.Save(other); err != nil {
			t.Fatal(err)
		}
		a, _ := os.ReadFile(path)
		b, _ := os.ReadFile(other)
		if !reflect.DeepEqual(a, b) {
			t.Errorf("n = %d: two fits differ", n)
		}
	}
	if len(models) != 2 {
		t.Errorf("only %v was saved", models)
	}
}

func TestLoadErrors(t *testing.T) {
	c := newCells(t, 6)
	p := fit(t, c.space, genes.Latency, c.measured(30, c.latency, 0, rand.New(rand.NewPCG(1, 6))))
	path := filepath.Join(t.TempDir(), "p.json")
	if err := p.Save(path); err != nil {
		t.Fatal(err)
	}
	other, err := genes.Load("5,5,5,5,5,5")
	if err != nil {
		t.Fatal(err)
	}
	var space *genes.SpaceError
	if _, err := genes.LoadPredictor(path, other, genes.Latency); !errors.As(err, &space) {
		t.Errorf("of other genes: %v", err)
	}
	var kind *store.KindError
	if _, err := genes.LoadPredictor(path, c.space, genes.Accuracy); !errors.As(err, &kind) {
		t.Errorf("of another quantity: %v", err)
	}
	if _, err := p.Predict([]genes.Configuration{{0, 0, 0, 0, 0, 5}}); err == nil {
		t.Error("a configuration that is none is predicted")
	}
	for name, spoil := range map[string]func(p *genes.Predictor){
		"no model": func(p *genes.Predictor) { p.Linear, p.Kriging = nil, nil },
		"scale":    func(p *genes.Predictor) { p.Scale = "root" },
		"floor":    func(p *genes.Predictor) { p.Floor = -1 },
		"few":      func(p *genes.Predictor) { p.Configurations = 3 },
		"weights":  func(p *genes.Predictor) { p.Linear.Linear = regress.Weights{1} },
		"points":   func(p *genes.Predictor) { p.Linear, p.Kriging = nil, &genes.Kriging{} },
		"of others": func(p *genes.Predictor) {
			p.Linear, p.Kriging = nil, &genes.Kriging{Points: genes.Points{{9}}}
		},
	} {
		bad := *p
		bad.Linear, bad.Kriging = &regress.Model{}, nil
		spoil(&bad)
		if err := bad.Save(path); err != nil {
			t.Fatal(err)
		}
		if _, err := genes.LoadPredictor(path, c.space, genes.Latency); err == nil {
			t.Errorf("%s: it is read", name)
		}
	}
}

func TestFitErrors(t *testing.T) {
	c := newCells(t, 6)
	good := c.measured(30, c.latency, 0, rand.New(rand.NewPCG(1, 7)))
	for name, measured := range map[string][]genes.Measured{
		"few":    good[:9],
		"values": append(slices.Clone(good), genes.Measured{Genes: good[0].Genes}),
		"zero": append(slices.Clone(good), genes.Measured{Genes: good[0].Genes,
			Values: []float64{0}}),
		"genes": append(slices.Clone(good), genes.Measured{Genes: genes.Configuration{1},
			Values: []float64{1}}),
	} {
		if _, err := genes.Fit(t.Context(), c.space, genes.Latency, measured,
			genes.Settings{}); !errors.Is(err, genes.ErrMeasured) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range good {
		good[i].Values = []float64{7}
	}
	p := fit(t, c.space, genes.Latency, good)
	got, err := p.Predict(c.all()[:1])
	if err != nil || got[0] < 6.99 || got[0] > 7.01 {
		t.Errorf("where all is 7, %v is predicted (%v)", got, err)
	}
}
