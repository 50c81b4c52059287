package regress

import (
	"math"

	"github.com/tailor-nas/tailor/internal/kernel"
)

// backprop computes the gradient of an MLP's weighted squared error over a batch by
// backpropagation. It reads the weights wherever they are, so that an optimiser changes them in
// place.
type backprop struct {
	x      []float32 // (rows, inputs)
	y      []float32 // (rows): what the output should be
	weight []float32 // (rows): of the squared error

	sizes  []int
	layers []Layer
	h      [][]float32 // by layer, what it gives, (rows, units)
	// Of the loss, with respect to what a layer gives.
	slopes     [2][]float32 // (rows, units)
	transposed []float32    // (units, rows)
	ones       []float32    // (rows), and as many as the widest layer has units
	packed     kernel.Packed
}

// newBackprop makes room for batches of at most so many rows.
func newBackprop(n *MLP, rows int) *backprop {
	p := &backprop{sizes: n.Sizes, layers: n.Layers(), x: make([]float32, rows*n.Sizes[0]),
		y: make([]float32, rows), weight: make([]float32, rows)}
	widest := 0
	for _, units := range n.Sizes[1:] {
		widest = max(widest, units)
		p.h = append(p.h, make([]float32, rows*units))
	}
	p.slopes = [2][]float32{make([]float32, rows*widest), make([]float32, rows*widest)}
	p.transposed = make([]float32, rows*widest)
	p.ones = make([]float32, max(rows, widest))
	for i := range p.ones {
		p.ones[i] = 1
	}
	return p
}

// run computes the outputs of the first rows, good until the next run, and fills gradient, which is
// laid out as the weights.
func (p *backprop) run(rows int, gradient []float32) (outputs []float32) {
	outputs = p.forward(rows)
	slope := p.slopes[0][:rows]
	for i, output := range outputs {
		slope[i] = 2 * ((output - p.y[i]) * p.weight[i])
	}
	clear(gradient)
	of := layersOf(p.sizes, gradient)
	for l := len(p.layers) - 1; l >= 0; l-- {
		in, units := p.sizes[l], p.sizes[l+1]
		from := p.x
		if l > 0 {
			from = p.h[l-1]
		}
		kernel.MulTN(in, units, rows, from, in, slope, units, of[l].Matrix, units, nil)
		kernel.MulTN(1, units, rows, p.ones, 1, slope, units, of[l].Bias, units, nil)
		if l > 0 {
			to := p.slopes[(len(p.layers)-l)%2][:rows*in]
			p.back(rows, l, slope, to)
			slope = to
		}
	}
	return outputs
}

// forward computes what the layers give.
func (p *backprop) forward(rows int) []float32 {
	x := p.x
	for l, layer := range p.layers {
		in, units := p.sizes[l], p.sizes[l+1]
		y := p.h[l][:rows*units]
		p.packed.Pack(in, units, layer.Matrix, units)
		kernel.MulPacked(rows, x, in, &p.packed, y, units, false, nil)
		kernel.Map(y, y, p.ones[:units], layer.Bias, kernel.Identity)
		if l < len(p.layers)-1 {
			rectify(y)
		}
		x = y
	}
	return x
}

// rectify makes negative numbers -0, so that units that are off differ from those that give 0. It
// and whereOn are without branches: which units are on is as good as random.
func rectify(y []float32) {
	for i, v := range y {
		bits := math.Float32bits(v)
		negative := uint32(int32(bits) >> 31) // all bits or none
		y[i] = math.Float32frombits(bits&^negative | negative&(1<<31))
	}
}

// whereOn is v, or 0 if a unit gives -0.
func whereOn(v, gives float32) float32 {
	off := uint32(int32(math.Float32bits(gives)) >> 31)
	return math.Float32frombits(math.Float32bits(v) &^ off)
}

// back computes the slopes with respect to what layer l gets from those with respect to what it
// gives. Packing the slopes and not the weights, of which there are more, makes it the transpose.
func (p *backprop) back(rows, l int, slope, to []float32) {
	in, units := p.sizes[l], p.sizes[l+1]
	p.packed.PackTransposed(units, rows, slope, units)
	kernel.MulPacked(in, p.layers[l].Matrix, units, &p.packed, p.transposed, rows, false, nil)
	outputs := p.h[l-1]
	for i := range rows {
		row, gives := to[i*in:][:in], outputs[i*in:][:in]
		for j := range row {
			row[j] = whereOn(p.transposed[j*rows+i], gives[j])
		}
	}
}
