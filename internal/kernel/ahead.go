package kernel

// Ahead is memory that a kernel brings into the caches while it computes, for whoever reads it
// next: arithmetic and memory overlap. It gives hints only, results do not depend on it. The zero
// value, and nil, is none.
type Ahead struct {
	spans [aheadSpans][]float32
	n     int
}

// aheadSpans is the most pieces of memory that an Ahead holds.
const aheadSpans = 6

// lineValues is the number of values in a cache line.
const lineValues = 16

// Add lets x be fetched after what was added before.
func (a *Ahead) Add(x []float32) {
	if len(x) > 0 && a.n < aheadSpans {
		a.spans[a.n] = x
		a.n++
	}
}

// Reset forgets what is left.
func (a *Ahead) Reset() { *a = Ahead{} }

var idle [lineValues]float32

// take gives a kernel that fetches so many lines a place to begin at, and how many bytes to move on
// after each: 0 if nothing is left.
func (a *Ahead) take(lines int) (at *float32, step int) {
	_, at, step = a.takeTimes(1, lines)
	return at, step
}

// takeTimes is take for a kernel that fetches so many lines each time that it runs. It says how
// often to run it, at most count times, before taking again.
func (a *Ahead) takeTimes(count, lines int) (times int, at *float32, step int) {
	if a == nil || a.n == 0 {
		return count, &idle[0], 0
	}
	span := a.spans[0]
	each := lines * lineValues
	if each*count >= len(span) {
		count = (len(span) + each - 1) / each
		a.n--
		copy(a.spans[:], a.spans[1:])
	} else {
		a.spans[0] = span[each*count:]
	}
	return count, &span[0], 4 * lineValues
}
