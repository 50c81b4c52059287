package predictor_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/supernet"
)

// wide is an MBConv block with an expand convolution and squeeze-and-excitation.
func wide() supernet.Block {
	s := supernet.Shape{H: 14, W: 14, C: 40}
	return supernet.Block{Name: "stages.3.1", Kind: supernet.MBConv, In: s, Out: s, Mid: 160,
		Kernel: 5, Stride: 1, Act: "h_swish", SE: 24, Skip: true, BN: true}
}

func remove(t testing.TB, b supernet.Block, structure supernet.Structure,
	amount int) supernet.Block {
	t.Helper()
	v, err := b.Remove(structure, amount)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// timesOf pairs amounts removed and milliseconds.
func timesOf(t testing.TB, b supernet.Block, structure supernet.Structure,
	pairs ...float64) (times []predictor.BlockTime) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		times = append(times, predictor.BlockTime{Block: remove(t, b, structure, int(pairs[i])),
			MS: pairs[i+1]})
	}
	return times
}

func TestBlockCurve(t *testing.T) {
	b := wide()
	other := b
	other.Kernel = 3
	for _, c := range []struct {
		structure supernet.Structure
		times     []float64 // removed, ms
		want      []float64 // removed, ms
	}{
		// Measured points, between them, and beyond the last.
		{supernet.Weights, []float64{0, 8, 50, 6, 90, 2}, []float64{0, 8, 25, 7, 50, 6, 70, 4, 80,
			3, 90, 2, 99, 2}},
		// Of 160 channels 128 and 56 are between; 120 count as 128, 24 as themselves where they
		// were measured, else as 32.
		{supernet.Channels, []float64{0, 8, 80, 4, 136, 1}, []float64{0, 8, 32, 6.4, 40, 6.4, 80, 4,
			96, 4 - 3*16./56, 104, 4 - 3*16./56, 136, 1}},
		{supernet.Channels, []float64{0, 8, 80, 4, 128, 1}, []float64{136, 1, 112, 2}},
		{supernet.Channels, []float64{0, 8, 80, 4}, []float64{136, 4}},
		// In any order; a rise is pooled, more than one time of a variant averaged.
		{supernet.Vectors16, []float64{90, 2, 50, 7, 0, 6, 80, 3}, []float64{0, 6.5, 50, 6.5, 65,
			4.75, 90, 2}},
		{supernet.Vectors8, []float64{0, 7, 50, 5, 0, 9, 50, 3}, []float64{0, 8, 50, 4}},
		{supernet.Vectors8, []float64{0, 2, 50, 4, 90, 6}, []float64{0, 4, 70, 4, 95, 4}},
	} {
		times := append(timesOf(t, b, c.structure, c.times...), predictor.BlockTime{Block: other,
			MS: 100})
		curve, err := predictor.NewBlockCurve(b, c.structure, times)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(c.want); i += 2 {
			v := remove(t, b, c.structure, int(c.want[i]))
			v.Name = "elsewhere"
			if ms, err := curve.MS(v); err != nil || math.Abs(ms-c.want[i+1]) > 1e-12 {
				t.Errorf("%s %v: %g ms with %g removed, want %g (%v)", c.structure, c.times, ms,
					c.want[i], c.want[i+1], err)
			}
		}
	}
}

// TestBlockCurveIsIsotonic compares with the min-max formula of isotonic regression (Robertson et
// al., "Order restricted statistical inference", 1988, theorem 1.4.4): of a falling fit, g(i) is
// the least over a <= i of the most over b >= i of the mean of v(a..b).
func TestBlockCurveIsIsotonic(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 0))
	b := wide()
	for range 200 {
		n := 2 + r.IntN(8)
		var pairs, v []float64
		for i := range n {
			v = append(v, 10-float64(i)+3*r.NormFloat64())
			v[i] = max(v[i], 0.1)
			pairs = append(pairs, float64(10*i), v[i])
		}
		curve, err := predictor.NewBlockCurve(b, supernet.Weights, timesOf(t, b, supernet.Weights,
			pairs...))
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			want := math.Inf(1)
			for from := 0; from <= i; from++ {
				most := math.Inf(-1)
				sum := 0.0
				for to := from; to < n; to++ {
					if sum += v[to]; to >= i {
						most = max(most, sum/float64(to-from+1))
					}
				}
				want = min(want, most)
			}
			if got, _ := curve.MS(remove(t, b, supernet.Weights, 10*i)); math.Abs(got-want) > 1e-9 {
				t.Fatalf("%v: %g at %d, want %g", v, got, i, want)
			}
		}
	}
}

func TestBlockCurveRefuses(t *testing.T) {
	b := wide()
	dense := timesOf(t, b, supernet.Weights, 0, 8)
	var block *predictor.UnknownBlockError
	if _, err := predictor.NewBlockCurve(b, supernet.Weights, timesOf(t, b, supernet.Weights, 50,
		4)); !errors.As(err, &block) || block.Block != b {
		t.Errorf("no dense time: %v", err)
	}
	var variants *predictor.UnknownVariantsError
	for _, times := range [][]predictor.BlockTime{dense,
		append(timesOf(t, b, supernet.Vectors8, 80, 2), dense...)} {
		_, err := predictor.NewBlockCurve(b, supernet.Weights, times)
		if !errors.As(err, &variants) || variants.Block != b || !strings.Contains(err.Error(),
			b.Key()) || !strings.Contains(err.Error(), "--sparse weights") {
			t.Errorf("dense time only: %v", err)
		}
	}
	_, err := predictor.NewBlockCurve(b, supernet.Channels, dense)
	if !errors.As(err, &variants) || strings.Contains(err.Error(), "--sparse") ||
		!strings.Contains(err.Error(), "measure the variants") {
		t.Errorf("dense time only: %v", err)
	}
	if _, err := predictor.NewBlockCurve(b, supernet.Weights, timesOf(t, b, supernet.Weights, 0, 8,
		50, math.NaN())); !errors.Is(err, predictor.ErrSamples) {
		t.Errorf("NaN: %v", err)
	}
	if _, err := predictor.NewBlockCurve(b, "rows", dense); err == nil {
		t.Error("an unknown structure: no error")
	}
	curve, err := predictor.NewBlockCurve(b, supernet.Weights, timesOf(t, b, supernet.Weights, 0, 8,
		50, 4))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []supernet.Block{remove(t, b, supernet.Vectors8, 50),
		remove(t, b, supernet.Channels, 8), {}} {
		if ms, err := curve.MS(v); err == nil {
			t.Errorf("%s takes %g ms, want an error", v.Key(), ms)
		}
	}
}
