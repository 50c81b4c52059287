package regress

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// plainGraph computes with Gorgonia's own operations what graph does with ours: it differentiates
// them by itself, and multiplies with gonum's BLAS.
type plainGraph struct {
	machine gorgonia.VM
	loss    gorgonia.Value
	grads   []gorgonia.Value // by layer: matrix, bias
}

// newPlainGraph makes the graph of n on the batch that another holds.
func newPlainGraph(n *MLP, of *graph) (*plainGraph, error) {
	g := &plainGraph{}
	batch := len(of.y)
	b := &plainBuilder{graph: gorgonia.NewGraph()}
	h := b.input("x", batch, n.Sizes[0], of.x)
	one := b.input("one", batch, 1, filled(batch))
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
	residual := b.sub(h, b.input("y", batch, 1, of.y))
	loss := b.sum(b.times(b.times(residual, residual), b.input("weight", batch, 1, of.weight)))
	if err := b.differentiate(loss, g); err != nil {
		return nil, fmt.Errorf("gorgonia: %w", err)
	}
	gorgonia.Read(loss, &g.loss)
	g.machine = gorgonia.NewTapeMachine(b.graph)
	return g, nil
}

// run computes the loss and the gradient, laid out as the weights, of the current batch and
// weights.
func (g *plainGraph) run() (loss float64, gradient []float32, err error) {
	if err := g.machine.RunAll(); err != nil {
		return 0, nil, fmt.Errorf("gorgonia: %w", err)
	}
	for _, v := range g.grads {
		data, err := floats(v)
		if err != nil {
			return 0, nil, err
		}
		gradient = append(gradient, data...)
	}
	value, ok := g.loss.Data().(float32)
	if !ok {
		return 0, nil, fmt.Errorf("gorgonia: loss is %T", g.loss.Data())
	}
	g.machine.Reset()
	return float64(value), gradient, g.machine.Close()
}

// plainBuilder keeps the first error, after which its nodes are of no use.
type plainBuilder struct {
	graph  *gorgonia.ExprGraph
	params gorgonia.Nodes
	err    error
}

// input is a matrix that reads data where it is.
func (b *plainBuilder) input(name string, rows, cols int, data []float32) *gorgonia.Node {
	value := tensor.New(tensor.WithShape(rows, cols), tensor.WithBacking(data))
	return gorgonia.NewMatrix(b.graph, tensor.Float32, gorgonia.WithShape(rows, cols),
		gorgonia.WithName(name), gorgonia.WithValue(value))
}

// keep notes the error of an operation.
func (b *plainBuilder) keep(n *gorgonia.Node, err error) *gorgonia.Node {
	if b.err == nil {
		b.err = err
	}
	return n
}

// binary applies an operation unless an earlier one failed, since Gorgonia panics on nodes that are
// nil.
func (b *plainBuilder) binary(op func(x, y *gorgonia.Node) (*gorgonia.Node, error), x,
	y *gorgonia.Node) *gorgonia.Node {
	if b.err != nil {
		return nil
	}
	return b.keep(op(x, y))
}

func (b *plainBuilder) add(x, y *gorgonia.Node) *gorgonia.Node {
	return b.binary(gorgonia.Add, x, y)
}
func (b *plainBuilder) sub(x, y *gorgonia.Node) *gorgonia.Node {
	return b.binary(gorgonia.Sub, x, y)
}

// mul is the matrix product, times the product element by element.
func (b *plainBuilder) mul(x, y *gorgonia.Node) *gorgonia.Node {
	return b.binary(gorgonia.Mul, x, y)
}
func (b *plainBuilder) times(x, y *gorgonia.Node) *gorgonia.Node {
	return b.binary(gorgonia.HadamardProd, x, y)
}

func (b *plainBuilder) relu(x *gorgonia.Node) *gorgonia.Node {
	if b.err != nil {
		return nil
	}
	return b.keep(gorgonia.Rectify(x))
}

func (b *plainBuilder) sum(x *gorgonia.Node) *gorgonia.Node {
	if b.err != nil {
		return nil
	}
	return b.keep(gorgonia.Sum(x))
}

// differentiate makes g read the gradients of loss by all parameters.
func (b *plainBuilder) differentiate(loss *gorgonia.Node, g *plainGraph) error {
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
