package predictor_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
)

// trueAccuracy saturates in the logarithm of the MACs, and depths and kernels act on each other:
// what a supernet's sub-networks do, more or less, with values from 0.56 to 0.77 in mbv3-tiny.
func trueAccuracy(s *supernet.Space, a supernet.Arch) float64 {
	macs := func(a supernet.Arch) float64 { return math.Log(float64(supernet.MACs(s.Blocks(a)))) }
	size := (macs(a) - macs(s.Min())) / (macs(s.Max()) - macs(s.Min()))
	v := 0.55 + 0.2*(1-math.Exp(-2.5*size))
	spec := s.Spec(a)
	for stage, depth := range spec.D {
		kernels := 0.0
		for _, k := range spec.KS[2*stage : 2*stage+depth] {
			kernels += float64(k-3) / 2 / float64(depth)
		}
		v += 0.004*kernels + 0.006*float64(depth-1)*(1-0.3*kernels)*(1+0.2*float64(stage))
	}
	return v
}

// measure draws archs and their accuracy with noise of this standard deviation.
func measure(s *supernet.Space, n int, noise float64, seed uint64) (archs []supernet.Arch,
	samples []predictor.Sample) {
	r := rand.New(rand.NewPCG(seed, 0))
	for range n {
		a := s.Random(r)
		archs = append(archs, a)
		samples = append(samples, predictor.Sample{Arch: s.Spec(a), Value: trueAccuracy(s, a) +
			noise*r.NormFloat64()})
	}
	return archs, samples
}

// fast is enough where the model does not have to be good.
var fast = fitWith(regress.Settings{Hidden: []int{8}, Members: 1, Epochs: 2})

func fit(t testing.TB, s *supernet.Space, samples []predictor.Sample,
	settings regress.Settings) *predictor.Accuracy {
	t.Helper()
	a, err := predictor.FitAccuracy(context.Background(), s, samples, settings)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAccuracyIsLearned(t *testing.T) {
	// about a sixth of what 10,000 images leave unsure, since all archs see the same
	const noise = 0.002
	s := builtin(t, "mbv3-tiny")
	_, samples := measure(s, 200, noise, 1)
	a := fit(t, s, samples, fitWith(regress.Settings{Seed: 1}))
	if h := a.HeldOut; h.KendallTau < 0.9 || h.RMSE > 2*noise || h.Samples != a.Samples ||
		a.Samples < 190 {
		t.Errorf("held-out error %+v of %d samples", h, a.Samples)
	}
	if len(a.ByResolution) != 3 {
		t.Errorf("errors of %d resolutions", len(a.ByResolution))
	}
	unseen, truth := measure(s, 500, 0, 2)
	predicted, err := a.Predict(unseen)
	if err != nil {
		t.Fatal(err)
	}
	var squares float64
	for i, p := range predicted {
		squares += math.Pow(p-truth[i].Value, 2)
	}
	// The truth has no noise, so that the error is below the held-out one, by about as much.
	rmse := math.Sqrt(squares / float64(len(predicted)))
	if with := math.Hypot(rmse, noise); math.Abs(with/a.HeldOut.RMSE-1) > 0.25 {
		t.Errorf("RMSE %g of new networks, with the noise %g; held-out %g", rmse, with,
			a.HeldOut.RMSE)
	}
}

func TestAccuracyComesBackFromTheFile(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	archs, samples := measure(s, 40, 0.01, 1)
	a := fit(t, s, samples, fitWith(regress.Settings{Seed: 3, Hidden: []int{8}, Members: 2,
		Epochs: 30}))
	a.Images = 1000
	a.Inputs = map[string]store.Input{"weights": {Path: "run", SHA256: strings.Repeat("a", 64)}}
	path := filepath.Join(t.TempDir(), "accuracy.json")
	if err := a.Save(path); err != nil {
		t.Fatal(err)
	}
	b, err := predictor.LoadAccuracy(path, s)
	if err != nil {
		t.Fatal(err)
	}
	if b.Tailor != "accuracy/4" || b.SHA256 == "" || b.HeldOut != a.HeldOut || b.Images != 1000 ||
		b.Seed != 3 || b.Samples != a.Samples ||
		!slices.Equal(a.ByResolution, b.ByResolution) ||
		b.Inputs["weights"] != a.Inputs["weights"] {
		t.Errorf("got %+v, want %+v", b, a)
	}
	want, err1 := a.Predict(archs)
	got, err2 := b.Predict(archs)
	if err := errors.Join(err1, err2); err != nil || !slices.Equal(got, want) {
		t.Errorf("other predictions after loading (%v)", err)
	}
}

func TestAccuracyIsTheSameFileAgain(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	_, samples := measure(s, 40, 0.01, 1)
	var files [][]byte
	for _, seed := range []uint64{1, 1, 2} {
		settings := fast
		settings.Seed = seed
		path := filepath.Join(t.TempDir(), "accuracy.json")
		if err := fit(t, s, samples, settings).Save(path); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, data)
	}
	if !bytes.Equal(files[0], files[1]) || bytes.Equal(files[1], files[2]) {
		t.Error("the file does not depend on samples and seed alone")
	}
}

func TestAccuracyPredictsNetworkByNetwork(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	archs, samples := measure(s, 30, 0.01, 1)
	a := fit(t, s, samples, fast)
	all, err := a.Predict(archs)
	if err != nil {
		t.Fatal(err)
	}
	for i := range archs {
		if one, err := a.Predict(archs[i : i+1]); err != nil || one[0] != all[i] {
			t.Fatalf("%v alone, %g among others (%v)", one, all[i], err)
		}
	}
	if none, err := a.Predict(nil); err != nil || len(none) != 0 {
		t.Errorf("%v, %v for nothing", none, err)
	}
}

func TestAccuracyRefusesOtherArchs(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	archs, samples := measure(s, 30, 0.01, 1)
	a := fit(t, s, samples, fast)
	other := archs[1]
	other.Resolution = 36
	_, err := a.Predict([]supernet.Arch{archs[0], other})
	if !errors.Is(err, supernet.ErrArch) || !strings.Contains(err.Error(), "arch 2 of 2") ||
		!strings.Contains(err.Error(), "resolution 36") {
		t.Errorf("error %v", err)
	}
}

func TestAccuracyOfUnusableSamples(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	_, samples := measure(s, 30, 0.01, 1)
	change := func(f func(s []predictor.Sample)) []predictor.Sample {
		c := slices.Clone(samples)
		f(c)
		return c
	}
	for name, c := range map[string]struct {
		samples []predictor.Sample
		want    string
		is      error
	}{
		"none": {nil, "0 distinct archs, expected at least 10", predictor.ErrSamples},
		"few":  {samples[:9], "9 distinct archs", predictor.ErrSamples},
		"one":  {slices.Repeat(samples[:1], 50), "1 distinct archs", predictor.ErrSamples},
		"percent": {change(func(s []predictor.Sample) { s[4].Value = 76 }),
			"the accuracy is 76, expected a share", predictor.ErrSamples},
		"NaN": {change(func(s []predictor.Sample) { s[0].Value = math.NaN() }),
			"sample 1: cannot learn from these measurements: the accuracy is NaN",
			predictor.ErrSamples},
		"other": {change(func(s []predictor.Sample) { s[2].Arch.R = []int{7} }),
			"sample 3: arch does not fit", supernet.ErrArch},
	} {
		if _, err := predictor.FitAccuracy(t.Context(), s, c.samples, fast); !errors.Is(err,
			c.is) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := predictor.FitAccuracy(t.Context(), s, samples,
		fitWith(regress.Settings{Folds: -1})); err == nil || !strings.Contains(err.Error(),
		"folds") {
		t.Errorf("settings: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := predictor.FitAccuracy(ctx, s, samples, fast); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// A supernet that has learned nothing is at chance with every sub-network.
func TestAccuracyOfEqualSamples(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	archs, samples := measure(s, 30, 0.01, 1)
	for i := range samples {
		samples[i].Value = 0.1
	}
	a := fit(t, s, samples, fast)
	predicted, err := a.Predict(archs)
	if err != nil || math.Abs(slices.Max(predicted)-0.1) > 1e-9 ||
		math.Abs(slices.Min(predicted)-0.1) > 1e-9 {
		t.Errorf("predicts %v (%v)", predicted, err)
	}
	if a.HeldOut.KendallTau != 0 || a.HeldOut.Within10Pct != 1 {
		t.Errorf("held-out error %+v", a.HeldOut)
	}
	if err := a.Save(filepath.Join(t.TempDir(), "a.json")); err != nil {
		t.Error(err)
	}
}

func TestLoadAccuracyRefuses(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	_, samples := measure(s, 30, 0.01, 1)
	path := filepath.Join(t.TempDir(), "a.json")
	write := func(change func(a *predictor.Accuracy)) {
		t.Helper()
		a := fit(t, s, samples, fast)
		change(a)
		if err := a.Save(path); err != nil {
			t.Fatal(err)
		}
	}
	write(func(*predictor.Accuracy) {})
	_, err := predictor.LoadAccuracy(path, s.For(100, 3))
	var other *predictor.SpaceError
	if !errors.As(err, &other) || other.Space != "mbv3-tiny" ||
		other.WantedSHA256 == other.SpaceSHA256 {
		t.Errorf("another space: %v", err)
	}
	for want, change := range map[string]func(a *predictor.Accuracy){
		`archs are encoded as "ofa"`: func(a *predictor.Accuracy) { a.Encoding = "ofa" },
		"linear part has 3 weights": func(a *predictor.Accuracy) {
			a.Model.Linear =
				a.Model.Linear[:3]
		},
		"an MLP": func(a *predictor.Accuracy) {
			a.Model.Networks =
				make([]regress.MLP, 1)
		},
		"1 inputs, expected": func(a *predictor.Accuracy) {
			a.Model.Networks = []regress.MLP{{Sizes: []int{1, 1}, Weights: make(regress.Weights,
				2)}}
		},
	} {
		write(change)
		if _, err := predictor.LoadAccuracy(path, s); err == nil || !strings.Contains(err.Error(),
			want) || !strings.Contains(err.Error(), path) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	var kind *store.KindError
	if _, err := predictor.LoadLatency(path, s); !errors.As(err, &kind) {
		t.Errorf("as latency: %v", err)
	}
}

func BenchmarkAccuracyPredict(b *testing.B) {
	s := builtin(b, "ofa-mbv3")
	r := rand.New(rand.NewPCG(1, 0))
	archs := make([]supernet.Arch, 100)
	var samples []predictor.Sample
	for i := range archs {
		archs[i] = s.Random(r)
		samples = append(samples, predictor.Sample{Arch: s.Spec(archs[i]), Value: r.Float64()})
	}
	a := fit(b, s, samples, fast)
	inputs := len(a.Model.Linear)
	n := regress.MLP{Sizes: []int{inputs, 64, 64, 1}, Weights: make(regress.Weights, 64*(inputs+1)+
		64*65+65)}
	for i := range n.Weights {
		n.Weights[i] = float32(r.NormFloat64()) / 8
	}
	for name, networks := range map[string][]regress.MLP{"linear": nil, "networks=3": {n, n, n}} {
		b.Run(name, func(b *testing.B) {
			a.Model.Networks = networks
			for b.Loop() {
				if _, err := a.Predict(archs); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*len(archs))/b.Elapsed().Seconds(), "archs/s")
		})
	}
}

func TestAccuracyChoosesTheBetterModel(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	_, samples := measure(s, 220, 0.002, 1)
	settings := fast
	a := fit(t, s, samples, settings)
	if len(a.Candidates) != 2 || a.Candidates[0].Model != regress.ModelRidge ||
		a.Candidates[1].Model != regress.ModelMLP {
		t.Fatalf("candidates %+v, want both kinds, the linear one first: the other has hardly been trained", a.Candidates)
	}
	if a.Candidates[0].HeldOut != a.HeldOut || a.Candidates[1].RMSE <= a.HeldOut.RMSE {
		t.Errorf("the error %+v is not the smallest of %+v", a.HeldOut, a.Candidates)
	}
	if few := fit(t, s, samples[:50], settings); len(few.Candidates) != 1 {
		t.Errorf("candidates %+v for 50 samples", few.Candidates)
	}
	settings.Model = regress.ModelMLP
	only := fit(t, s, samples[:50], settings)
	if len(only.Candidates) != 1 || only.Candidates[0].Model != regress.ModelMLP ||
		!slices.Equal(only.Model.Networks[0].Sizes[1:], []int{400, 400, 400, 1}) {
		t.Errorf("asked for the MLP, got %+v", only.Candidates)
	}
	for _, w := range only.Model.Linear {
		if w != 0 {
			t.Error("OFA's model has no linear part")
		}
	}
	settings.Model = "forest"
	if _, err := predictor.FitAccuracy(t.Context(), s, samples, settings); err == nil ||
		!strings.Contains(err.Error(), "forest") {
		t.Errorf("an unknown model: %v", err)
	}
}

func TestLearningCurve(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	_, samples := measure(s, 160, 0.0005, 4)
	a := fit(t, s, samples, fast)
	n := len(a.Curve)
	if last := a.Curve[n-1]; last.HeldOut != a.HeldOut || last.TrainedOn != a.Samples-a.Samples/5 &&
		last.TrainedOn != a.Samples-a.Samples/5-1 {
		t.Errorf("the curve ends with %+v, want the held-out error %+v of models of four fifths of %d", last, a.HeldOut, a.Samples)
	}
	for i := range n - 1 {
		if p := a.Curve[i]; p.TrainedOn != a.Curve[i+1].TrainedOn/2 || p.Samples != a.Samples ||
			p.RMSE < a.Curve[i+1].RMSE {
			t.Errorf("point %d is %+v before %+v, want half of the samples, the same networks and a larger error", i, p, a.Curve[i+1])
		}
	}
	if a.Curve[0].TrainedOn < 10 || a.Curve[0].TrainedOn >= 20 || a.Flattened() {
		t.Errorf("the curve starts with %+v and is flat: %v", a.Curve[0], a.Flattened())
	}
	// Noise that nothing can be learned from is not lowered by more samples.
	_, noisy := measure(s, 160, 0.2, 4)
	for i := range noisy {
		noisy[i].Value = min(max(noisy[i].Value, 0), 1)
	}
	if b := fit(t, s, noisy, fast); !b.Flattened() {
		t.Errorf("not flat: %+v", b.Curve)
	}
}

// TestHeldOutPredictions have the error that the predictor states.
func TestHeldOutPredictions(t *testing.T) {
	s := small(t)
	archs, samples := measure(s, 40, 0.01, 1)
	seen := map[supernet.Arch]bool{}
	var distinct []supernet.Arch
	var values []float64
	var once []predictor.Sample
	for i, a := range archs {
		if !seen[a] {
			seen[a] = true
			distinct, values = append(distinct, a), append(values, samples[i].Value)
			once = append(once, samples[i])
		}
	}
	settings := regress.Defaults()
	settings.Seed = 5
	a := fit(t, s, once, settings)
	predicted, err := a.HeldOutPredictions(t.Context(), distinct, values)
	if err != nil {
		t.Fatal(err)
	}
	if got := regress.Compare(predicted, values); got != a.HeldOut {
		t.Errorf("the held-out predictions have the error %+v, stated is %+v", got, a.HeldOut)
	}
	other := distinct[0]
	other.Resolution++
	if _, err := a.HeldOutPredictions(t.Context(), []supernet.Arch{other}, values[:1]); !errors.Is(
		err, supernet.ErrArch) {
		t.Errorf("an arch of no space: %v", err)
	}
}
