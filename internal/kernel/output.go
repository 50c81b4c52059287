package kernel

import "math"

// Output says what becomes of the values of a convolution beside being written.
type Output struct {
	Sums *Sums // of the values and of their squares; nil: not wanted
	// Stream asks for values to be written past the caches, for tensors larger than they are; see
	// [Settle].
	Stream bool
}

// Sums gathers two sums over rows for every channel: what batch norm needs. They are complete after
// [Sums.End].
type Sums struct {
	First, Second []float64

	tmp  []float32 // both, of few rows
	rows int       // in tmp
}

// sumRows is how many rows are summed in float32 before the sum goes to float64.
const sumRows = 252 // full tiles of any instruction set

// Begin adds to first and second from now on. tmp holds at least 2 values a channel, and is the
// sums' until End.
func (s *Sums) Begin(first, second []float64, tmp []float32) {
	*s = Sums{First: first, Second: second, tmp: tmp[:2*len(first)]}
	clear(s.tmp)
}

// End completes the sums.
func (s *Sums) End() {
	c := len(s.First)
	flush(s.First, s.tmp[:c])
	flush(s.Second, s.tmp[c:])
	clear(s.tmp)
	s.rows = 0
}

// block gives room for the sums of the next rows, at most max rows, and says for how many.
func (s *Sums) block(max int) (rows int, first, second []float32) {
	if s == nil {
		return max, nil, nil
	}
	if s.rows+max > sumRows && s.rows > 0 {
		s.End()
	}
	rows = min(max, sumRows)
	s.rows += rows
	c := len(s.First)
	return rows, s.tmp[:c], s.tmp[c:]
}

// room is for how many rows block has room at a time, if a number of them is wanted together.
func (s *Sums) room(together int) int {
	switch {
	case s == nil:
		return math.MaxInt
	case s.rows+together <= sumRows:
		return sumRows - s.rows
	}
	return sumRows
}

// flush adds float32 sums to float64 ones.
func flush(to []float64, from []float32) {
	for j, v := range from {
		to[j] += float64(v)
	}
}

// addMoments adds the columns of x, rows ld apart, and their squares to the sums.
func addMoments(x []float32, rows, ld int, sum, square []float32) {
	for i := range rows {
		for j, v := range x[i*ld:][:len(sum)] {
			sum[j] += v
			square[j] += v * v
		}
	}
}
