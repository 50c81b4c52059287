//go:build (amd64 || arm64) && !noasm

package kernel

type (
	singleFunc func(groups int, steps, offsets *int32, weights, x, c *float32, cRow int)
	turnFunc   func(blocks int, a *float32, aRow int, x *float32, xRow int)
)

// singleKernel is what Singles takes a tile of pixels through.
type singleKernel struct {
	pixels  int
	product singleFunc
	turn    turnFunc // of lanes pixels at a time
	lanes   int
}

// singleKernelFor chooses the widest tile that m pixels fill: even where it only fits the second
// level cache it is the fastest.
func singleKernelFor(m int) *singleKernel {
	kernels := singles()
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
