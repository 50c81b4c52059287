package nn

import "github.com/tailor-nas/tailor/internal/kernel"

// SE is squeeze-and-excitation (Hu et al., CVPR 2018): the mean over pixels, a 1x1 convolution to a
// few hidden channels, an activation, a 1x1 convolution back, the gate's activation, and a product
// with every pixel. Channels and hidden channels are elastic. It works on the input of a 1x1
// convolution, on the images at hand.
type SE struct {
	Reduce, ReduceBias *Param // (channels,hidden)
	Expand, ExpandBias *Param // (hidden,channels)
	// MobileNetV3 has ReLU and HSigmoid, EfficientNet SiLU and Sigmoid
	act, gateAct Act
	fullC, fullH int

	unit          *Unit
	c, hidden     int // active; hidden 0 switches it off
	first, second kernel.Packed
	// by image of the batch; squeezed and excited are before the activations
	mean, squeezed []float32
	excited, gate  []float32
	dGate, dMean   []float32
	dSqueezed      []float32
	zero           []float32
}

// NewSE makes a squeeze-and-excitation layer. act is the activation of the hidden channels, gate
// that of the gate.
func NewSE(p *Params, name string, channels, hidden int, act, gate Act) *SE {
	return &SE{
		Reduce:     p.Add(name+".reduce.weight", true, HeFanOut(hidden), channels, hidden),
		ReduceBias: p.Add(name+".reduce.bias", false, Constant(0), hidden),
		Expand:     p.Add(name+".expand.weight", true, HeFanOut(channels), hidden, channels),
		ExpandBias: p.Add(name+".expand.bias", false, Constant(0), channels),
		act:        act, gateAct: gate,
		fullC: channels, fullH: hidden, zero: make([]float32, channels),
	}
}

func (s *SE) bind(u *Unit) {
	s.unit, s.c = u, u.in.c
	for _, b := range []*[]float32{&s.mean, &s.excited, &s.gate, &s.dGate, &s.dMean} {
		*b = grow(*b, u.g.n*s.c)
	}
	s.squeezed, s.dSqueezed = grow(s.squeezed, u.g.n*s.hidden), grow(s.dSqueezed, u.g.n*s.hidden)
	// The gated input is a second tensor beside the input itself.
	images := u.tile / u.out.pixels()
	u.g.want.in = max(u.g.want.in, 2*images*u.in.len())
	u.g.want.out = max(u.g.want.out, images*s.hidden)
}

func (s *SE) prepare(backward bool) {
	if backward {
		s.first.PackTransposed(s.hidden, s.c, s.Reduce.Data, s.fullH)
		s.second.PackTransposed(s.c, s.hidden, s.Expand.Data, s.fullC)
		return
	}
	s.first.Pack(s.c, s.hidden, s.Reduce.Data, s.fullH)
	s.second.Pack(s.hidden, s.c, s.Expand.Data, s.fullC)
}

// of is the part of a buffer by image that belongs to n images.
func of(v []float32, width, at, n int) []float32 { return v[at*width:][:n*width] }

// gated gives memory for the gated input, beside the input a if that is in the worker's memory.
func (s *SE) gated(w *scratch, a []float32) []float32 {
	if &a[0] == &w.in[0] {
		return w.in[len(a):][:len(a)]
	}
	return w.in[:len(a)]
}

func (s *SE) forward(w *scratch, a []float32, at, n int) []float32 {
	s.gates(w, a, at, n)
	return s.apply(s.gated(w, a), a, of(s.gate, s.c, at, n), s.zero, n)
}

// gates computes the gates of n images.
func (s *SE) gates(w *scratch, a []float32, at, n int) {
	c, h, px := s.c, s.hidden, s.unit.in.pixels()
	mean, squeezed, excited, gate := of(s.mean, c, at, n), of(s.squeezed, h, at, n),
		of(s.excited, c, at, n), of(s.gate, c, at, n)
	for i := range n {
		kernel.MeanPool(mean[i*c:], a[i*px*c:], px, c)
		copy(squeezed[i*h:][:h], s.ReduceBias.Data)
		copy(excited[i*c:][:c], s.ExpandBias.Data)
	}
	kernel.MulPacked(n, mean, c, &s.first, squeezed, h, true, nil)
	hidden := w.out[:n*h]
	for i, v := range squeezed {
		hidden[i] = s.act.Value(v)
	}
	kernel.MulPacked(n, hidden, h, &s.second, excited, c, true, nil)
	for i, v := range excited {
		gate[i] = s.gateAct.Value(v)
	}
}

// apply is y = a*scale + shift with a scale for every image and, with a stride of c in shift, a
// shift.
func (s *SE) apply(y, a, scale, shift []float32, n int) []float32 {
	c, per := s.c, s.unit.in.len()
	for i := range n {
		move := shift[:c]
		if len(shift) == n*c {
			move = shift[i*c:][:c]
		}
		kernel.Map(y[i*per:][:per], a[i*per:][:per], scale[i*c:][:c], move, Identity)
	}
	return y
}

// backward turns d, the gradient of the gated input, into that of the input, adds the weight
// gradients to part, and gives the gated input.
func (s *SE) backward(w *scratch, part, a, d []float32, at, n int) []float32 {
	c, h, px, per := s.c, s.hidden, s.unit.in.pixels(), s.unit.in.len()
	mean, squeezed, excited, gate := of(s.mean, c, at, n), of(s.squeezed, h, at, n),
		of(s.excited, c, at, n), of(s.gate, c, at, n)
	dGate, dMean, dSqueezed := of(s.dGate, c, at, n), of(s.dMean, c, at, n),
		of(s.dSqueezed, h, at, n)
	clear(dGate)
	for i := range n {
		kernel.Products(dGate[i*c:][:c], a[i*per:][:per], d[i*per:][:per])
	}
	for i, v := range excited {
		dGate[i] *= s.gateAct.Slope(v)
	}
	kernel.MulPacked(n, dGate, c, &s.second, dSqueezed, h, false, nil)
	for i, v := range squeezed {
		squeezed[i] = s.act.Value(v)
		if slope := s.act.Slope(v); slope == 0 {
			dSqueezed[i] = 0 // and not -0, which a product would be
		} else {
			dSqueezed[i] *= slope
		}
	}
	kernel.MulPacked(n, dSqueezed, h, &s.first, dMean, c, false, nil)
	dReduce, dReduceBias, dExpand, dExpandBias := s.split(part)
	kernel.MulTN(c, h, n, mean, c, dSqueezed, h, dReduce, h, nil)
	kernel.MulTN(h, c, n, squeezed, h, dGate, c, dExpand, c, nil)
	for i := range n {
		kernel.Add(dReduceBias, dSqueezed[i*h:][:h])
		kernel.Add(dExpandBias, dGate[i*c:][:c])
	}
	for i := range dMean {
		dMean[i] /= float32(px)
	}
	for i := range n {
		kernel.Map(d[i*per:][:per], d[i*per:][:per], gate[i*c:][:c], dMean[i*c:][:c], Identity)
	}
	return s.apply(s.gated(w, a), a, gate, s.zero, n)
}

func (s *SE) partialSize() int { return 2*s.c*s.hidden + s.c + s.hidden }

// split is a partial buffer's parts.
func (s *SE) split(part []float32) (reduce, reduceBias, expand, expandBias []float32) {
	n, h := s.c*s.hidden, s.hidden
	return part[:n], part[n : n+h], part[n+h : 2*n+h], part[2*n+h:][:s.c]
}

func (s *SE) rows(part []float32, do func(grad, part []float32)) {
	reduce, reduceBias, expand, expandBias := s.split(part)
	eachRow(s.Reduce.Grad, s.fullH, reduce, s.c, s.hidden, do)
	do(s.ReduceBias.Grad[:s.hidden], reduceBias)
	eachRow(s.Expand.Grad, s.fullC, expand, s.hidden, s.c, do)
	do(s.ExpandBias.Grad[:s.c], expandBias)
}
