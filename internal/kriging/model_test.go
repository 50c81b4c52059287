package kriging

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// draw makes random points of a space, and values: a sum of effects and of those of pairs.
func draw(choices []int, n int, rng *rand.Rand) (points [][]uint16, values []float64) {
	effects := make([]float64, 1000)
	for i := range effects {
		effects[i] = rng.NormFloat64()
	}
	for range n {
		p, value := make([]uint16, len(choices)), 0.0
		for i, c := range choices {
			p[i] = uint16(rng.IntN(c))
			value += effects[(7*i+int(p[i]))%1000]
			if i > 0 {
				value += .5 * effects[(300+50*i+11*int(p[i])+int(p[i-1]))%1000]
			}
		}
		points, values = append(points, p), append(values, value)
	}
	return points, values
}

// TestFormula compares with the textbook: m = k' K^-1 y and v = k - k' K^-1 k (Rasmussen and
// Williams, 2006, 2.23 and 2.24), of sums of either kind.
func TestFormula(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	choices := []int{3, 5, 1, 2, 200}
	points, values := draw(choices, 60, rng)
	pool, truth := draw(choices, 40, rng)
	for _, pairs := range []bool{true, false} {
		m := New(choices)
		m.Fit(points[:50], values[:50])
		m.prior.pairs, m.prior.shape[4] = pairs, bent
		m.likelihood(&m.prior)
		m.weights = m.solve()
		places := m.Points(slices.Concat(pool, points[50:]))
		p := m.Over(places)
		for i := range 10 {
			m.points, m.values = m.Points(points[:51+i]), append(m.values, 0)
			m.values[50+i] = (values[50+i] - m.mean) / m.scale
			p.Add(len(pool)+i, values[50+i])
		}
		variance := m.variance // Add leaves the scale of all variances as it was
		m.likelihood(&m.prior)
		m.variance = variance
		m.weights = m.solve()
		for i, mean := range m.Means(places)[:len(pool)] {
			got, sd := p.At(i)
			want, wantSD := m.textbook(places, i)
			if math.Abs(got-want) > 1e-6 || math.Abs(sd-wantSD) > 1e-6 ||
				math.Abs(mean-want) > 1e-6 {
				t.Errorf("pairs %v, point %d (%v): %v, %v and %v; by the formula %v and %v", pairs,
					i, truth[i], got, mean, sd, want, wantSD)
			}
		}
	}
}

// solve is what Fit does with the factor.
func (m *Model) solve() []float64 {
	var x mat.VecDense
	if err := x.SolveVec(m.dense(), mat.NewVecDense(len(m.values), m.values)); err != nil {
		panic(err)
	}
	return x.RawVector().Data
}

// dense has all covariances of the points.
func (m *Model) dense() *mat.Dense {
	n := m.points.n
	k := mat.NewDense(n, n, nil)
	for i := range n {
		m.covariances(&m.prior, m.points, i, m.points, k.RawRowView(i))
		k.Set(i, i, k.At(i, i)+m.prior.nugget())
	}
	return k
}

func (m *Model) textbook(of *Points, i int) (mean, sd float64) {
	n := m.points.n
	k, own := make([]float64, n), make([]float64, of.n)
	m.covariances(&m.prior, of, i, m.points, k)
	m.covariances(&m.prior, of, i, of, own)
	var x mat.VecDense
	if err := x.SolveVec(m.dense(), mat.NewVecDense(n, k)); err != nil {
		panic(err)
	}
	explained := mat.Dot(&x, mat.NewVecDense(n, k))
	return m.mean + m.scale*mat.Dot(&x, mat.NewVecDense(n, m.values)),
		m.scale * math.Sqrt(m.variance*(own[i]-explained+m.prior.nugget()))
}

// TestLearns: of 6,561 points, the values of 150 tell most of the others', and how far off that is.
func TestLearns(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	choices := []int{3, 3, 3, 3, 3, 3, 3, 3}
	points, values := draw(choices, 650, rng)
	m := New(choices)
	for n := 25; n <= 150; n += 25 {
		m.Fit(points[:n], values[:n])
	}
	p := m.Over(m.Points(points[150:]))
	var off, square, within float64
	for i, v := range values[150:] {
		mean, sd := p.At(i)
		off += (v - mean) * (v - mean) / 500
		square += v * v / 500
		if math.Abs(v-mean) < 2*sd {
			within++
		}
	}
	t.Logf("R2 is %.3f, %.0f %% within two standard deviations", 1-off/square, within/5)
	if off > .1*square || within < 450 {
		t.Errorf("the error is %v of %v, and %v of 500 are within two standard deviations", off,
			square, within)
	}
}

// TestInfinite: covariances that are no finite numbers, which no noise mends, are an end and not a
// search for ever; what is learned then is what a new model learns.
func TestInfinite(t *testing.T) {
	choices := []int{3, 3}
	points, values := [][]uint16{{0, 0}, {1, 1}, {2, 0}}, []float64{1, 2, 4}
	for name, spoil := range map[string]func(p *prior){
		"infinite weight": func(p *prior) { p.weight[0] = math.Inf(1) },
		"no number":       func(p *prior) { p.weight[1] = math.NaN() },
		"large weights":   func(p *prior) { p.weight[0], p.weight[1] = 1e200, 1e200 },
		"infinite noise":  func(p *prior) { p.noise = math.Inf(1) },
	} {
		m, fresh := New(choices), New(choices)
		spoil(&m.prior)
		if err := m.Use(points, values); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := fresh.Use(points, values); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(m.weights, fresh.weights) || m.weights[0] == 0 {
			t.Errorf("%s: %v, a new model %v", name, m.weights, fresh.weights)
		}
	}
	if err := New(nil).Fit([][]uint16{{}, {}}, []float64{1, 2}); !errors.Is(err, ErrNoFactor) {
		t.Errorf("no genes: %v, expected ErrNoFactor", err)
	}
}

// TestDegenerate: equal values, points that are the same to a model, a single gene, and values near
// the end of what a float64 can be.
func TestDegenerate(t *testing.T) {
	for name, test := range map[string]struct {
		choices []int
		points  [][]uint16
		values  []float64
	}{
		"equal values": {[]int{3, 3}, [][]uint16{{0, 0}, {1, 1}, {2, 0}}, []float64{7, 7, 7}},
		"equal points": {[]int{65536}, [][]uint16{{0}, {1}, {2}, {65535}}, []float64{1, 2, 3, 4}},
		"one point":    {[]int{1, 2}, [][]uint16{{0, 1}}, []float64{3}},
	} {
		m := New(test.choices)
		for range 2 {
			if err := m.Fit(test.points, test.values); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		mean, sd := m.Over(m.Points(test.points[:1])).At(0)
		if math.IsNaN(mean) || !(sd > 0) {
			t.Errorf("%s: %v and %v", name, mean, sd)
		}
	}
	m := New([]int{3, 3})
	m.Fit([][]uint16{{0, 0}, {1, 1}}, []float64{-math.MaxFloat64, math.MaxFloat64})
	m.Over(m.Points([][]uint16{{2, 2}})).At(0) // which must end; it means nothing
	m.Over(m.Points(nil))
}
