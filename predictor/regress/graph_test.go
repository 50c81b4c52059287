package regress

import (
	"fmt"
	"sync"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// graph computes with Gorgonia what backprop does, for a batch of fixed size: it differentiates by
// itself, and multiplies with gonum's BLAS. It reads the weights that it was made with wherever
// they are.
type graph struct {
	x      []float32 // (batch, inputs)
	y      []float32 // (batch): what the output should be
	weight []float32 // (batch): of the squared error; 0 for rows without data

	machine gorgonia.VM
	output  gorgonia.Value
	grads   []gorgonia.Value // by layer: matrix, bias
}

// building guards constants that all of Gorgonia's graphs share: each graph that is built writes to
// them (they cache their hash). Graphs that run share nothing.
var building sync.Mutex

// newGraph makes the graph of n, whose sizes and weights have been checked.
func newGraph(n *MLP, batch int) (g *graph, err error) {
	building.Lock()
	defer building.Unlock()
	g = &graph{
		x: make([]float32, batch*n.Sizes[0]), y: make([]float32, batch),
		weight: make([]float32, batch),
	}
	b := &graphBuilder{graph: gorgonia.NewGraph()}
	h := b.input("x", batch, n.Sizes[0], g.x)
	ones := make([]float32, batch)
	for i := range ones {
		ones[i] = 1
	}
	one := b.input("one", batch, 1, ones)
	for l, layer := range n.Layers() {
		w := b.input(fmt.Sprint("matrix", l), n.Sizes[l], n.Sizes[l+1], layer.Matrix)
		bias := b.input(fmt.Sprint("bias", l), 1, n.Sizes[l+1], layer.Bias)
		b.params = append(b.params, w, bias)
		// An outer product adds the bias to every row; Gorgonia's broadcasting copies more.
		h = b.add(b.mul(h, w), b.mul(one, bias))
		if l < len(n.Sizes)-2 {
			h = b.relu(h)
		}
	}
	residual := b.sub(h, b.input("y", batch, 1, g.y))
	loss := b.sum(b.times(b.times(residual, residual), b.input("weight", batch, 1, g.weight)))
	if err := b.differentiate(loss, g); err != nil {
		return nil, fmt.Errorf("gorgonia: %w", err)
	}
	// Read keeps a value that the machine would otherwise overwrite in the same run.
	gorgonia.Read(h, &g.output)
	g.machine = gorgonia.NewTapeMachine(b.graph)
	return g, nil
}

// run computes outputs (batch) and gradient (as the weights) for the current x, y, weight and
// weights. The slices from outputs are valid until the next run.
func (g *graph) run(gradient []float32) (outputs []float32, err error) {
	if err := g.machine.RunAll(); err != nil {
		return nil, fmt.Errorf("gorgonia: %w", err)
	}
	for _, v := range g.grads {
		data, ok := v.Data().([]float32)
		if !ok || len(data) > len(gradient) {
			return nil, fmt.Errorf("gorgonia: gradient is %T of %v, expected float32", v.Data(),
				v.Shape())
		}
		gradient = gradient[copy(gradient, data):]
	}
	outputs, ok := g.output.Data().([]float32)
	if !ok || len(gradient) > 0 {
		return nil, fmt.Errorf("gorgonia: output is %T with %d gradients missing", g.output.Data(),
			len(gradient))
	}
	g.machine.Reset()
	return outputs, nil
}

func (g *graph) close() error { return g.machine.Close() }

// graphBuilder keeps the first error, after which its nodes are of no use.
type graphBuilder struct {
	graph  *gorgonia.ExprGraph
	params gorgonia.Nodes
	err    error
}

// input is a matrix that reads data where it is.
func (b *graphBuilder) input(name string, rows, cols int, data []float32) *gorgonia.Node {
	value := tensor.New(tensor.WithShape(rows, cols), tensor.WithBacking(data))
	return gorgonia.NewMatrix(b.graph, tensor.Float32, gorgonia.WithShape(rows, cols),
		gorgonia.WithName(name), gorgonia.WithValue(value))
}

// keep notes the error of an operation.
func (b *graphBuilder) keep(n *gorgonia.Node, err error) *gorgonia.Node {
	if b.err == nil {
		b.err = err
	}
	return n
}

// binary applies an operation unless an earlier one failed, since Gorgonia panics on nodes that are
// nil.
func (b *graphBuilder) binary(op func(x, y *gorgonia.Node) (*gorgonia.Node, error), x,
	y *gorgonia.Node) *gorgonia.Node {
	if b.err != nil {
		return nil
	}
	return b.keep(op(x, y))
}

func (b *graphBuilder) add(x, y *gorgonia.Node) *gorgonia.Node {
	return b.binary(gorgonia.Add, x,
		y)
}
func (b *graphBuilder) sub(x, y *gorgonia.Node) *gorgonia.Node {
	return b.binary(gorgonia.Sub, x,
		y)
}

// mul is the matrix product, times the product element by element.
func (b *graphBuilder) mul(x, y *gorgonia.Node) *gorgonia.Node {
	return b.binary(gorgonia.Mul, x,
		y)
}
func (b *graphBuilder) times(x, y *gorgonia.Node) *gorgonia.Node {
	return b.binary(gorgonia.HadamardProd, x, y)
}

func (b *graphBuilder) relu(x *gorgonia.Node) *gorgonia.Node {
	if b.err != nil {
		return nil
	}
	return b.keep(gorgonia.Rectify(x))
}

func (b *graphBuilder) sum(x *gorgonia.Node) *gorgonia.Node {
	if b.err != nil {
		return nil
	}
	return b.keep(gorgonia.Sum(x))
}

// differentiate makes g read the gradients of loss by all parameters.
func (b *graphBuilder) differentiate(loss *gorgonia.Node, g *graph) error {
	if b.err != nil {
		return b.err
	}
	grads, err := gorgonia.Grad(loss, b.params...)
	if err != nil {
		return err
	}
	g.grads = make([]gorgonia.Value, len(grads))
	for i, node := range grads {
		gorgonia.Read(node, &g.grads[i])
	}
	return nil
}
