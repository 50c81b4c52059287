package predictor

import (
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

func ofaSpace(t *testing.T, name string) *supernet.Space {
	t.Helper()
	s, err := supernet.LoadSpace(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestOFAEncodingByHand writes the features of a network from its definition: 60 of kernels, 60 of
// expand ratios, 8 of resolutions.
func TestOFAEncodingByHand(t *testing.T) {
	s := ofaSpace(t, "ofa-mbv3")
	e, err := newOFAEncoder(s)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 100 {
		a := s.Random(r)
		a.Resolution = uint16(128 + 16*r.IntN(7))
		spec := s.Spec(a)
		want := make([]float32, 128)
		for b := range 20 {
			if b%4 < spec.D[b/4] {
				want[3*b+(spec.KS[b]-3)/2] = 1
				want[60+3*b+map[float64]int{3: 0, 4: 1, 6: 2}[spec.E[b]]] = 1
			}
		}
		want[120+(spec.R[0]-112)/16] = 1
		got := make([]float32, e.Len())
		if !e.encode(a, got) || !slices.Equal(got, want) {
			t.Fatalf("%+v is encoded as\n%v\nwant\n%v", spec, got, want)
		}
	}
}

// TestAlong: slope times one-hots is the sum that along gives, of every network, and none is known
// of a resolution that the encoding has no feature for.
func TestAlong(t *testing.T) {
	for _, name := range []string{"ofa-mbv3", "ofa-resnet50"} {
		s := ofaSpace(t, name)
		e, err := newEncoder(publishedEncoding(s), s)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(4, 1))
		slope, features := make([]float32, e.Len()), make([]float32, e.Len())
		for i := range slope {
			slope[i] = float32(r.NormFloat64())
		}
		lines, n := e.along(s.Max(), slope), choices.NewNumbering(s)
		for range 100 {
			a, want := s.Random(r), 0.0
			var taken choices.Taken
			known := e.encode(a, features)
			for i, v := range features {
				want += float64(v) * float64(slope[i])
			}
			if !n.Read(&a, &taken) {
				t.Fatalf("%s: %v is not read", name, a)
			}
			got := lines[taken.Resolution].At(&taken)
			if known != !math.IsNaN(got) || known && math.Abs(got-want) > 1e-9 {
				t.Fatalf("%s: %v is worth %g, want %g (known: %v)", name, a, got, want, known)
			}
		}
	}
}

func TestOFAEncodingOfOtherSpaces(t *testing.T) {
	for _, name := range []string{"mbv3-tiny", "mbv3-cifar", "compofa-elastic"} {
		if _, err := newOFAEncoder(ofaSpace(t, name)); err == nil || !strings.Contains(err.Error(),
			"5 elastic stages") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// importRandom is a predictor of the published one's encoding, with random weights.
func importRandom(t *testing.T, s *supernet.Space, hidden ...int) *Accuracy {
	t.Helper()
	n, _ := randomMLP(slices.Concat([]int{ofaLength}, hidden, []int{1}), 1)
	a, err := ImportAccuracy(s, n, 0.5, []int{128, 144, 160, 176, 192, 208, 224})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestImportedAccuracy(t *testing.T) {
	s := ofaSpace(t, "ofa-mbv3")
	a := importRandom(t, s, 5)
	path := filepath.Join(t.TempDir(), "a.json")
	if err := a.Save(path); err != nil {
		t.Fatal(err)
	}
	b, err := LoadAccuracy(path, s)
	if err != nil {
		t.Fatal(err)
	}
	arch := s.Max()
	want, err1 := a.Predict([]supernet.Arch{arch})
	got, err2 := b.Predict([]supernet.Arch{arch})
	if err := errors.Join(err1, err2); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v after loading, %v before (%v)", got, want, err)
	}
	x := make([]float32, ofaLength)
	a.encoder.encode(arch, x)
	if plain := 0.5 + plainForward(&a.Model.Networks[0], x); !near(want[0], plain, 1e-4) {
		t.Errorf("predicts %v, the formula gives %v", want[0], plain)
	}
	arch.Resolution = 132 // of the space, but between two features
	var unknown *UnknownResolutionError
	if _, err := a.Predict([]supernet.Arch{arch}); !errors.As(err, &unknown) ||
		unknown.Resolution != 132 {
		t.Errorf("%v, want an UnknownResolutionError", err)
	}
	for _, r := range [][]int{nil, {112}, {160, 132}, {160, 161}, {-1}, {1 << 20}} {
		if _, err := ImportAccuracy(s, &a.Model.Networks[0], 0, r); err == nil ||
			!strings.Contains(err.Error(), "resolution") {
			t.Errorf("resolutions %v: %v", r, err)
		}
	}
	n, _ := randomMLP([]int{100, 1}, 1)
	if _, err := ImportAccuracy(s, n, 0, []int{160}); err == nil || !strings.Contains(err.Error(),
		"100 inputs, expected 128") {
		t.Errorf("a network of other inputs: %v", err)
	}
}

// TestImportedBoundHolds: no network of a region is predicted above its bound, which narrows down
// to the networks themselves.
func TestImportedBoundHolds(t *testing.T) {
	s := ofaSpace(t, "ofa-mbv3")
	a := importRandom(t, s, 6, 4)
	r := rand.New(rand.NewPCG(2, 1))
	for region := choices.NewRegion(s, 160); ; {
		upper := a.Upper(region, nil)
		for range 300 {
			arch := s.Random(r)
			arch.Resolution = 160
			if !region.Contains(arch) {
				continue
			}
			if v, err := a.Predict([]supernet.Arch{arch}); err != nil || v[0] > upper {
				t.Fatalf("%v is predicted above the bound %v (%v)", v, upper, err)
			}
		}
		if only, ok := region.Only(); ok {
			v, err := a.Predict([]supernet.Arch{only})
			if err != nil || upper < v[0] || upper > v[0]+1e-3 {
				t.Errorf("a region of one network, predicted %v, has the bound %v (%v)", v, upper,
					err)
			}
			return
		}
		parts := region.Split()
		region = parts[r.IntN(len(parts))]
	}
}
