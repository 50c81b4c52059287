package regress

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
)

func TestFoldsDealEveryRowOnce(t *testing.T) {
	for _, rows := range []int{2, 10, 11, 299} {
		parts := Folds(rows, Settings{Seed: 1, Folds: 5})
		seen := make([]int, rows)
		for _, p := range parts {
			if len(p) < rows/5 || len(p) > rows/5+1 || !slices.IsSorted(p) {
				t.Errorf("%d rows: part %v", rows, p)
			}
			for _, row := range p {
				seen[row]++
			}
		}
		if !slices.Equal(seen, slices.Repeat([]int{1}, rows)) {
			t.Errorf("%d rows are dealt as %v", rows, parts)
		}
	}
}

func TestWithout(t *testing.T) {
	v := []int{0, 1, 2, 3, 4}
	for _, c := range [][2][]int{{{}, {0, 1, 2, 3, 4}}, {{0}, {1, 2, 3, 4}}, {{1, 4}, {0, 2, 3}},
		{{0, 1, 2, 3, 4}, {}}} {
		if got := Without(v, c[0]); !slices.Equal(got, c[1]) {
			t.Errorf("without %v: %v, want %v", c[0], got, c[1])
		}
	}
}

// Where nothing can be learned, seeing a row would show: the model has more features than rows.
func TestHeldOutRowsAreNotSeen(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 0))
	x, y := make([][]float32, 60), make([]float64, 60)
	for i := range x {
		x[i], y[i] = randomRow(r, 100), r.NormFloat64()
	}
	_, heldOut, err := fitAndHoldOut(t.Context(), x, y,
		quick(t, Settings{Hidden: []int{8}, Epochs: 20}))
	if err != nil {
		t.Fatal(err)
	}
	if h := Compare(heldOut, y); h.KendallTau > 0.25 || h.RMSE < 0.8*spread(y) {
		t.Errorf("noise is predicted: %+v, values vary by %g", h, spread(y))
	}
}

func TestHeldOutErrorIsThatOfNewRows(t *testing.T) {
	x, y := linearSample(80, 10, 1, 5)
	m, heldOut, err := fitAndHoldOut(t.Context(), x, y,
		quick(t, Settings{Hidden: []int{8}, Epochs: 20}))
	if err != nil {
		t.Fatal(err)
	}
	unseen, values := linearSample(2000, 10, 1, 6)
	got, want := Compare(heldOut, y).RMSE, Compare(m.Predict(unseen), values).RMSE
	if !near(got, want, 0.2) {
		t.Errorf("held-out RMSE %g, of new rows %g", got, want)
	}
}

// Without networks a product cannot be predicted at all.
func TestNetworksAreTakenWhereTheyHelp(t *testing.T) {
	x, y := pairSample(50, 1)
	m, heldOut, err := fitAndHoldOut(t.Context(), x, y,
		quick(t, Settings{Hidden: []int{16}, LearningRate: 0.02, WeightDecay: 0.01, Members: 1}))
	if err != nil {
		t.Fatal(err)
	}
	if h := Compare(heldOut, y); h.RMSE > 0.2 || len(m.Networks) != 1 {
		t.Errorf("%d networks, held-out error %+v of values that vary by 1", len(m.Networks), h)
	}
}

func TestFitDoesNotDependOnProcessors(t *testing.T) {
	x, y := linearSample(40, 6, 0.5, 7)
	s := quick(t, Settings{Hidden: []int{8}, Epochs: 5})
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var first []float64
	for _, processors := range []int{1, 2, 4} {
		runtime.GOMAXPROCS(processors)
		m, heldOut, err := fitAndHoldOut(t.Context(), x, y, s)
		if err != nil {
			t.Fatal(err)
		}
		all := append(heldOut, m.Predict(x)...)
		if first == nil {
			first = all
		}
		if !slices.Equal(all, first) {
			t.Errorf("another model on %d processors", processors)
		}
	}
}

func TestNetworkShare(t *testing.T) {
	y, linear := []float64{1, 2, 3, 4}, []float64{0, 3, 2, 5} // what is left: 1, -1, 1, -1
	for _, c := range []struct {
		networks []float64
		want     float64
	}{
		{[]float64{1, -1, 1, -1}, 1},
		{[]float64{2, -2, 2, -2}, 0.5},
		{[]float64{0.1, -0.1, 0.1, -0.1}, 1}, // never more than they say
		{[]float64{-1, 1, -1, 1}, 0},
		{[]float64{0, 0, 0, 0}, 0},
	} {
		if got := memberShare(linear, c.networks, y); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("share of %v is %g, want %g", c.networks, got, c.want)
		}
	}
}
