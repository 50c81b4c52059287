package adopt

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/tailor-nas/tailor/internal/onnxgraph"
	"github.com/tailor-nas/tailor/supernet"
)

// Example is a random image, and what the file's own graph gives for it.
type Example struct {
	Image  []float32 // (height,width,channels)
	Output []float64
	// Probabilities says that these are softmax of logits.
	Probabilities bool
}

// FromONNX recognises the network of an ONNX graph: its nodes, with the shapes that they have for a
// random image of the given side (0: what the file says), are taken for parts of MBConv blocks.
// What is none is named.
func FromONNX(ctx context.Context, g *onnxgraph.Graph, side int) (*Network, Facts, *Example,
	error) {
	if g.Opset < 7 || g.Opset > 22 {
		return nil, Facts{}, nil, fmt.Errorf("%w: its operators are of opset %d, expected 7 to 22",
			ErrNetwork, g.Opset)
	}
	in, err := inputOf(g, side)
	if err != nil {
		return nil, Facts{}, nil, err
	}
	image := randomImage(in)
	constants := constantsOf(g)
	out, shapes, err := g.Run(ctx, in.tensor(image.Image), constants.fold)
	if err != nil {
		return nil, Facts{}, nil, fmt.Errorf("%w: %w", ErrNetwork, err)
	}
	r, err := simplified(g, shapes, constants)
	if err != nil {
		return nil, Facts{}, nil, fmt.Errorf("%w: %w", ErrNetwork, err)
	}
	net, err := r.network()
	if err == nil {
		err = net.checkValues()
	}
	if err == nil {
		err = checkOutput(out)
	}
	if err != nil {
		return nil, Facts{}, nil, fmt.Errorf("%w: %w", ErrNetwork, err)
	}
	image.Output, image.Probabilities = out.Data, r.softmax
	facts, err := net.graphFacts(in)
	facts.told(g.Properties)
	net.graph, net.input = g, in
	return net, facts, image, err
}

// checkOutput refuses outputs that float32 does not hold.
func checkOutput(out *onnxgraph.Tensor) error {
	for _, v := range out.Data {
		if !(math.Abs(v) <= math.MaxFloat32) {
			return fmt.Errorf("its outputs for a random image are not finite numbers in float32 "+
				"(one is %g): its weights are too large, or it is damaged", v)
		}
	}
	return nil
}

// constants are the values of a graph that do not depend on the image, by name.
type constants map[string]*onnxgraph.Tensor

func constantsOf(g *onnxgraph.Graph) constants {
	all := constants{}
	for name, t := range g.Constants {
		all[name] = t
	}
	return all
}

// fold keeps what a node gives that works on constants alone.
func (c constants) fold(n *onnxgraph.Node, result *onnxgraph.Tensor) {
	for _, name := range n.Inputs {
		if name != "" && c[name] == nil {
			return
		}
	}
	c[n.Outputs[0]] = result
}

// input is the form of the graph's input.
type input struct {
	side, channels int
	last           bool // channels are the last axis
	from           string
}

// inputOf reads what the graph's input is: one image, square, of one to four channels.
func inputOf(g *onnxgraph.Graph, side int) (input, error) {
	if len(g.Inputs) != 1 {
		return input{}, fmt.Errorf("%w: it has %d inputs, expected one, of images", ErrNetwork,
			len(g.Inputs))
	}
	d := g.Inputs[0].Dims
	if len(d) != 4 {
		return input{}, fmt.Errorf("%w: its input has the shape %v, expected images (N,C,H,W)",
			ErrNetwork, d)
	}
	in := input{channels: d[1], side: d[2], from: "the file"}
	height, width := d[2], d[3]
	if d[3] >= 1 && d[3] <= 4 && (d[1] > 4 || d[1] == 0) {
		in = input{channels: d[3], side: d[1], last: true, from: "the file"}
		height, width = d[1], d[2]
	}
	if side > 0 && in.side != side {
		if height > 0 {
			return in, fmt.Errorf("%w: it is for images of %dx%d px, and --resolution is %d: "+
				"export it again for that size, or leave the flag out", ErrNetwork, height, width,
				side)
		}
		in.side, in.from, width = side, "--resolution", side
	}
	switch {
	case in.side == 0:
		return in, fmt.Errorf("%w: it takes images of any size: say with --resolution which it "+
			"was trained with, such as --resolution 224", ErrNetwork)
	case in.channels < 1 || in.channels > 4:
		return in, fmt.Errorf("%w: its images have %d channels, expected 1 to 4", ErrNetwork,
			in.channels)
	case width != in.side && width != 0 || height != in.side && height != 0:
		return in, fmt.Errorf("%w: its images are %dx%d, and those of a space are square",
			ErrNetwork, height, width)
	case in.side < 8 || in.side > 1<<12:
		return in, fmt.Errorf("%w: its images have %d px, expected 8 to %d", ErrNetwork, in.side,
			1<<12)
	}
	return in, nil
}

// randomImage draws an image, the same for each file of one shape.
func randomImage(in input) *Example {
	r := rand.New(rand.NewPCG(1, 1))
	e := &Example{}
	e.Image = make([]float32, in.side*in.side*in.channels)
	for i := range e.Image {
		e.Image[i] = float32(2*r.Float64() - 1)
	}
	return e
}

// tensor is an image (height,width,channels) as the graph takes it.
func (in input) tensor(image []float32) *onnxgraph.Tensor {
	t := &onnxgraph.Tensor{Dims: []int{1, in.channels, in.side, in.side},
		Data: make([]float64, len(image))}
	if in.last {
		t.Dims = []int{1, in.side, in.side, in.channels}
	}
	pixels := in.side * in.side
	for i, v := range image {
		at := i
		if !in.last {
			at = i%in.channels*pixels + i/in.channels
		}
		t.Data[at] = float64(v)
	}
	return t
}

// graphFacts are what a graph says of itself. How images are normalised it does not.
func (n *Network) graphFacts(in input) (Facts, error) {
	padding, err := n.padding(in.side)
	f := Facts{
		Family: "an ONNX graph", Resolution: fact(in.side, in.from), BNEps: fact(n.eps(), "the file"),
		Padding: fact(padding, "the file"),
	}
	return f, err
}

// eps is the epsilon of the first batch norm, 1e-5 if all were folded away.
func (n *Network) eps() float64 {
	for _, c := range n.units() {
		if c.Norm != nil && c.Norm.Eps > 0 && c.Norm.Eps <= 0.1 {
			return c.Norm.Eps
		}
	}
	return 1e-5
}

// padding finds which padding all convolutions have, in a network on images of a side.
func (n *Network) padding(side int) (supernet.Padding, error) {
	usual, same := "", "" // a convolution that has not this padding
	at := side
	for _, c := range n.units() {
		out := (at-1)/c.Stride + 1
		p := c.Kernel / 2
		if *c.Pads != (supernet.Pads{Top: p, Bottom: p, Left: p, Right: p}) {
			usual = c.Where
		}
		total := max(0, (out-1)*c.Stride+c.Kernel-at)
		b, e := total/2, total-total/2
		if *c.Pads != (supernet.Pads{Top: b, Bottom: e, Left: b, Right: e}) {
			same = c.Where
		}
		at = out
	}
	switch {
	case usual == "":
		return "", nil
	case same == "":
		return supernet.TFSame, nil
	}
	return "", fmt.Errorf("%w: the zeros around the input of %.80q are neither (kernel-1)/2 on "+
		"every side nor what TensorFlow calls \"same\"", ErrNetwork, usual)
}
