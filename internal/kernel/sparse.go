package kernel

// Layout says which of a matrix's values a [Sparse] keeps.
type Layout uint8

// The layouts.
const (
	// Singles keeps single values.
	Singles Layout = iota
	// Runs8 and Runs16 keep aligned runs of 8 or 16 adjacent columns of a row that hold any value but zero.
	Runs8
	Runs16
)

// run is the number of adjacent columns that are kept or left out together.
func (l Layout) run() int { return [...]int{Singles: 1, Runs8: 8, Runs16: 16}[l] }

// group is the number of adjacent columns that Singles computes at a time.
const group = 4

// Sparse is a (k,n) matrix without its zeros. It is cut into blocks of adjacent columns: groups of 4 for Singles, else as wide as
// a run. Each block is a list of steps, in the order of rows. A step of a run is the values of a row and the place of the
// row. A step of a group is for each of its columns the next value that is not zero and the place of its row; columns with fewer
// values than others are filled up with zeros.
type Sparse struct {
	K, N    int
	layout  Layout
	steps   []int32   // by block
	offsets []int32   // of rows, in bytes: see places
	values  []float32 // width a step
}

// width is the number of columns of a block.
func (s *Sparse) width() int {
	if s.layout == Singles {
		return group
	}
	return s.layout.run()
}

// places is how many bytes the places of adjacent rows are apart: a value of A for runs; four for single values, whose pixels are
// adjacent.
func (s *Sparse) place() int {
	if s.layout == Singles {
		return 16
	}
	return 4
}

// Count says how many runs of a layout b, (k,n) with leading dimension ldb, has in all, and how many of them hold a value but zero.
func Count(layout Layout, k, n int, b []float32, ldb int) (all, kept int) {
	run := layout.run()
	for i := range k {
		row := b[i*ldb:][:n]
		for j := 0; j < n; j += run {
			if all++; !allZero(row[j:min(j+run, n)]) {
				kept++
			}
		}
	}
	return all, kept
}

func allZero(v []float32) bool {
	for _, x := range v {
		if x != 0 {
			return false
		}
	}
	return true
}

// Pack keeps what is not zero of b, (k,n) with leading dimension ldb. AVX2 has no vectors of 16: it packs halves.
func (s *Sparse) Pack(layout Layout, k, n int, b []float32, ldb int) {
	if layout == Runs16 && active == AVX2 {
		layout = Runs8
	}
	s.K, s.N, s.layout = k, n, layout
	s.steps, s.offsets, s.values = s.steps[:0], s.offsets[:0], s.values[:0]
	for j := 0; j < n; j += s.width() {
		before := len(s.values)
		if layout == Singles {
			s.packGroup(j, b, ldb)
		} else {
			s.packRuns(j, b, ldb)
		}
		s.steps = append(s.steps, int32((len(s.values)-before)/s.width()))
	}
}

func (s *Sparse) packRuns(j int, b []float32, ldb int) {
	width := s.width()
	for i := range s.K {
		run := b[i*ldb+j:][:min(width, s.N-j)]
		if allZero(run) {
			continue
		}
		s.offsets = append(s.offsets, int32(i*s.place()))
		s.values = append(s.values, run...)
		for range width - len(run) {
			s.values = append(s.values, 0)
		}
	}
}

func (s *Sparse) packGroup(j int, b []float32, ldb int) {
	var at [group]int // the row that each column has come to
	for {
		var offsets [group]int32
		var values [group]float32
		any := false
		for q := range min(group, s.N-j) {
			for at[q] < s.K && b[at[q]*ldb+j+q] == 0 {
				at[q]++
			}
			if at[q] < s.K {
				offsets[q], values[q] = int32(at[q]*s.place()), b[at[q]*ldb+j+q]
				at[q]++
				any = true
			}
		}
		if !any {
			return
		}
		s.offsets = append(s.offsets, offsets[:]...)
		s.values = append(s.values, values[:]...)
	}
}

// Bytes is how much memory the packed matrix takes.
func (s *Sparse) Bytes() int { return 4 * (len(s.steps) + len(s.offsets) + len(s.values)) }

// Steps is how many values of B multiply each row of A, those included that fill up a step.
func (s *Sparse) Products() int { return len(s.values) }

// SparseScratch is how many values [ConvolveSparse] needs beside A and C, for any layout and number of rows.
func SparseScratch(k, n int) int { return sparseTile*k + max(group*sparseTile, group*n) }

// sparseTile is the most rows of A that Singles takes at a time.
const sparseTile = 64

// ConvolveSparse computes C = A·B, with A (m,B.K) and C (m,B.N): a 1x1 convolution of m pixels. scratch holds at least
// [SparseScratch] values. A row of C has the same bits whatever other rows there are.
func ConvolveSparse(m int, a []float32, b *Sparse, c, scratch []float32) {
	if m == 0 || b.N == 0 {
		return
	}
	if b.K == 0 {
		clear(c[:m*b.N])
		return
	}
	checkMatrix(a, m, b.K, b.K)
	checkMatrix(c, m, b.N, b.N)
	b.convolve(m, a, c, scratch)
}

// convolveGo is the plain form of what the assembly computes.
func (s *Sparse) convolveGo(m int, a, c []float32) {
	for i := range m {
		ai, ci := a[i*s.K:][:s.K], c[i*s.N:][:s.N]
		clear(ci)
		offsets, values := s.offsets, s.values
		for block, steps := range s.steps {
			cols := ci[block*s.width():][:min(s.width(), s.N-block*s.width())]
			for range steps {
				if s.layout == Singles {
					for q := range cols {
						cols[q] += values[q] * ai[int(offsets[q])/s.place()]
					}
					offsets = offsets[group:]
				} else {
					axpy(cols, values, ai[int(offsets[0])/s.place()])
					offsets = offsets[1:]
				}
				values = values[s.width():]
			}
		}
	}
}
