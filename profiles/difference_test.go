package profiles

import (
	"math"
	"testing"
)

func TestDifference(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	want := []float32{10, -0.5, 0}
	for _, c := range []struct {
		got    []float32
		reason string
	}{
		{[]float32{10, -0.5, 0}, ""},
		{[]float32{10.0009, -0.4991, 0.0009}, ""}, // within 1e-4 of the largest, 10
		{[]float32{10, -0.5, 0.002}, "value 2 of 3 is 0.002, expected 0"},
		{[]float32{10, 0.5, nan}, "value 1 of 3 is 0.5, expected -0.5"},
		{[]float32{10, -0.5, nan}, "value 2 of 3 is NaN, expected 0"},
		{[]float32{inf, -0.5, 0}, "value 0 of 3 is +Inf, expected 10"},
		{[]float32{10, -0.5}, "it gives 2 values, expected 3"},
		{nil, "it gives 0 values, expected 3"},
	} {
		if got := difference(c.got, want); got != c.reason {
			t.Errorf("%v: %q, want %q", c.got, got, c.reason)
		}
	}
	if reason := difference([]float32{0, 0}, []float32{0, 0}); reason != "" {
		t.Errorf("zeros: %s", reason)
	}
}
