package predictor_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
)

// TestPredictNear: of the base it is the prediction, and what it says of networks one change away
// goes along with their predictions.
func TestPredictNear(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	_, samples := measure(s, 120, 0.002, 1)
	a := fit(t, s, samples, fitWith(regress.Settings{Seed: 1, Model: regress.ModelRidge,
		Hidden: []int{16}, Members: 2, Epochs: 40}))
	r := rand.New(rand.NewPCG(2, 0))
	var found, want []float64
	for range 20 {
		base := s.Random(r)
		genes := s.Encode(base)
		near := []supernet.Arch{base}
		for i, n := range s.Genes() {
			g := append([]uint16(nil), genes...)
			g[i] = uint16(r.IntN(n))
			near = append(near, s.Decode(g))
		}
		about, err1 := a.PredictNear(base, near)
		exact, err2 := a.Predict(near)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		if math.Abs(about[0]-exact[0]) > 1e-6 {
			t.Errorf("of the base %g, predicted %g", about[0], exact[0])
		}
		for i := range near[1:] {
			found = append(found, about[i+1]-about[0])
			want = append(want, exact[i+1]-exact[0])
		}
	}
	if h := regress.Compare(found, want); h.Spearman < 0.9 {
		t.Errorf("differences go along with a rank correlation of %g", h.Spearman)
	}
}

func TestPredictNearRefuses(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	_, samples := measure(s, 40, 0.01, 1)
	a := fit(t, s, samples, fast)
	other := builtin(t, "ofa-mbv3").Max()
	if _, err := a.PredictNear(other, nil); err == nil {
		t.Error("the base is of another space, and there is no error")
	}
	_, err := a.PredictNear(s.Max(), []supernet.Arch{s.Min(), other})
	if err == nil {
		t.Error("one is of another space, and there is no error")
	}
	var unknown *predictor.UnknownResolutionError
	strange := s.Max()
	strange.Resolution = 999
	if _, err := a.PredictNear(s.Max(), []supernet.Arch{strange}); !errors.Is(err,
		supernet.ErrArch) && !errors.As(err, &unknown) {
		t.Errorf("a resolution of no network: %v", err)
	}
}
