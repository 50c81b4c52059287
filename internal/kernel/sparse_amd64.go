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

type (
	runsFunc func(count, steps int, offsets *int32, values, a *float32, aRow int, c *float32,
		cRow int, mask *int32)
	singleFunc func(groups int, steps, offsets *int32, weights, x, c *float32, cRow int)
	turnFunc   func(blocks int, a *float32, aRow int, x *float32, xRow int)
)

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

// singleKernel is what Singles takes a tile of pixels through.
type singleKernel struct {
	pixels  int
	product singleFunc
	turn    turnFunc // of lanes pixels at a time
	lanes   int
}

var singleKernels = [...]singleKernel{
	{64, single64AVX512, transpose16AVX512, 16},
	{32, single32AVX512, transpose16AVX512, 16},
	{16, single16AVX512, transpose16AVX512, 16},
	{16, single16AVX2, transpose8AVX2, 8},
	{8, single8AVX2, transpose8AVX2, 8},
	{4, single4AVX2, transpose4AVX2, 4},
}

// singleKernelFor chooses the widest tile that m pixels fill: even where it only fits the second
// level cache it is the fastest.
func singleKernelFor(m int) *singleKernel {
	kernels := singleKernels[:]
	if active == AVX2 {
		kernels = kernels[3:]
	}
	for i := range kernels {
		if kernels[i].pixels <= m {
			return &kernels[i]
		}
	}
	return &kernels[len(kernels)-1]
}

func (s *Sparse) convolveSingles(m int, a, c, scratch []float32) {
	for i := 0; i < m; {
		t := singleKernelFor(m - i)
		x, rest := scratch[:t.pixels*s.K], scratch[t.pixels*s.K:]
		rows, from := min(t.pixels, m-i), a[i*s.K:]
		if rows < t.pixels { // the last few, with zeros below them
			from, rest = rest[:t.pixels*s.K], rest[t.pixels*s.K:]
			clear(from[copy(from, a[i*s.K:m*s.K]):])
		}
		t.transpose(s.K, from, x)
		s.tile(t, rows, x, c[i*s.N:], rest)
		i += rows
	}
}

// transpose writes t.pixels rows of A as columns of X.
func (t *singleKernel) transpose(k int, a, x []float32) {
	for p := 0; p < t.pixels; p += t.lanes {
		if k < 4 {
			for i := range k {
				for q := range t.lanes {
					x[i*t.pixels+p+q] = a[(p+q)*k+i]
				}
			}
			continue
		}
		t.turn(k/4, &a[p*k], 4*k, &x[p], 4*t.pixels)
		if k%4 > 0 { // the last four again
			t.turn(1, &a[p*k+k-4], 4*k, &x[(k-4)*t.pixels+p], 4*t.pixels)
		}
	}
}

// tile multiplies a tile of X. What does not fill the kernel's tile goes through rest.
func (s *Sparse) tile(t *singleKernel, rows int, x, c, rest []float32) {
	groups, ragged := s.N/group, s.N%group
	if rows < t.pixels {
		all := len(s.steps)
		t.product(all, &s.steps[0], &s.offsets[0], &s.values[0], &x[0], &rest[0], 4*group*all)
		for i := range rows {
			copy(c[i*s.N:][:s.N], rest[i*group*all:])
		}
		return
	}
	if groups > 0 {
		t.product(groups, &s.steps[0], &s.offsets[0], &s.values[0], &x[0], &c[0], 4*s.N)
	}
	if ragged == 0 {
		return
	}
	last := min(len(s.values)-group*int(s.steps[groups]), len(s.values)-1) // it may have no steps
	t.product(1, &s.steps[groups], &s.offsets[last], &s.values[last], &x[0], &rest[0], 4*group)
	for i := range rows {
		copy(c[i*s.N+groups*group:][:ragged], rest[i*group:])
	}
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
