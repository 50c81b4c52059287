package predictor

import (
	"math"
	"testing"
)

func TestByResolution(t *testing.T) {
	resolutions := []int{32, 24, 24, 24, 24, 24, 32}
	measured := []float64{1, 1, 2, 3, 4, 5, 1}
	predicted := []float64{9, 1, 2, 3, 4, 6, 9}
	got := byResolution(resolutions, predicted, measured)
	if len(got) != 1 || got[0].Resolution != 24 || got[0].Samples != 5 ||
		!near(got[0].RMSE, math.Sqrt(0.2), 1e-12) {
		t.Errorf("got %+v", got)
	}
	if got := byResolution([]int{24, 24, 24, 24, 24}, measured[:5], measured[:5]); got != nil {
		t.Errorf("a single resolution is split: %+v", got)
	}
}
