package kernel

// Output says what becomes of the values of a product or a convolution beside being written.
type Output struct {
	// Sum and Square, if set, are given the sums of every channel and of its squares: those that batch norm needs.
	Sum, Square []float64
	Tmp         []float32 // at least 2 values a channel, where Sum is set
	// Stream asks for values to be written past the caches, for tensors larger than they are.
	Stream bool
}

// sumRows is how many rows are summed in float32 before the sum goes to float64.
const sumRows = 252 // full tiles of any instruction set

// begin clears the float32 sums of c channels; they are nil if none are wanted.
func (o *Output) begin(c int) (sum, square []float32) {
	if o.Sum == nil {
		return nil, nil
	}
	clear(o.Tmp[:2*c])
	return o.Tmp[:c], o.Tmp[c : 2*c]
}

// end adds the float32 sums to the float64 ones.
func (o *Output) end(sum, square []float32) {
	flush(o.Sum, sum)
	flush(o.Square, square)
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
