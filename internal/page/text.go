package page

import (
	"fmt"
	"math"
	"strconv"
)

// unitOf is what costs up to the largest are multiplied by, and the unit that this gives.
func unitOf(c Cost, largest float64) (factor float64, unit string) {
	switch {
	case c == Latency && largest < 1:
		return 1000, "µs"
	case c == Latency:
		return 1, "ms"
	case largest >= 1e9:
		return 1e-9, "G"
	case largest >= 1e6:
		return 1e-6, "M"
	case largest >= 1e3:
		return 1e-3, "K"
	}
	return 1, ""
}

// called is what an axis of a cost says.
func (c Cost) called(unit string) string {
	switch {
	case c == Latency:
		return "latency, " + unit
	case c == MACs && unit != "":
		return "multiply-accumulates, " + unit
	case c == MACs:
		return "multiply-accumulates"
	case unit != "":
		return "parameters, " + unit
	}
	return "parameters"
}

// Text writes a cost for people.
func (c Cost) Text(v float64) string {
	if c == Latency {
		return Milliseconds(v)
	}
	return Count(int64(v))
}

// Milliseconds writes a latency with the unit that people say.
func Milliseconds(v float64) string {
	switch {
	case math.IsNaN(v) || v == 0:
		return "–"
	case v < 1:
		return short(1000*v) + "\u00a0µs"
	case v < 1000:
		return short(v) + "\u00a0ms"
	}
	return short(v/1000) + "\u00a0s"
}

// Percent writes a share. Units stand behind a space at which no line is broken.
func Percent(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return strconv.FormatFloat(100*v, 'f', 1, 64) + "\u00a0%"
}

// Count writes a number of things.
func Count(n int64) string {
	v := float64(n)
	switch {
	case n >= 1e9:
		return short(v/1e9) + "\u00a0G"
	case n >= 1e6:
		return short(v/1e6) + "\u00a0M"
	case n >= 10_000:
		return short(v/1e3) + "\u00a0K"
	}
	return strconv.FormatInt(n, 10)
}

// Bytes writes a size.
func Bytes(n int64) string {
	v := float64(n)
	switch {
	case n >= 1<<30:
		return short(v/(1<<30)) + "\u00a0GiB"
	case n >= 1<<20:
		return short(v/(1<<20)) + "\u00a0MiB"
	case n >= 1<<10:
		return short(v/(1<<10)) + "\u00a0KiB"
	}
	return fmt.Sprintf("%d\u00a0bytes", n)
}
