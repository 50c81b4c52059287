package kernel

// Packing says which values of a matrix a [Sparse] keeps, and in which order.
type Packing uint8

// The packings.
const (
	// Singles keeps single values. Pixels are the lanes of vectors.
	Singles Packing = iota
	// Runs8 and Runs16 keep aligned runs of 8 or 16 adjacent columns of a row that hold any value
	// but zero. Columns are the lanes.
	Runs8
	Runs16
	// Lanes keeps single values, for few pixels: columns are the lanes, each with rows of its own.
	Lanes
)

// Blocks of adjacent columns, and the rows that a step of Lanes chooses from.
const (
	group  = 4
	panel  = 16
	window = 32
)

// width is the number of columns of a block.
func (p Packing) width() int {
	return [...]int{Singles: group, Runs8: 8, Runs16: 16,
		Lanes: panel}[p]
}

// place is how many bytes the places of adjacent rows are apart: four values for Singles, whose
// tiles have four pixels or a multiple of them beside each other; one for the others, which read
// rows of A as they are.
func (p Packing) place() int {
	if p == Singles {
		return 4 * group
	}
	return 4
}

// Sparse is a (k,n) matrix without its zeros, cut into blocks of adjacent columns. A block is a
// list of steps, from the first row to the last. A step of Runs is a row's run of values. A step of
// Singles and of Lanes has for each column the next value that is not zero; a column that has none
// is given a zero. Those of Lanes are from at most 32 rows, and who finds none there waits.
type Sparse struct {
	K, N    int
	packing Packing
	steps   []int32   // by block
	offsets []int32   // of rows, in bytes: one a step, or, for Singles, one a value
	values  []float32 // width a step
	index   []uint8   // of Lanes: rows counted from the step's, width a step
}

// Packing is how the matrix is packed.
func (s *Sparse) Packing() Packing { return s.packing }

// Bytes is how much memory the packed matrix takes.
func (s *Sparse) Bytes() int { return 4*(len(s.steps)+len(s.offsets)+len(s.values)) + len(s.index) }

// Products is the number of multiplications for a row of A, those included that fill up a step.
func (s *Sparse) Products() int { return len(s.values) }

// SparseRows is the most rows of A that Singles takes at a time; it is best with a multiple of
// them.
const SparseRows = 64

// SparseScratch is how many values [ConvolveSparse] needs to work with, for any packing and number
// of rows.
func SparseScratch(k, n int) int { return SparseRows*(k+group) + group*(n+group) + window }

// ConvolveSparse computes C = A·B, with A (m,B.K) and C (m,B.N): a 1x1 convolution of m pixels.
// scratch holds at least [SparseScratch] values. A row of C has the same bits whatever other rows
// there are.
func ConvolveSparse(m int, a []float32, b *Sparse, c, scratch []float32) {
	if m == 0 || b.N == 0 {
		return
	}
	checkMatrix(c, m, b.N, b.N)
	if len(b.values) == 0 {
		clear(c[:m*b.N])
		return
	}
	checkMatrix(a, m, b.K, b.K)
	b.convolve(m, a, c, scratch[:SparseScratch(b.K, b.N)])
}

// convolveGo is the plain form of what the assembly computes.
func (s *Sparse) convolveGo(m int, a, c []float32) {
	blockGo := s.runsGo
	switch s.packing {
	case Singles:
		blockGo = s.groupGo
	case Lanes:
		blockGo = s.panelGo
	}
	width := s.packing.width()
	for i := range m {
		ai, ci := a[i*s.K:][:s.K], c[i*s.N:][:s.N]
		done := 0
		for block, steps := range s.steps {
			blockGo(ci[block*width:][:min(width, s.N-block*width)], ai, done, done+int(steps))
			done += int(steps)
		}
	}
}

// groupGo, panelGo and runsGo compute a block of columns of one row of C, whose steps are from to
// to.
func (s *Sparse) groupGo(c, a []float32, from, to int) {
	offsets, values := s.offsets[from*group:to*group], s.values[from*group:to*group]
	var sum [group]float32
	for i := 0; i+group <= len(values) && i+group <= len(offsets); i += group {
		o, v := offsets[i:][:group], values[i:][:group]
		sum[0] += v[0] * a[o[0]/(4*group)]
		sum[1] += v[1] * a[o[1]/(4*group)]
		sum[2] += v[2] * a[o[2]/(4*group)]
		sum[3] += v[3] * a[o[3]/(4*group)]
	}
	copy(c, sum[:])
}

func (s *Sparse) panelGo(c, a []float32, from, to int) {
	clear(c)
	for step := from; step < to; step++ {
		values, rows := s.values[step*panel:], a[s.offsets[step]/4:]
		for q, i := range s.index[step*panel:][:len(c)] {
			c[q] += values[q] * rows[i]
		}
	}
}

func (s *Sparse) runsGo(c, a []float32, from, to int) {
	clear(c)
	width := s.packing.width()
	for step := from; step < to; step++ {
		axpy(c, s.values[step*width:], a[s.offsets[step]/4])
	}
}
