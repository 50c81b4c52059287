package export

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestProperties(t *testing.T) {
	m := Meta{Labels: []string{"a<b", "c"}, Mean: []float32{0.5}, Std: []float32{0.25},
		Version: "1"}
	want := []Property{{"tailor.version", "1"}, {"labels", `["a<b","c"]`}, {"mean", "[0.5]"},
		{"std", "[0.25]"}}
	if got := m.Properties(); !slices.Equal(got, want) {
		t.Errorf("%v, expected %v", got, want)
	}
}

func TestAffine(t *testing.T) {
	m := Meta{Mean: []float32{0.5, 0.1}, Std: []float32{0.25, 0.3}}
	scale, shift := m.Affine()
	for c := range m.Mean {
		for _, v := range []float64{0, 17, 255} {
			want := (v/255 - float64(m.Mean[c])) / float64(m.Std[c])
			got := v*float64(scale[c]) + float64(shift[c])
			if math.Abs(got-want) > 1e-6 {
				t.Errorf("channel %d: %g becomes %g, expected %g", c, v, got, want)
			}
		}
	}
}

func TestCheck(t *testing.T) {
	for what, m := range map[string]Meta{
		"2 labels for 3 classes": {Labels: []string{"a", "b"}},
		"for 1 channels":         {Mean: []float32{0, 0}, Std: []float32{1, 1}},
		"expected above 0":       {Mean: []float32{0}, Std: []float32{0}},
		"made without data":      {Options: Options{Preprocessing: true}},
	} {
		if err := m.Check(1, 3); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%+v gives %v, expected %q", m, err, what)
		}
	}
	ok := Meta{Labels: []string{"a", "b", "c"}, Mean: []float32{0}, Std: []float32{1}}
	if err := ok.Check(1, 3); err != nil {
		t.Error(err)
	}
}
