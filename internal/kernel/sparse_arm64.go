//go:build !noasm

package kernel

func (s *Sparse) convolve(m int, a, c, scratch []float32) {
	switch {
	case active == Portable:
		s.convolveGo(m, a, c)
	case s.packing == Singles:
		s.convolveSingles(m, a, c, scratch)
	default:
		s.convolveRuns(m, a, c, scratch)
	}
}

type runsFunc func(count, steps int, offsets *int32, values, a *float32, aRow int, c *float32,
	cRow int)

// The heights of tiles, highest first, and the kernels for them.
var (
	runsHeights = [...]int{8, 4, 2, 1}
	runsKernels = [...]runsFunc{runs8x8NEON, runs4x8NEON, runs2x8NEON, runs1x8NEON}
)

// runsFor is the kernel of the highest tile that so many rows fill.
func runsFor(rows int) (height int, f runsFunc) {
	q := 0
	for runsHeights[q] > rows {
		q++
	}
	return runsHeights[q], runsKernels[q]
}

func (s *Sparse) convolveRuns(m int, a, c, scratch []float32) {
	width, done := s.packing.width(), 0
	for block, steps := range s.steps {
		j := block * width
		from := min(done, len(s.offsets)-1) // the last block may have no steps
		for i := 0; i < m; {
			height, f := runsFor(m - i)
			count, to, stride := (m-i)/height, c[i*s.N+j:], s.N
			ragged := s.N-j < width // columns that fill no panel are copied
			if ragged {
				count, to, stride = 1, scratch, width
			}
			f(count, int(steps), &s.offsets[from], &s.values[from*width], &a[i*s.K], 4*s.K, &to[0],
				4*stride)
			for r := 0; ragged && r < height; r++ {
				copy(c[(i+r)*s.N+j:][:s.N-j], scratch[r*width:])
			}
			i += count * height
		}
		done += int(steps)
	}
}

var singleKernels = [...]singleKernel{
	{16, single16NEON, transpose4NEON, 4},
	{8, single8NEON, transpose4NEON, 4},
	{4, single4NEON, transpose4NEON, 4},
}

// singles are the tiles that there are kernels for, the widest first.
func singles() []singleKernel { return singleKernels[:] }
