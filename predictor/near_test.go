package predictor_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// along is what the predictor says of archs near a base.
func along(t *testing.T, a *predictor.Accuracy, s *supernet.Space, base supernet.Arch,
	near []supernet.Arch) (values []float64) {
	t.Helper()
	all, err := a.Near([]supernet.Arch{s.Max(), base})
	if err != nil {
		t.Fatal(err)
	}
	about := all[1]
	n := choices.NewNumbering(s)
	for _, arch := range near {
		var taken choices.Taken
		if !n.Read(&arch, &taken) {
			t.Fatalf("%v is not of the space", arch)
		}
		values = append(values, about[taken.Resolution].At(&taken))
	}
	return values
}

// TestNear: of the base, at each resolution, it is the prediction, and what it says of networks one
// change away goes along with their predictions.
func TestNear(t *testing.T) {
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
		for _, resolution := range s.Resolutions {
			other := base
			other.Resolution = uint16(resolution)
			near = append(near, other)
		}
		same := len(near)
		for i, n := range s.Genes() {
			g := slices.Clone(genes)
			g[i] = uint16(r.IntN(n))
			near = append(near, s.Decode(g))
		}
		about := along(t, a, s, base, near)
		exact, err := a.Predict(near)
		if err != nil {
			t.Fatal(err)
		}
		// A ridge is linear in the features, and those of the base are taken at all resolutions.
		for i := range near[:same] {
			if math.Abs(about[i]-exact[i]) > 1e-5 {
				t.Errorf("of %v %g, predicted %g", near[i], about[i], exact[i])
			}
		}
		for i := range near[same:] {
			found = append(found, about[same+i]-about[0])
			want = append(want, exact[same+i]-exact[0])
		}
	}
	if h := regress.Compare(found, want); h.Spearman < 0.9 {
		t.Errorf("differences go along with a rank correlation of %g", h.Spearman)
	}
}

func TestNearRefuses(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	_, samples := measure(s, 40, 0.01, 1)
	a := fit(t, s, samples, fast)
	other := builtin(t, "ofa-mbv3").Max()
	if _, err := a.Near([]supernet.Arch{other}); !errors.Is(err, supernet.ErrArch) {
		t.Errorf("the base is of another space: %v", err)
	}
	strange := s.Max()
	strange.Resolution = 999
	var unknown *predictor.UnknownResolutionError
	_, err := a.Near([]supernet.Arch{s.Max(), strange})
	if !errors.Is(err, supernet.ErrArch) && !errors.As(err, &unknown) {
		t.Errorf("a resolution of no network: %v", err)
	}
}
