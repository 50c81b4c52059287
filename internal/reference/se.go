package reference

import (
	"github.com/tailor-nas/tailor/internal/kernel"
	"github.com/tailor-nas/tailor/internal/nn"
)

// SE is squeeze-and-excitation (Hu et al., CVPR 2018): the mean over pixels, a 1x1 convolution to a
// few hidden channels, an activation, a 1x1 convolution back, the gate's activation, and a product
// with every pixel. Channels and hidden channels are elastic.
type SE struct {
	Reduce, ReduceBias *nn.Param // (channels,hidden)
	Expand, ExpandBias *nn.Param // (hidden,channels)
	channels, hidden   int       // full
	act, gateAct       Act

	g    *Graph
	x, y Tensor
	h    int // active hidden channels
	// By image: means (C), hidden before and behind the activation (h), gate before and behind its
	// activation (C), and gradients.
	mean, squeezed, active, excited, gate []float32
	dexcited, dsqueezed, dmean            []float32
}

// NewSE makes a squeeze-and-excitation layer. act is the activation of the hidden channels, gate
// that of the gate.
func NewSE(p *nn.Params, name string, channels, hidden int, act, gate Act) *SE {
	return &SE{
		Reduce:     p.Add(name+".reduce.weight", true, nn.HeFanOut(hidden), channels, hidden),
		ReduceBias: p.Add(name+".reduce.bias", false, nn.Constant(0), hidden),
		Expand:     p.Add(name+".expand.weight", true, nn.HeFanOut(channels), hidden, channels),
		ExpandBias: p.Add(name+".expand.bias", false, nn.Constant(0), channels),
		channels:   channels, hidden: hidden, act: act, gateAct: gate,
	}
}

// Bind plans the layer on x with the given number of hidden channels.
func (s *SE) Bind(g *Graph, x Tensor, hidden int, slot Slot) Tensor {
	s.g, s.x, s.h = g, x, hidden
	s.y = g.Tensor(x.H, x.W, x.C, slot)
	for _, b := range []*[]float32{&s.mean, &s.excited, &s.gate, &s.dexcited, &s.dmean} {
		*b = grow(*b, g.n*x.C)
	}
	for _, b := range []*[]float32{&s.squeezed, &s.active, &s.dsqueezed} {
		*b = grow(*b, g.n*hidden)
	}
	return s.y
}

// Forward computes the output.
func (s *SE) Forward() {
	x, y := s.g.Data(s.x), s.g.Data(s.y)
	s.g.pool.Run(s.g.chunks(), func(_, chunk int) {
		for n, to := s.g.images(chunk); n < to; n++ {
			s.image(y, x, n)
		}
	})
}

func (s *SE) image(y, x []float32, n int) {
	c, h, pixels := s.x.C, s.h, s.x.H*s.x.W
	mean, squeezed, active := s.mean[n*c:][:c], s.squeezed[n*h:][:h], s.active[n*h:][:h]
	excited, gate := s.excited[n*c:][:c], s.gate[n*c:][:c]
	kernel.MeanPool(mean, x[n*pixels*c:], pixels, c)
	copy(squeezed, s.ReduceBias.Data)
	kernel.Gemm(1, h, c, mean, c, s.Reduce.Data, s.hidden, squeezed, h, true)
	for i, v := range squeezed {
		active[i] = s.act.Value(v)
	}
	copy(excited, s.ExpandBias.Data)
	kernel.Gemm(1, c, h, active, h, s.Expand.Data, s.channels, excited, c, true)
	for j, v := range excited {
		gate[j] = s.gateAct.Value(v)
	}
	kernel.Gate(y[n*pixels*c:], x[n*pixels*c:], gate, pixels)
}

// Backward adds the weight gradients and writes the gradient of x.
func (s *SE) Backward() {
	x, dy, dx := s.g.Data(s.x), s.g.Grad(s.y), s.g.Grad(s.x)
	c, h := s.x.C, s.h
	size := 2*c*h + h + c
	part := s.g.partials(size)
	s.g.pool.Run(s.g.chunks(), func(_, chunk int) {
		p := part[chunk*size:][:size]
		for n, to := s.g.images(chunk); n < to; n++ {
			s.imageBackward(dx, x, dy, n, p[:c*h], p[c*h:c*h+h], p[c*h+h:2*c*h+h], p[2*c*h+h:])
		}
	})
	for chunk := range s.g.chunks() {
		p := part[chunk*size:][:size]
		addRows(s.Reduce.Grad, s.hidden, p[:c*h], h)
		addRows(s.ReduceBias.Grad, h, p[c*h:c*h+h], h)
		addRows(s.Expand.Grad, s.channels, p[c*h+h:2*c*h+h], c)
		addRows(s.ExpandBias.Grad, c, p[2*c*h+h:], c)
	}
}

// addRows adds compact rows to a matrix with leading dimension ld.
func addRows(dst []float32, ld int, rows []float32, cols int) {
	for r := 0; len(rows) > 0; r++ {
		kernel.Add(dst[r*ld:][:cols], rows[:cols])
		rows = rows[cols:]
	}
}

func (s *SE) imageBackward(dx, x, dy []float32, n int, dReduce, dReduceBias, dExpand,
	dExpandBias []float32) {
	c, h, pixels := s.x.C, s.h, s.x.H*s.x.W
	mean, squeezed, active := s.mean[n*c:][:c], s.squeezed[n*h:][:h], s.active[n*h:][:h]
	excited, gate := s.excited[n*c:][:c], s.gate[n*c:][:c]
	dexcited, dsqueezed, dmean := s.dexcited[n*c:][:c], s.dsqueezed[n*h:][:h], s.dmean[n*c:][:c]
	at := n * pixels * c
	kernel.GateSlope(dexcited, x[at:], dy[at:], pixels)
	for j, v := range excited {
		dexcited[j] *= s.gateAct.Slope(v)
	}
	kernel.Add(dExpandBias, dexcited)
	kernel.GemmNT(1, h, c, dexcited, c, s.Expand.Data, s.channels, dsqueezed, h)
	for i, v := range squeezed {
		dsqueezed[i] *= s.act.Slope(v)
	}
	kernel.GemmTN(h, c, 1, active, h, dexcited, c, dExpand, c)
	kernel.Add(dReduceBias, dsqueezed)
	kernel.GemmTN(c, h, 1, mean, c, dsqueezed, h, dReduce, h)
	kernel.GemmNT(1, c, h, dsqueezed, h, s.Reduce.Data, s.hidden, dmean, c)
	// dx = dy*gate + dmean/pixels
	kernel.Gate(dx[at:], dy[at:], gate, pixels)
	for j := range dmean {
		dmean[j] /= float32(pixels)
	}
	for p := range pixels {
		kernel.Add(dx[at+p*c:][:c], dmean)
	}
}
