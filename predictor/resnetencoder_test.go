package predictor

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// TestResNetEncodingByHand writes the features of a network from OFA's definition
// (ResNetArchEncoder of its package): 8 of resolutions, 2 of the stem, 6 x 3 of widths, 18 x 3 of
// expand ratios.
func TestResNetEncodingByHand(t *testing.T) {
	s := ofaSpace(t, "ofa-resnet50")
	e, err := newResNetEncoder(s)
	if err != nil || e.Len() != 82 {
		t.Fatal(e.Len(), err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 100 {
		a := s.Random(r)
		spec := s.Spec(a)
		want := make([]float32, 82)
		want[slices.Index([]int{128, 144, 160, 176, 192, 224, 240, 256}, spec.R[0])] = 1
		want[8+min(spec.D[0], 1)] = 1
		for i, w := range spec.W {
			want[10+3*i+w] = 1
		}
		start := 0
		for i, base := range []int{2, 2, 4, 2} {
			for j := start; j < start+base+spec.D[1+i]; j++ {
				want[28+3*j+slices.Index([]float64{0.2, 0.25, 0.35}, spec.E[j])] = 1
			}
			start += base + 2
		}
		got := make([]float32, e.Len())
		if !e.encode(a, got) || !slices.Equal(got, want) {
			t.Fatalf("%+v is encoded as\n%v\nwant\n%v", spec, got, want)
		}
	}
}

func TestResNetEncodingOfOtherSpaces(t *testing.T) {
	for _, name := range []string{"mbv3-tiny", "ofa-mbv3"} {
		if _, err := newResNetEncoder(ofaSpace(t, name)); err == nil ||
			!strings.Contains(err.Error(), "that of ofa-resnet50") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := newOFAEncoder(ofaSpace(t, "ofa-resnet50")); err == nil {
		t.Error("the space of ResNets is encoded as MobileNets are")
	}
}

// TestResNetBounds: no network of a region is predicted above its bound.
func TestResNetBounds(t *testing.T) {
	s := ofaSpace(t, "ofa-resnet50")
	n, _ := randomMLP([]int{82, 12, 1}, 3)
	a, err := ImportAccuracy(s, n, 0.5, s.Resolutions)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(2, 2))
	for range 10 {
		region := choices.NewRegion(s, s.Resolutions[r.IntN(8)])
		for range r.IntN(4) {
			if parts := region.Split(); len(parts) > 0 {
				region = parts[r.IntN(len(parts))]
			}
		}
		var inside []supernet.Arch
		for range 4000 {
			arch := s.Random(r)
			arch.Resolution = uint16(region.Resolution)
			if region.Contains(arch) {
				inside = append(inside, arch)
			}
		}
		top1, err := a.Predict(inside)
		if bound := a.Upper(region, nil); err != nil || len(inside) == 0 ||
			slices.Max(top1) > bound {
			t.Fatalf("%v predicted, the bound is %v (%v)", slices.Max(top1), bound, err)
		}
	}
}
