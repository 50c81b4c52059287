package kernel

import "slices"

// Pack keeps what is not zero of b, (k,n) with leading dimension ldb. Where the processor has no
// vectors of 16, runs are packed by halves, and Lanes as Singles.
func (s *Sparse) Pack(packing Packing, k, n int, b []float32, ldb int) {
	s.K, s.N, s.packing = k, n, packing.available()
	s.steps, s.offsets, s.values, s.index = s.steps[:0], s.offsets[:0], s.values[:0], s.index[:0]
	width := s.packing.width()
	for j := 0; j < n; j += width {
		before := len(s.values)
		switch s.packing {
		case Singles:
			s.packGroup(j, b, ldb)
		case Lanes:
			s.packPanel(j, b, ldb)
		default:
			s.packRuns(j, b, ldb)
		}
		s.steps = append(s.steps, int32((len(s.values)-before)/width))
	}
}

func (p Packing) available() Packing {
	switch {
	case p == Runs16 && active != AVX512:
		return Runs8
	case p == Lanes && active != AVX512:
		return Singles
	}
	return p
}

func (s *Sparse) packRuns(j int, b []float32, ldb int) {
	width := s.packing.width()
	cols := min(width, s.N-j)
	for i := range s.K {
		run := b[i*ldb+j:][:cols]
		if !slices.ContainsFunc(run, notZero) {
			continue
		}
		s.offsets = append(s.offsets, int32(i*s.packing.place()))
		s.values = append(s.values, run...)
		for range width - cols {
			s.values = append(s.values, 0)
		}
	}
}

func notZero(v float32) bool { return v != 0 }

func (s *Sparse) packGroup(j int, b []float32, ldb int) {
	var next cursor
	next.begin(s, j, min(group, s.N-j), b, ldb)
	for next.first() < s.K {
		for q := range group {
			row, value := next.take(q, s.K)
			s.offsets = append(s.offsets, int32(row*s.packing.place()))
			s.values = append(s.values, value)
		}
	}
}

// packPanel lets every step begin at the first row that a column still needs.
func (s *Sparse) packPanel(j int, b []float32, ldb int) {
	var next cursor
	next.begin(s, j, min(panel, s.N-j), b, ldb)
	for first := next.first(); first < s.K; first = next.first() {
		s.offsets = append(s.offsets, int32(first*s.packing.place()))
		for q := range panel {
			row, value := next.take(q, first+window)
			s.index = append(s.index, uint8(max(row-first, 0)))
			s.values = append(s.values, value)
		}
	}
}

// cursor goes through adjacent columns of a matrix, each from one value that is not zero to the
// next.
type cursor struct {
	b    []float32 // from the first column on
	ldb  int
	k    int
	cols int
	row  [panel]int // of each column's next value; k if there is none
}

func (c *cursor) begin(s *Sparse, j, cols int, b []float32, ldb int) {
	*c = cursor{b: b[j:], ldb: ldb, k: s.K, cols: cols}
	for q := range cols {
		c.find(q, 0)
	}
}

func (c *cursor) find(q, from int) {
	for from < c.k && c.b[from*c.ldb+q] == 0 {
		from++
	}
	c.row[q] = from
}

// first is the first row that a column needs next.
func (c *cursor) first() int { return slices.Min(c.row[:c.cols]) }

// take gives a column's next value, if its row is before end; else zero, of row 0.
func (c *cursor) take(q, end int) (row int, value float32) {
	if q >= c.cols || c.row[q] >= min(end, c.k) {
		return 0, 0
	}
	row = c.row[q]
	value = c.b[row*c.ldb+q]
	c.find(q, row+1)
	return row, value
}
