package page

import (
	"math"
	"strconv"
	"testing"
)

// FuzzAxis: whatever values there are, they have places on the axis, in their order, and the axis
// has a few ticks whose labels say where they are.
func FuzzAxis(f *testing.F) {
	for _, s := range [][2]float64{{1, 2}, {0, 0}, {-5, 1e300}, {1e-320, 3}, {math.Inf(1), 7},
		{math.NaN(), 4}, {0.017, 0.06}, {2, 2}, {99.1, 99.2}, {1e14, 1e15}} {
		f.Add(s[0], s[1], false)
		f.Add(s[0], s[1], true)
	}
	f.Fuzz(func(t *testing.T, a, b float64, log bool) {
		s := axis([]float64{a, b}, log)
		for _, v := range []float64{a, b} {
			if at := s.at(v); !(at >= 0 && at <= 1) {
				t.Errorf("%v is at %v of %+v", v, at, s)
			}
		}
		if low, high := min(a, b), max(a, b); low < high && s.at(low) > s.at(high) {
			t.Errorf("%v and %v are in the wrong order on %+v", low, high, s)
		}
		ticks := s.ticks(5)
		if len(ticks) > 50 {
			t.Errorf("%d ticks on %+v", len(ticks), s)
		}
		if size := max(math.Abs(s.low), math.Abs(s.high)); size > 1e6 || s.high-s.low < 1e-4 ||
			s.low > 0 && s.high/s.low < 1.001 {
			return // labels have too few digits to tell such ticks apart
		}
		for _, x := range ticks {
			v, err := strconv.ParseFloat(x.Label, 64)
			if err != nil || math.Abs(s.at(v)-x.At) > 0.02 {
				t.Errorf("the tick %q of %+v is at %v, want %v (%v)", x.Label, s, x.At, s.at(v),
					err)
			}
		}
	})
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		log       bool
		want      []string
	}{
		{0, 10, false, []string{"0", "2", "4", "6", "8", "10"}},
		{0.017, 0.062, false, []string{"0.02", "0.03", "0.04", "0.05", "0.06"}},
		{1.3, 26, true, []string{"2", "5", "10", "20"}},
	} {
		var got []string
		for _, x := range (scale{low: c.low, high: c.high, log: c.log, unit: 1}).ticks(5) {
			got = append(got, x.Label)
		}
		if len(got) != len(c.want) {
			t.Errorf("ticks from %v to %v are %v, want %v", c.low, c.high, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("ticks from %v to %v are %v, want %v", c.low, c.high, got, c.want)
				break
			}
		}
	}
}

func TestTexts(t *testing.T) {
	const space = "\u00a0"
	for got, want := range map[string]string{
		Milliseconds(0.0196): "19.6" + space + "µs", Milliseconds(1.6326): "1.63" + space + "ms",
		Milliseconds(2500): "2.5" + space + "s", Milliseconds(0): "–", Percent(0.8678): "86.8" + space + "%",
		Count(311_100): "311" + space + "K", Count(1_590_000): "1.59" + space + "M", Count(1280): "1280",
		Bytes(265_464): "259" + space + "KiB",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
