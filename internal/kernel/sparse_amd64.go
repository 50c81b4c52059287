//go:build !noasm

package kernel

func (s *Sparse) convolve(m int, a, c, scratch []float32) {
	switch {
	case active == Portable:
		s.convolveGo(m, a, c)
	case s.packing == Singles:
		s.convolveSingles(m, a, c, scratch)
	case s.packing == Lanes:
		s.convolveLanes(m, a, c, scratch)
	default:
		s.convolveRuns(m, a, c)
	}
}

type runsFunc func(count, steps int, offsets *int32, values, a *float32, aRow int, c *float32,
	cRow int, mask *int32)

// The heights of tiles, highest first, and the kernels for them.
var (
	runsHeights = [...]int{16, 8, 4, 2, 1}
	runs512x16  = [...]runsFunc{runs16x16AVX512, runs8x16AVX512, runs4x16AVX512, runs2x16AVX512,
		runs1x16AVX512}
	runs512x8 = [...]runsFunc{runs16x8AVX512, runs8x8AVX512, runs4x8AVX512, runs2x8AVX512,
		runs1x8AVX512}
	runs2x8 = [...]runsFunc{nil, runs8x8AVX2, runs4x8AVX2, runs2x8AVX2, runs1x8AVX2}
)

func (s *Sparse) convolveRuns(m int, a, c []float32) {
	kernels := &runs2x8
	if active == AVX512 && s.packing == Runs8 {
		kernels = &runs512x8
	} else if active == AVX512 {
		kernels = &runs512x16
	}
	width, done := s.packing.width(), 0
	for block, steps := range s.steps {
		j := block * width
		from := min(done, len(s.offsets)-1) // the last block may have no steps
		var mask *int32
		if n := s.N - j; n < width {
			mask = lastMask(n)
		}
		for i, q := 0, 0; i < m; q++ {
			height := runsHeights[q]
			count := (m - i) / height
			if count == 0 || kernels[q] == nil {
				continue
			}
			kernels[q](count, int(steps), &s.offsets[from], &s.values[from*width], &a[i*s.K], 4*s.K,
				&c[i*s.N+j], 4*s.N, mask)
			i += count * height
		}
		done += int(steps)
	}
}

var singleKernels = [...]singleKernel{
	{64, single64AVX512, transpose16AVX512, 16},
	{32, single32AVX512, transpose16AVX512, 16},
	{16, single16AVX512, transpose16AVX512, 16},
	{16, single16AVX2, transpose8AVX2, 8},
	{8, single8AVX2, transpose8AVX2, 8},
	{4, single4AVX2, transpose4AVX2, 4},
}

// singles are the tiles that there are kernels for, the widest first.
func singles() []singleKernel {
	if active == AVX2 {
		return singleKernels[3:]
	}
	return singleKernels[:]
}

// convolveLanes takes one row of A after the other, with as many zeros behind it as the last window
// reaches.
func (s *Sparse) convolveLanes(m int, a, c, scratch []float32) {
	x := scratch[:s.K+window]
	clear(x[s.K:])
	last := s.N - (len(s.steps)-1)*panel
	for i := range m {
		copy(x, a[i*s.K:][:s.K])
		lanesAVX512(len(s.steps), &s.steps[0], &s.offsets[0], &s.index[0], &s.values[0], &x[0],
			&c[i*s.N], lastMask(last))
	}
}
