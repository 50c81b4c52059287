package nn

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/kernel"
)

// transform makes a smaller kernel from the centre of a larger one: with the centre flattened to v,
// side² values a channel, the smaller kernel is M·v, with one M for all channels (Cai et al., ICLR
// 2020, section 3.3).
type transform struct {
	matrix   *Param // (to²,to²)
	from, to int
	channels int
	centre   []float32 // (to²,channels), as used forward
	out      []float32 // (to²,channels)
	grad     []float32 // gradient of out
}

func newTransform(p *Params, name string, from, to, channels int) *transform {
	n := to * to
	f := func() []float32 { return make([]float32, n*channels) }
	return &transform{
		matrix: p.Add(fmt.Sprintf("%s.transform.%dto%d", name, from, to), true, IdentityMatrix(n),
			n, n),
		from: from, to: to, channels: channels, centre: f(), out: f(), grad: f(),
	}
}

// view is a buffer of the transform's output as taps.
func (t *transform) view(data []float32) kernel.Taps {
	return kernel.Taps{Data: data, Row: t.to * t.channels, Col: t.channels}
}

func (t *transform) forward(src kernel.Taps, c int) kernel.Taps {
	o, n := (t.from-t.to)/2, t.to*t.to
	for i := range n {
		copy(t.centre[i*t.channels:][:c], src.Data[(o+i/t.to)*src.Row+(o+i%t.to)*src.Col:])
	}
	kernel.Gemm(n, c, n, t.matrix.Data, n, t.centre, t.channels, t.out, t.channels, false)
	return t.view(t.out)
}

// backward takes t.grad apart into the gradients of the matrix and of the larger kernel.
func (t *transform) backward(larger kernel.Taps, c int) {
	o, n := (t.from-t.to)/2, t.to*t.to
	for i := range n {
		gi := t.grad[i*t.channels:][:c]
		for j := range n {
			var dot float64
			for k, g := range gi {
				dot += float64(g) * float64(t.centre[j*t.channels+k])
			}
			t.matrix.Grad[i*n+j] += float32(dot)
		}
		for j := range n {
			at := (o+j/t.to)*larger.Row + (o+j%t.to)*larger.Col
			m := t.matrix.Data[i*n+j]
			for k, g := range gi {
				larger.Data[at+k] += m * g
			}
		}
	}
}
