package kernel

// The functions of this file pass over rows of c channels. Each has a plain Go body here, which
// says what it computes; with vector instructions another body computes the same up to rounding.

// Map is y = act(x*scale + shift) over rows of len(scale) channels. It may run in place.
func Map(y, x, scale, shift []float32, act Act) {
	c := len(scale)
	rows := len(x) / c
	if rows == 0 {
		return
	}
	checkRows(rows, c, y, x)
	if mapVector(scaleShiftKernels[act], y, x, x, scale, shift[:c], shift, rows, c) {
		return
	}
	ScaleShift(y, x[:rows*c], scale, shift, act)
}

// MapAdd is y = x*scale + shift + r.
func MapAdd(y, x, r, scale, shift []float32) {
	c := len(scale)
	rows := len(x) / c
	if rows == 0 {
		return
	}
	checkRows(rows, c, y, x, r)
	if mapVector(scaleShiftAddKernel, y, x, r, scale, shift[:c], shift, rows, c) {
		return
	}
	for i := 0; i < rows*c; i += c {
		for j, s := range scale {
			y[i+j] = x[i+j]*s + shift[j] + r[i+j]
		}
	}
}

// Combine is y = x*scale + r*other + shift.
func Combine(y, x, r, scale, other, shift []float32) {
	c := len(scale)
	rows := len(x) / c
	if rows == 0 {
		return
	}
	checkRows(rows, c, y, x, r)
	if mapVector(combineKernel, y, x, r, scale, shift[:c], other[:c], rows, c) {
		return
	}
	for i := 0; i < rows*c; i += c {
		for j, s := range scale {
			y[i+j] = x[i+j]*s + r[i+j]*other[j] + shift[j]
		}
	}
}

// checkRows panics if a slice is shorter than rows of c values.
func checkRows(rows, c int, slices ...[]float32) {
	for _, s := range slices {
		_ = s[rows*c-1]
	}
}

// Gradient is the step back through activation and batch norm's scale: g = d * act'(x*Scale+Shift).
// It adds Σ g and Σ g*(x-Mean) to sums. g may be d. stream asks for g to be written past the
// caches, for tensors larger than they are; see [Settle].
func (n *Norm) Gradient(g, d, x []float32, sums *Sums, stream bool) {
	c := len(n.Scale)
	for i := 0; i+c <= len(x); {
		rows, s, p := sums.block((len(x) - i) / c)
		checkRows(rows, c, g[i:], d[i:])
		if !n.gradientVector(g[i:], d[i:], x[i:], s, p, rows, stream) {
			n.gradientGo(g[i:], d[i:], x[i:], s, p, rows)
		}
		i += rows * c
	}
}

func (n *Norm) gradientGo(g, d, x, s, p []float32, rows int) {
	c := len(n.Scale)
	for i := 0; i < rows*c; i += c {
		for j, v := range x[i:][:c] {
			t := d[i+j] * n.Act.Slope(v*n.Scale[j]+n.Shift[j])
			g[i+j] = t
			s[j] += t
			p[j] += t * (v - n.Mean[j])
		}
	}
}

// Products adds Σ x*d over rows of len(dot) channels to dot.
func Products(dot, x, d []float32) {
	c := len(dot)
	rows := len(x) / c
	if rows == 0 {
		return
	}
	checkRows(rows, c, d)
	if productsVector(x, d, dot, rows, c) {
		return
	}
	for i := 0; i < rows*c; i += c {
		mulAdd(dot, x[i:], d[i:])
	}
}

// Add is y[j] += x[j].
func Add(y, x []float32) {
	x = x[:len(y)]
	if addVector(y, x) {
		return
	}
	for j, v := range x {
		y[j] += v
	}
}

// RectifiedDot is Σ max(x[j]-out[j]+in[j], 0) * w[j]: what a layer of ReLUs that would get x gives
// to a unit with weights w, where out is taken from what it gets and in is added.
func RectifiedDot(x, out, in, w []float32) (sum float32) {
	n := len(w)
	x, out, in = x[:n], out[:n], in[:n]
	if sum, ok := rectifiedDotVector(x, out, in, w); ok {
		return sum
	}
	for j, v := range w {
		sum += max(in[j]-out[j]+x[j], 0) * v
	}
	return sum
}
