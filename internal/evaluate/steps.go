package evaluate

import (
	"math"
	"slices"
)

// window is how a kernel moves over a map.
type window struct {
	height, width int // of the kernel
	stride        int
	top, left     int // padding before
	outH, outW    int
}

// sides checks a window against a map (height,width,channels) and its padding behind, and fills in
// what comes out.
func (w *window) sides(shape []int, bottom, right int) error {
	if len(shape) != 3 {
		return refusef("a window over %v", shape)
	}
	for _, v := range []int{w.height, w.width, w.stride, w.top + 1, w.left + 1, bottom + 1,
		right + 1} {
		if v < 1 || v > 1<<12 {
			return refusef("a window of %dx%d, stride %d, padding %d, %d, %d, %d", w.height,
				w.width, w.stride, w.top, w.left, bottom, right)
		}
	}
	high, wide := shape[0]+w.top+bottom-w.height, shape[1]+w.left+right-w.width
	if high < 0 || wide < 0 {
		return refusef("a window of %dx%d over %v", w.height, w.width, shape)
	}
	w.outH, w.outW = high/w.stride+1, wide/w.stride+1
	return nil
}

// each calls f with every place of the map under every place of every window; both count row by
// row. What is outside of the map is left out.
func (w window) each(shape []int, f func(out, in, place int)) {
	for o := range w.outH * w.outW {
		for k := range w.height * w.width {
			y, x := o/w.outW*w.stride+k/w.width-w.top, o%w.outW*w.stride+k%w.width-w.left
			if y >= 0 && y < shape[0] && x >= 0 && x < shape[1] {
				f(o, y*shape[1]+x, k)
			}
		}
	}
}

// conv adds a convolution with weights (out,height,width,in) and a bias.
func (m *Model) conv(x int, w window, weight, bias []float64) (int, error) {
	in, out := m.shapes[x][2], len(bias)
	places := w.height * w.width
	if places*in > len(weight) || len(weight) != out*places*in {
		return 0, refusef("a convolution of %d to %d channels has %d weights", in, out, len(weight))
	}
	run := func(args []value) []float64 {
		y := slices.Repeat(bias, w.outH*w.outW)
		w.each(args[0].shape, func(o, i, k int) {
			pixel, to := args[0].data[i*in:][:in], y[o*out:][:out]
			for c := range to {
				to[c] += dot(pixel, weight[(c*places+k)*in:])
			}
		})
		return y
	}
	return m.add([]int{w.outH, w.outW, out}, places*in, run, x)
}

// dot is the sum of products, of as many as x has.
func dot(x, y []float64) (sum float64) {
	y = y[:len(x)]
	for i, v := range x {
		sum += v * y[i]
	}
	return sum
}

// depthwise adds a convolution of each channel by itself, with weights (height,width,channels).
func (m *Model) depthwise(x int, w window, weight, bias []float64) (int, error) {
	n := m.shapes[x][2]
	if len(bias) != n || len(weight) != w.height*w.width*n {
		return 0, refusef("a depthwise convolution of %d channels has %d weights and %d biases", n,
			len(weight), len(bias))
	}
	run := func(args []value) []float64 {
		y := slices.Repeat(bias, w.outH*w.outW)
		w.each(args[0].shape, func(o, i, k int) {
			for c, v := range args[0].data[i*n:][:n] {
				y[o*n+c] += v * weight[k*n+c]
			}
		})
		return y
	}
	return m.add([]int{w.outH, w.outW, n}, w.height*w.width, run, x)
}

// maxPool adds the largest value of every window.
func (m *Model) maxPool(x int, w window) (int, error) {
	n := m.shapes[x][2]
	run := func(args []value) []float64 {
		y := slices.Repeat([]float64{math.Inf(-1)}, w.outH*w.outW*n)
		w.each(args[0].shape, func(o, i, _ int) {
			for c, v := range args[0].data[i*n:][:n] {
				y[o*n+c] = max(y[o*n+c], v)
			}
		})
		return y
	}
	return m.add([]int{w.outH, w.outW, n}, w.height*w.width, run, x)
}

// linear adds a product with weights (out,in) on all values of x.
func (m *Model) linear(x int, weight, bias []float64) (int, error) {
	n, _ := length(m.shapes[x])
	if len(weight) != n*len(bias) {
		return 0, refusef("a linear layer of %d to %d values has %d weights", n, len(bias),
			len(weight))
	}
	run := func(args []value) []float64 {
		y := slices.Clone(bias)
		for o := range y {
			y[o] += dot(args[0].data, weight[o*n:])
		}
		return y
	}
	return m.add([]int{len(bias)}, n, run, x)
}

// mean adds the mean over height and width, which stay as 1.
func (m *Model) mean(x int) (int, error) {
	s := m.shapes[x]
	if len(s) != 3 {
		return 0, refusef("a mean over %v", s)
	}
	run := func(args []value) []float64 {
		y := make([]float64, s[2])
		for i, v := range args[0].data {
			y[i%s[2]] += v / float64(s[0]*s[1])
		}
		return y
	}
	return m.add([]int{1, 1, s[2]}, s[0]*s[1], run, x)
}

// pad adds zeros around a map.
func (m *Model) pad(x int, top, bottom, left, right int) (int, error) {
	s := m.shapes[x]
	w := window{1, 1, 1, top, left, 0, 0}
	if err := w.sides(s, bottom, right); err != nil {
		return 0, err
	}
	run := func(args []value) []float64 {
		y := make([]float64, w.outH*w.outW*s[2])
		w.each(s, func(o, i, _ int) { copy(y[o*s[2]:][:s[2]], args[0].data[i*s[2]:]) })
		return y
	}
	return m.add([]int{w.outH, w.outW, s[2]}, 1, run, x)
}

// join adds f of two values, of which one has all elements, and the other as many, or one a
// channel.
func (m *Model) join(x, y int, f func(a, b float64) float64) (int, error) {
	if small, large := m.shapes[x], m.shapes[y]; len(small) == 3 && len(large) == 3 &&
		small[0]*small[1] < large[0]*large[1] {
		x, y = y, x
	}
	a, b := m.shapes[x], m.shapes[y]
	channels := len(a) == 3 && len(b) == 3 && b[0] == 1 && b[1] == 1 && a[2] == b[2]
	if !slices.Equal(a, b) && !channels {
		return 0, refusef("values of the shapes %v and %v do not go together", a, b)
	}
	run := func(args []value) []float64 {
		out := make([]float64, len(args[0].data))
		for i, v := range args[0].data {
			out[i] = f(v, args[1].data[i%len(args[1].data)])
		}
		return out
	}
	return m.add(a, 1, run, x, y)
}

// each adds f of every element.
func (m *Model) each(x int, f func(float64) float64) (int, error) {
	run := func(args []value) []float64 {
		out := make([]float64, len(args[0].data))
		for i, v := range args[0].data {
			out[i] = f(v)
		}
		return out
	}
	return m.add(m.shapes[x], 1, run, x)
}

func sum(a, b float64) float64     { return a + b }
func product(a, b float64) float64 { return a * b }

// clip gives the function that keeps values from low to high.
func clip(low, high float64) func(float64) float64 {
	return func(v float64) float64 { return min(max(v, low), high) }
}

func hardSwish(v float64) float64 { return v * min(max(v+3, 0), 6) / 6 }

func sigmoid(v float64) float64 { return 1 / (1 + math.Exp(-v)) }
