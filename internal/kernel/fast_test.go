package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

var acts = []Act{Identity, ReLU, ReLU6, HSwish, SiLU, HSigmoid, Sigmoid}

func TestRowMaps(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 1))
		for _, c := range []int{1, 3, 7, 8, 9, 15, 16, 17, 24, 31, 33, 48, 64, 100} {
			for rows := range 5 {
				x, q := randoms(r, rows*c), randoms(r, rows*c)
				scale, shift, other := randoms(r, c), randoms(r, c), randoms(r, c)
				for i := range x {
					x[i] *= 3
				}
				for _, act := range acts {
					y, want := randoms(r, rows*c+3), make([]float32, rows*c)
					guard := append([]float32(nil), y[rows*c:]...)
					for i, v := range x {
						want[i] = act.Value(v*scale[i%c] + shift[i%c])
					}
					Map(y, x, scale, shift, act)
					compare(t, fmt.Sprintf("map act %d c=%d rows=%d", act, c, rows), y[:rows*c],
						want, 2e-6*10)
					compare(t, "guard", y[rows*c:], guard, 0)
				}
				y, want := make([]float32, rows*c), make([]float32, rows*c)
				for i, v := range x {
					want[i] = v*scale[i%c] + shift[i%c] + q[i]
				}
				MapAdd(y, x, q, scale, shift)
				compare(t, "add", y, want, 1e-5)
				for i, v := range x {
					want[i] = v*scale[i%c] + shift[i%c] + q[i]*other[i%c]
				}
				Combine(y, x, q, scale, other, shift)
				compare(t, "combine", y, want, 1e-5)
			}
		}
	})
}

// TestSiLUBits: silu and its slope are the same bits with all instruction sets, for all values.
func TestSiLUBits(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 2))
		const n = 1 << 16
		x, one, zero := make([]float32, n), []float32{1}, []float32{0}
		for i := range x {
			x[i] = float32(r.NormFloat64() * math.Exp(8*r.NormFloat64()))
		}
		copy(x, []float32{0, float32(math.Copysign(0, -1)), 87, -87, 88, -88, 1e38, -1e38, 1e-45})
		for len(one) < n {
			one, zero = append(one, one...), append(zero, zero...)
		}
		y, g := make([]float32, n), make([]float32, n)
		Map(y, x, one, zero, SiLU)
		norm := Norm{Mean: zero, InvStd: one, Scale: one, Shift: zero, Act: SiLU}
		var sums Sums
		sums.Begin(make([]float64, n), make([]float64, n), make([]float32, 2*n))
		norm.Gradient(g, one, x, &sums, false)
		for i, v := range x {
			if y[i] != SiLU.Value(v) || g[i] != SiLU.Slope(v) {
				t.Fatalf("silu of %g is %g with slope %g, in plain Go %g with %g", v, y[i], g[i],
					SiLU.Value(v), SiLU.Slope(v))
			}
		}
	})
}

func TestRowSums(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(4, 1))
		for _, c := range []int{1, 7, 8, 9, 16, 17, 24, 33, 64, 65, 100, 130} {
			for _, rows := range []int{0, 1, 2, 127, 128, 129, 300} {
				x, d := randoms(r, rows*c), randoms(r, rows*c)
				tmp := make([]float32, 2*c)
				sum, square := make([]float64, c), make([]float64, c)
				wantDot := make([]float64, c)
				for i, v := range x {
					wantDot[i%c] += float64(v) * float64(d[i])
				}
				dot := make([]float32, c)
				Products(dot, x, d)
				for j := range c {
					if math.Abs(float64(dot[j])-wantDot[j]) > 1e-3 {
						t.Fatalf("c=%d rows=%d channel %d: products sum to %g, want %g", c, rows, j,
							dot[j], wantDot[j])
					}
				}
				for _, act := range acts {
					n := Norm{Mean: randoms(r, c), InvStd: randoms(r, c), Scale: randoms(r, c),
						Shift: randoms(r, c), Act: act}
					g, want := make([]float32, rows*c), make([]float32, rows*c)
					clear(sum)
					clear(square)
					wantS, wantD := make([]float64, c), make([]float64, c)
					for i, v := range x {
						j := i % c
						want[i] = d[i] * act.Slope(v*n.Scale[j]+n.Shift[j])
						wantS[j] += float64(want[i])
						wantD[j] += float64(want[i]) * float64(v-n.Mean[j])
					}
					var sums Sums
					sums.Begin(sum, square, tmp)
					n.Gradient(g, d, x, &sums, false)
					sums.End()
					compare(t, fmt.Sprintf("gradient act %d", act), g, want, 1e-5)
					for j := range c {
						if math.Abs(sum[j]-wantS[j]) > 1e-3 || math.Abs(square[j]-wantD[j]) > 1e-3 {
							t.Fatalf("act %d c=%d rows=%d channel %d: sums %g %g, want %g %g", act,
								c, rows, j, sum[j], square[j], wantS[j], wantD[j])
						}
					}
				}
			}
		}
	})
}

func TestAdd(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(6, 1))
		for n := range 70 {
			y, x := randoms(r, n+2), randoms(r, n)
			want := append([]float32(nil), y...)
			for i, v := range x {
				want[i] += v
			}
			Add(y[:n], x)
			compare(t, fmt.Sprint("add ", n), y, want, 0)
		}
	})
}

// TestRectifiedDot compares with sums in float64, at lengths around those of vectors, of pieces of
// larger slices whose other values would spoil the sum.
func TestRectifiedDot(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(6, 2))
		for n := range 100 {
			var v [4][]float32
			for i := range v {
				all := randoms(r, n+40)
				for j := n; j < len(all); j++ {
					all[j] = float32(math.Inf(1))
				}
				v[i] = all[:n]
			}
			want := 0.0
			for j, w := range v[3] {
				want += max(float64(v[2][j]-v[1][j]+v[0][j]), 0) * float64(w)
			}
			got := RectifiedDot(v[0], v[1], v[2], v[3])
			if math.Abs(float64(got)-want) > 1e-5*(1+float64(n)) {
				t.Errorf("of %d: %g, want %g", n, got, want)
			}
		}
	})
}

// TestPadded compares the padded convolution, its weight gradient and its input gradient with the
// reference.
func TestPadded(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 1))
		for _, k := range []int{1, 3, 5, 7, 9} {
			for _, stride := range []int{1, 2} {
				for _, size := range [][2]int{{1, 1}, {2, 3}, {5, 4}, {8, 8}, {9, 17}} {
					for _, c := range []int{1, 5, 8, 16, 19, 40} {
						checkPadded(t, r, Padded{NewWindow(size[0], size[1], k, stride), c})
					}
				}
			}
		}
	})
}

// TestPaddedUnevenly does so with zeros that differ from side to side: TensorFlow's padding of a
// step of 2, and any.
func TestPaddedUnevenly(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 2))
		for _, k := range []int{3, 5, 7, 9} {
			for _, stride := range []int{1, 2} {
				for _, size := range [][2]int{{9, 9}, {10, 24}, {12, 11}} {
					for _, c := range []int{1, 8, 19, 40} {
						tf := Pads{(k - 2) / 2, (k - 1) / 2, (k - 2) / 2, (k - 1) / 2}
						some := Pads{r.IntN(k), r.IntN(k), r.IntN(k), r.IntN(k)}
						for _, pads := range []Pads{tf, some} {
							g := NewPaddedWindow(size[0], size[1], k, stride, pads)
							checkPadded(t, r, Padded{g, c})
						}
					}
				}
			}
		}
	})
}

// checkPadded compares a padded convolution and its gradients with the reference.
func checkPadded(t *testing.T, r *rand.Rand, g Padded) {
	t.Helper()
	k, c := g.Kernel, g.C
	x, w, dz := randoms(r, g.H*g.W*c), randoms(r, k*k*c), randoms(r, g.OH*g.OW*c)
	taps := Taps{w, k * c, c}
	pad := make([]float32, g.Len())
	for y := range g.H {
		copy(g.Row(pad, y), x[y*g.W*c:])
	}
	name := fmt.Sprintf("%+v", g)
	y, want := make([]float32, g.OH*g.OW*c), make([]float32, g.OH*g.OW*c)
	Depthwise(want, x, taps, g.Window, c, 0, g.OH)
	g.Convolve(y, pad, w, nil)
	compare(t, name+" forward", y, want, 1e-4)

	in := g.InputGeometry()
	spread, flipped := make([]float32, in.Len()), make([]float32, k*k*c)
	offset, row, pixel := g.Spread()
	for oy := range g.OH {
		for ox := range g.OW {
			copy(spread[offset+oy*row+ox*pixel:][:c], dz[(oy*g.OW+ox)*c:])
		}
	}
	dw, wantW := make([]float32, k*k*c), make([]float32, k*k*c)
	DepthwiseWeight(Taps{wantW, k * c, c}, x, dz, g.Window, c)
	g.WeightGradient(dw, pad, spread[offset:], row, pixel, nil)
	compare(t, name+" weight", dw, wantW, 1e-4)
	clear(dw)
	g.WeightGradient(dw, pad, dz, g.OW*c, c, nil)
	compare(t, name+" weight, compact", dw, wantW, 1e-4)

	Flip(flipped, w, k, c)
	dx, wantX := make([]float32, g.H*g.W*c), make([]float32, g.H*g.W*c)
	DepthwiseInput(wantX, dz, taps, g.Window, c, 0, g.H)
	in.Convolve(dx, spread, flipped, nil)
	compare(t, name+" input", dx, wantX, 1e-4)
}

func BenchmarkPadded(b *testing.B) {
	for _, s := range []struct{ size, k, c, stride int }{{32, 3, 96, 1}, {16, 5, 240, 1},
		{8, 7, 480, 1}, {32, 7, 96, 2}} {
		g := Padded{NewWindow(s.size, s.size, s.k, s.stride), s.c}
		r := rand.New(rand.NewPCG(1, 1))
		x, w, y := randoms(r, g.Len()), randoms(r, s.k*s.k*s.c), randoms(r, g.OH*g.OW*s.c)
		dw := make([]float32, len(w))
		flops := 2 * float64(g.OH*g.OW*s.k*s.k*s.c)
		for _, isa := range ISAs[1:] {
			for name, f := range map[string]func(){"forward": func() { g.Convolve(y, x, w, nil) },
				"weight": func() { g.WeightGradient(dw, x, y, g.OW*g.C, g.C, nil) }} {
				b.Run(fmt.Sprintf("%s/%dx%d/k%d/c%d/s%d/%v", name, s.size, s.size, s.k, s.c,
					s.stride, isa), func(b *testing.B) {
					restore, err := Use(isa)
					if err != nil {
						b.Skip(err)
					}
					defer restore()
					for b.Loop() {
						f()
					}
					b.ReportMetric(flops*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
				})
			}
		}
	}
}

func BenchmarkRows(b *testing.B) {
	const rows, c = 1024, 96
	r := rand.New(rand.NewPCG(1, 1))
	x, d, g, coef := randoms(r, rows*c), randoms(r, rows*c), randoms(r, rows*c), randoms(r, c)
	tmp, s, q := make([]float32, 2*c), make([]float64, c), make([]float64, c)
	n, silu := Norm{coef, coef, coef, coef, HSwish}, Norm{coef, coef, coef, coef, SiLU}
	var sums Sums
	sums.Begin(s, q, tmp)
	for _, m := range []struct {
		name string
		f    func()
	}{
		{"map/h_swish", func() { Map(g, x, coef, coef, HSwish) }},
		{"map/silu", func() { Map(g, x, coef, coef, SiLU) }},
		{"gradient/h_swish", func() { n.Gradient(g, d, x, &sums, false) }},
		{"gradient/silu", func() { silu.Gradient(g, d, x, &sums, false) }},
		{"combine", func() { Combine(g, x, d, coef, coef, coef) }},
	} {
		for _, isa := range ISAs {
			b.Run(fmt.Sprintf("%s/%v", m.name, isa), func(b *testing.B) {
				restore, err := Use(isa)
				if err != nil {
					b.Skip(err)
				}
				defer restore()
				b.SetBytes(rows * c * 4)
				for b.Loop() {
					m.f()
				}
			})
		}
	}
}
