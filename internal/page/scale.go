package page

import (
	"math"
	"strconv"
	"strings"
)

// scale maps values to shares of an axis, 0 to 1.
type scale struct {
	low, high float64
	log       bool
	// values are multiplied by this in ticks, which gives them a unit that people say
	unit float64
}

// axis is a scale over values with some room at the ends.
func axis(values []float64, log bool) scale {
	s := scale{low: math.Inf(1), high: math.Inf(-1), log: log, unit: 1}
	for _, v := range values {
		if !sensible(v) || log && v <= 0 {
			continue
		}
		s.low, s.high = min(s.low, v), max(s.high, v)
	}
	if s.low > s.high {
		s.low, s.high, s.log = 0, 1, false
	}
	s.widen()
	return s
}

// sensible says whether a value can be on an axis: what files hold may be far beyond anything that
// is measured.
func sensible(v float64) bool {
	const most, least = 1e15, 1e-15
	return math.Abs(v) <= most && (v == 0 || math.Abs(v) >= least)
}

// widen leaves room at the ends.
func (s *scale) widen() {
	const room = 0.04
	if s.log {
		by := math.Pow(s.high/s.low, room)
		if s.high == s.low {
			by = 1.1
		}
		s.low, s.high = s.low/by, s.high*by
		return
	}
	by := room * (s.high - s.low)
	if by == 0 {
		by = max(math.Abs(s.high)*0.05, 1e-9)
	}
	atZero := s.low >= 0
	s.low, s.high = s.low-by, s.high+by
	if atZero {
		s.low = max(s.low, 0)
	}
}

// at is the share of the axis at which a value is, between 0 and 1.
func (s scale) at(v float64) float64 {
	if s.log {
		return clamp(math.Log(v/s.low) / math.Log(s.high/s.low))
	}
	return clamp((v - s.low) / (s.high - s.low))
}

func clamp(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return min(max(v, 0), 1)
}

// tick is a value of an axis, where it is, and what it is called.
type tick struct {
	At    float64
	Label string
}

// ticks are at most about n round values.
func (s scale) ticks(n int) []tick {
	if s.log {
		return s.logTicks(n)
	}
	low, high := s.low*s.unit, s.high*s.unit
	step := roundStep((high - low) / float64(n))
	var all []tick
	for i := math.Ceil(low/step - 1e-9); i*step <= high*(1+1e-12) && len(all) < 50; i++ {
		all = append(all, tick{s.at(i * step / s.unit), fixed(i*step, step)})
	}
	return all
}

// roundStep is the next larger of 1, 2, 5 times a power of ten.
func roundStep(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if v <= m*power*(1+1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// logTicks are 1, 2 and 5 times powers of ten, or powers alone where these are too many.
func (s scale) logTicks(n int) []tick {
	low, high := s.low*s.unit, s.high*s.unit
	for _, digits := range [][]float64{{1, 1.5, 2, 3, 4, 5, 6, 8}, {1, 2, 5}, {1, 3}, {1}} {
		var all []tick
		for p := math.Floor(math.Log10(low)); p <= math.Log10(high); p++ {
			for _, d := range digits {
				if v := d * math.Pow(10, p); v >= low && v <= high {
					all = append(all, tick{s.at(v / s.unit), short(v)})
				}
			}
		}
		if len(all) <= n+1 || len(digits) == 1 {
			return all
		}
	}
	return nil
}

// fixed writes a value with as many decimals as its step has.
func fixed(v, step float64) string {
	decimals := max(0, int(math.Ceil(-math.Log10(step)-1e-9)))
	if math.Abs(v) >= 1e6 || math.Abs(v) > 0 && math.Abs(v) < 1e-5 {
		return short(v)
	}
	return strconv.FormatFloat(v+0, 'f', decimals, 64)
}

// short writes a value with three digits.
func short(v float64) string {
	if a := math.Abs(v); a >= 1000 && a < 1e6 || a >= 1e-4 && a < 1000 || a == 0 {
		t := strconv.FormatFloat(v, 'f', max(0, 2-exponent(v)), 64)
		if strings.Contains(t, ".") {
			t = strings.TrimRight(strings.TrimRight(t, "0"), ".")
		}
		return t
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

func exponent(v float64) int {
	if v == 0 {
		return 0
	}
	return int(math.Floor(math.Log10(math.Abs(v))))
}
