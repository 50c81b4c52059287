package regress

import (
	"cmp"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// pairSample has values that no linear model explains: the product of two features.
func pairSample(rows int, seed uint64) (x [][]float32, y []float64) {
	r := rand.New(rand.NewPCG(seed, 0))
	for range rows {
		row := []float32{sign32(r), sign32(r), sign32(r)}
		x, y = append(x, row), append(y, float64(row[0]*row[1]))
	}
	return x, y
}

func sign32(r *rand.Rand) float32 { return float32(2*r.IntN(2) - 1) }

// quick are the defaults with what is given.
func quick(t *testing.T, given Settings) Settings {
	t.Helper()
	s := Defaults()
	s.Seed = given.Seed
	for _, f := range []struct{ into, from *int }{{&s.Members, &given.Members},
		{&s.Epochs, &given.Epochs}, {&s.Batch, &given.Batch}, {&s.Folds, &given.Folds}} {
		*f.into = cmp.Or(*f.from, *f.into)
	}
	s.LearningRate, s.WeightDecay = cmp.Or(given.LearningRate, s.LearningRate),
		cmp.Or(given.WeightDecay, s.WeightDecay)
	if given.Hidden != nil {
		s.Hidden = given.Hidden
	}
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	return s
}

func trainPairs(t *testing.T, s Settings, seed uint64) *MLP {
	t.Helper()
	x, y := pairSample(50, 1)
	n, err := trainMLP(t.Context(), x, y, s, rand.New(rand.NewPCG(seed, 0)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTrainLearnsAProduct(t *testing.T) {
	n := trainPairs(t, quick(t, Settings{Hidden: []int{16}, LearningRate: 0.02, WeightDecay: 0.01,
		Batch: 16}), 1)
	for _, x := range [][]float32{{1, 1, 1}, {1, -1, 1}, {-1, 1, -1}, {-1, -1, 1}} {
		if got, want := output(n, x), x[0]*x[1]; math.Abs(float64(got-want)) > 0.1 {
			t.Errorf("%v: got %g, want %g", x, got, want)
		}
	}
}

func TestTrainingTwiceGivesTheSameBits(t *testing.T) {
	s := quick(t, Settings{Epochs: 3, Hidden: []int{80, 70}, Batch: 40})
	want := trainPairs(t, s, 1)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, processors := range []int{1, 2, 4} {
		runtime.GOMAXPROCS(processors)
		if got := trainPairs(t, s, 1); !slices.Equal(got.Weights, want.Weights) {
			t.Errorf("other weights on %d processors", processors)
		}
	}
	if other := trainPairs(t, s, 2); slices.Equal(other.Weights, want.Weights) {
		t.Error("the same weights with another seed")
	}
}

func TestTrainingsSideBySide(t *testing.T) {
	s := quick(t, Settings{Epochs: 3, Hidden: []int{8}})
	want := trainPairs(t, s, 1)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			x, y := pairSample(50, 1)
			n, err := trainMLP(context.Background(), x, y, s, rand.New(rand.NewPCG(1, 0)))
			if err != nil || !slices.Equal(n.Weights, want.Weights) {
				t.Errorf("other weights beside other trainings (%v)", err)
			}
		})
	}
	wg.Wait()
}

func TestTrainingDiverges(t *testing.T) {
	x, y := pairSample(10, 1)
	for i := range y {
		y[i] *= 1e30 // its square is no float32
	}
	_, err := trainMLP(t.Context(), x, y, quick(t, Settings{Epochs: 3}),
		rand.New(rand.NewPCG(1, 0)))
	if err == nil || !strings.Contains(err.Error(), "diverged") {
		t.Errorf("error %v", err)
	}
}

func TestTrainingStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	x, y := pairSample(10, 1)
	if _, err := trainMLP(ctx, x, y, quick(t, Settings{}), rand.New(rand.NewPCG(1, 0))); !errors.Is(
		err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// parameter is one with a gradient that a test chose.
type parameter struct{ value, gradient *tensor.Dense }

func (p parameter) Value() gorgonia.Value         { return p.value }
func (p parameter) Grad() (gorgonia.Value, error) { return p.gradient, nil }

func newParameter(value, gradient float32, shape ...int) parameter {
	of := func(v float32) *tensor.Dense {
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking([]float32{v}))
	}
	return parameter{of(value), of(gradient)}
}

// The first steps of Adam on a constant gradient are of the length of the rate; decay leaves biases
// alone.
func TestAdamByHand(t *testing.T) {
	matrix, bias := newParameter(2, 0.5, 1, 1), newParameter(2, -3, 1)
	params := []gorgonia.ValueGrad{matrix, bias}
	a := &adam{rate: 0.1, decay: 0.5}
	step := func() (of, ofBias float64) {
		if err := a.Step(params); err != nil {
			t.Fatal(err)
		}
		return float64(matrix.value.Float32s()[0]), float64(bias.value.Float32s()[0])
	}
	got, gotBias := step()
	if want := 2*(1-0.05) - 0.1; !near(got, want, 1e-5) {
		t.Errorf("matrix %g, want %g", got, want)
	}
	if want := 2 + 0.1; !near(gotBias, want, 1e-5) {
		t.Errorf("bias %g, want %g", gotBias, want)
	}
	matrix.gradient.Zero()
	bias.gradient.Zero()
	a.decay = 0
	got, _ = step()
	// first moments 0.9*0.1*g/(1-0.81), second 0.999*0.001*g^2/(1-0.998001)
	length := 0.1 * (0.09 / 0.19) / math.Sqrt(0.000999/0.001999)
	if want := 2*(1-0.05) - 0.1 - length; !near(got, want, 1e-4) {
		t.Errorf("matrix %g after a step without gradient, want %g", got, want)
	}
}

func TestSettings(t *testing.T) {
	for _, c := range []struct {
		change func(*Settings)
		want   string
	}{
		{func(*Settings) {}, ""},
		{func(s *Settings) { s.Hidden = nil }, ""},
		{func(s *Settings) { s.WeightDecay = 0 }, ""},
		{func(s *Settings) { s.Model = "forest" }, "model is"},
		{func(s *Settings) { s.Members = -1 }, "members is -1"},
		{func(s *Settings) { s.Epochs = 0 }, "epochs is 0"},
		{func(s *Settings) { s.Epochs = -2 }, "epochs is -2"},
		{func(s *Settings) { s.Batch = 1 << 30 }, "batch is 1073741824"},
		{func(s *Settings) { s.Folds = 1 }, "folds is 1"},
		{func(s *Settings) { s.Hidden = []int{0} }, "0 units"},
		{func(s *Settings) { s.LearningRate = 0 }, "learning rate 0"},
		{func(s *Settings) { s.LearningRate = math.NaN() }, "learning rate NaN"},
		{func(s *Settings) { s.LearningRate = 0.5 }, "product below 1"},
		{func(s *Settings) { *s = Settings{} }, "batch is 0"},
	} {
		s := Defaults()
		c.change(&s)
		err := s.Check()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", s, err, c.want)
		}
	}
}

func TestEpochsFallWithSamples(t *testing.T) {
	for samples, want := range map[int]int{10: 100, 600: 100, 1200: 50, 100_000: 20} {
		if got := Defaults().epochs(samples); got != want {
			t.Errorf("%d epochs for %d samples, want %d", got, samples, want)
		}
	}
}
