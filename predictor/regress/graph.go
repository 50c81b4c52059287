package regress

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/tailor-nas/tailor/internal/kernel"
)

// graph is Gorgonia's graph of an MLP's weighted squared error over a batch, with its derivatives.
// It reads the weights wherever they are, so that an optimiser changes them in place.
type graph struct {
	x      []float32 // (rows, inputs)
	y      []float32 // (rows): what the output should be
	weight []float32 // (rows): of the squared error; 0 for rows without data

	params  []gorgonia.ValueGrad // by layer: matrix, bias
	loss    *gorgonia.Node
	machine gorgonia.VM
}

// newGraph makes the graph of n, whose sizes and weights have been checked.
func newGraph(n *MLP, rows int) (*graph, error) {
	g := &graph{x: make([]float32, rows*n.Sizes[0]), y: make([]float32, rows),
		weight: make([]float32, rows)}
	b := &graphBuilder{graph: gorgonia.NewGraph()}
	h := b.input("x", g.x, rows, n.Sizes[0])
	var params gorgonia.Nodes
	for l, layer := range n.Layers() {
		matrix := b.input(fmt.Sprint("matrix", l), layer.Matrix, n.Sizes[l], n.Sizes[l+1])
		bias := b.input(fmt.Sprint("bias", l), layer.Bias, n.Sizes[l+1])
		params = append(params, matrix, bias)
		h = b.dense(h, matrix, bias, l < len(n.Sizes)-2)
	}
	g.loss = b.squaredError(h, b.input("y", g.y, rows, 1), b.input("weight", g.weight, rows, 1))
	if b.err != nil {
		return nil, fmt.Errorf("gorgonia: %w", b.err)
	}
	// gorgonia.Grad would take its 1 from a constant that all graphs of a process write to.
	one := b.input("one", []float32{1}, 1)
	if _, err := gorgonia.Backpropagate(gorgonia.Nodes{g.loss}, gorgonia.Nodes{one},
		params); err != nil {
		return nil, fmt.Errorf("gorgonia: %w", err)
	}
	g.params = gorgonia.NodesToValueGrads(params)
	g.machine = gorgonia.NewTapeMachine(b.graph)
	return g, nil
}

// run computes the gradients of the parameters, good until the next run, for the current x, y,
// weight and weights.
func (g *graph) run() error {
	g.machine.Reset()
	if err := g.machine.RunAll(); err != nil {
		return fmt.Errorf("gorgonia: %w", err)
	}
	return nil
}

func (g *graph) close() error { return g.machine.Close() }

// dense is a fully connected layer, x*matrix + bias, rectified or not. It is not differentiated by
// an x that is data, an input of the graph.
func (b *graphBuilder) dense(x, matrix, bias *gorgonia.Node, rectified bool) *gorgonia.Node {
	if b.err != nil {
		return nil
	}
	rows, in, units := x.Shape()[0], x.Shape()[1], bias.Shape()[0]
	byX := x.Op() != nil
	ones := filled(units)
	var packed kernel.Packed
	return b.apply(operation{
		name: fmt.Sprintf("dense, rectified %t", rectified),
		run: func(v [][]float32, y []float32) {
			packed.Pack(in, units, v[1], units)
			kernel.MulPacked(rows, v[0], in, &packed, y, units, false, nil)
			kernel.Map(y, y, ones, v[2], kernel.Identity)
			if rectified {
				rectify(y)
			}
		},
		by: []bool{byX, true, true},
		slopes: func(_ gorgonia.Nodes, y, slope *gorgonia.Node) (gorgonia.Nodes, error) {
			if rectified {
				slope = b.whereOn(slope, y)
			}
			slopes := gorgonia.Nodes{nil, b.matrixSlope(x, slope), b.biasSlope(slope)}
			if byX {
				slopes[0] = b.inputSlope(slope, matrix)
			}
			return slopes, b.err
		},
	}, tensor.Shape{rows, units}, x, matrix, bias)
}

// matrixSlope is x transposed * slope.
func (b *graphBuilder) matrixSlope(x, slope *gorgonia.Node) *gorgonia.Node {
	rows, in, units := x.Shape()[0], x.Shape()[1], slope.Shape()[1]
	return b.apply(operation{name: "matrix slope", run: func(v [][]float32, out []float32) {
		clear(out)
		kernel.MulTN(in, units, rows, v[0], in, v[1], units, out, units, nil)
	}}, tensor.Shape{in, units}, x, slope)
}

// biasSlope is the sum of slope over rows.
func (b *graphBuilder) biasSlope(slope *gorgonia.Node) *gorgonia.Node {
	rows, units := slope.Shape()[0], slope.Shape()[1]
	ones := filled(rows)
	return b.apply(operation{name: "bias slope", run: func(v [][]float32, out []float32) {
		clear(out)
		kernel.MulTN(1, units, rows, ones, 1, v[0], units, out, units, nil)
	}}, tensor.Shape{units}, slope)
}

// inputSlope is slope * matrix transposed. Packing the slope and not the matrix, which is larger,
// makes it the transpose.
func (b *graphBuilder) inputSlope(slope, matrix *gorgonia.Node) *gorgonia.Node {
	rows, in, units := slope.Shape()[0], matrix.Shape()[0], matrix.Shape()[1]
	transposed := make([]float32, in*rows)
	var packed kernel.Packed
	return b.apply(operation{name: "input slope", run: func(v [][]float32, out []float32) {
		packed.PackTransposed(units, rows, v[0], units)
		kernel.MulPacked(in, v[1], units, &packed, transposed, rows, false, nil)
		for i := range rows {
			for j := range in {
				out[i*in+j] = transposed[j*rows+i]
			}
		}
	}}, tensor.Shape{rows, in}, slope, matrix)
}

// squaredError is the sum of squared errors by their weights, of shape (1).
func (b *graphBuilder) squaredError(h, y, weight *gorgonia.Node) *gorgonia.Node {
	return b.apply(operation{
		name: "squared error",
		run: func(v [][]float32, out []float32) {
			out[0] = 0
			for i, output := range v[0] {
				residual := output - v[1][i]
				out[0] += residual * residual * v[2][i]
			}
		},
		by: []bool{true, false, false},
		slopes: func(_ gorgonia.Nodes, _, slope *gorgonia.Node) (gorgonia.Nodes, error) {
			of := b.apply(operation{name: "error slope", run: func(v [][]float32, out []float32) {
				for i, output := range v[0] {
					out[i] = 2 * ((output - v[1][i]) * v[2][i]) * v[3][0]
				}
			}}, h.Shape(), h, y, weight, slope)
			return gorgonia.Nodes{of, nil, nil}, b.err
		},
	}, tensor.Shape{1}, h, y, weight)
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

// whereOn is slope, and 0 where a rectified unit gives -0.
func (b *graphBuilder) whereOn(slope, y *gorgonia.Node) *gorgonia.Node {
	return b.apply(operation{name: "where on", run: func(v [][]float32, out []float32) {
		gives := v[1][:len(out)]
		for i, s := range v[0] {
			off := uint32(int32(math.Float32bits(gives[i])) >> 31)
			out[i] = math.Float32frombits(math.Float32bits(s) &^ off)
		}
	}}, y.Shape(), slope, y)
}

// filled are n ones.
func filled(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = 1
	}
	return v
}
