package predictor_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
)

// compared draws archs with a top-1 of few images, and a divergence that says more.
func compared(s *supernet.Space, n int, noise float64, seed uint64) (samples []predictor.Compared) {
	r := rand.New(rand.NewPCG(seed, 1))
	archs, _ := measure(s, n, 0, seed)
	for _, a := range archs {
		v := trueAccuracy(s, a)
		even := v + math.Sqrt2*noise*r.NormFloat64()
		odd := v + math.Sqrt2*noise*r.NormFloat64()
		samples = append(samples, predictor.Compared{
			Sample: predictor.Sample{Arch: s.Spec(a), Value: (even + odd) / 2}, ValueEven: even,
			Divergence: math.Abs(3*(0.8-v) + 0.005*r.NormFloat64()),
		})
	}
	return samples
}

// TestDivergenceTellsMore: of noisy top-1, the predictor that knows divergences is much nearer to
// the truth, and its stated error is still that of the top-1 as measured.
func TestDivergenceTellsMore(t *testing.T) {
	const noise = 0.03
	s := builtin(t, "mbv3-tiny")
	samples := compared(s, 200, noise, 1)
	settings := fitWith(regress.Settings{Seed: 1, Model: regress.ModelRidge, Members: 1,
		Hidden: []int{8}, Epochs: 30})
	a, err := predictor.FitCompared(t.Context(), s, samples, settings)
	if err != nil {
		t.Fatal(err)
	}
	var plain []predictor.Sample
	for _, c := range samples {
		plain = append(plain, c.Sample)
	}
	b := fit(t, s, plain, settings)
	errorOf := func(a *predictor.Accuracy) float64 {
		unseen, truth := measure(s, 300, 0, 2)
		predicted, err := a.Predict(unseen)
		if err != nil {
			t.Fatal(err)
		}
		squares := 0.0
		for i, p := range predicted {
			squares += math.Pow(p-truth[i].Value, 2)
		}
		return math.Sqrt(squares / 300)
	}
	if with, without := errorOf(a), errorOf(b); with > without/2 {
		t.Errorf("RMSE %g with divergences, %g without", with, without)
	}
	if c := a.Composite; c == nil || c.Weight > 0.4 || math.Abs(c.Noise/noise-1) > 0.15 {
		t.Errorf("composite %+v", c)
	}
	if h := a.HeldOut; math.Abs(h.RMSE/noise-1) > 0.15 || a.FittedHeldOut.RMSE > h.RMSE/3 {
		t.Errorf("held-out error %+v, of the estimates %+v", h, a.FittedHeldOut)
	}
	path := filepath.Join(t.TempDir(), "accuracy.json")
	if err := a.Save(path); err != nil {
		t.Fatal(err)
	}
	read, err := predictor.LoadAccuracy(path, s)
	if err != nil {
		t.Fatal(err)
	}
	if *read.Composite != *a.Composite || read.FittedHeldOut != a.FittedHeldOut {
		t.Errorf("read %+v", read.Composite)
	}
}

// TestOddImages: the noise is found where one half has more images than the other, of 3 as of 101.
func TestOddImages(t *testing.T) {
	const noise = 0.03
	s := builtin(t, "mbv3-tiny")
	archs, _ := measure(s, 300, 0, 1)
	for _, images := range []int{3, 4, 101} {
		r := rand.New(rand.NewPCG(1, uint64(images)))
		one := noise * math.Sqrt(float64(images)) // the noise of a single image
		var samples []predictor.Compared
		for _, a := range archs {
			var all, even float64
			for i := range images {
				v := trueAccuracy(s, a) + one*r.NormFloat64()
				all += v / float64(images)
				if i%2 == 0 {
					even += v / float64((images+1)/2)
				}
			}
			samples = append(samples, predictor.Compared{Sample: predictor.Sample{Arch: s.Spec(a),
				Value: all}, ValueEven: even, Images: images,
				Divergence: 0.8 - trueAccuracy(s, a)})
		}
		a, err := predictor.FitCompared(t.Context(), s, samples, fitWith(regress.Settings{
			Seed: 1, Model: regress.ModelRidge, Members: 1, Hidden: []int{8}, Epochs: 1}))
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Composite.Noise; math.Abs(got/noise-1) > 0.15 {
			t.Errorf("of %d images the noise is %g, want %g", images, got, noise)
		}
	}
}

func TestComparedRefuses(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	for name, change := range map[string]func(*predictor.Compared){
		"half":       func(c *predictor.Compared) { c.ValueEven = 1.2 },
		"negative":   func(c *predictor.Compared) { c.Divergence = -1 },
		"infinite":   func(c *predictor.Compared) { c.Divergence = math.Inf(1) },
		"no number":  func(c *predictor.Compared) { c.Divergence = math.NaN() },
		"percentage": func(c *predictor.Compared) { c.Value = 76 },
	} {
		samples := compared(s, 20, 0, 1)
		change(&samples[3])
		if _, err := predictor.FitCompared(t.Context(), s, samples, fast); !errors.Is(err,
			predictor.ErrSamples) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
