package nn

import (
	"math"
	"testing"
)

// TestNotFinite: one value among many is found, wherever it is, and large ones are finite.
func TestNotFinite(t *testing.T) {
	first, second := &Param{Data: []float32{1, math.MaxFloat32, -math.MaxFloat32}}, &Param{}
	for _, n := range []int{1, 7, 1000} {
		second.Data = make([]float32, n)
		if p := NotFinite([]*Param{first, second}); p != nil {
			t.Errorf("%d zeros are not finite", n)
		}
		for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			for _, at := range []int{0, n / 2, n - 1} {
				second.Data[at] = float32(v)
				if p := NotFinite([]*Param{first, second}); p != second {
					t.Errorf("%g at %d of %d: found %v", v, at, n, p)
				}
				second.Data[at] = 0
			}
		}
	}
}
