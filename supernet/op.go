package supernet

// OpKind is what an operation does.
type OpKind string

// The kinds of operation. A format that networks are exported to has to know these and no blocks.
const (
	// dense convolution; weight (kernel,kernel,in,out), or (in,out)
	OpConv OpKind = "conv"
	// each channel with its own kernel; weight (kernel,kernel,channels)
	OpDepthwise OpKind = "depthwise"
	// the input as one vector, (height,width,channels); weight (in,out)
	OpLinear  OpKind = "linear"
	OpMaxPool OpKind = "maxpool" // the largest value of every window
	OpMean    OpKind = "mean"    // mean over height and width
	// mean of every window, over those of its pixels that are in the image
	OpMeanPool OpKind = "meanpool"
	OpAdd      OpKind = "add" // sum of two equal shapes
	// each channel of the first argument times the value of the second
	OpMultiply OpKind = "multiply"
)

// BlockInput stands for the input of the block among the arguments of an operation.
const BlockInput = -1

// Op is an operation of a block. Its result is Act(Norm(what Kind says + Bias)); what is empty is
// not done.
type Op struct {
	Kind OpKind
	Name string // no other operation of a network has it: "stages.2.0.depthwise"
	// Args are what it works on: indexes of earlier operations of the block, or BlockInput.
	Args    []int
	In, Out Shape // In is that of the first argument

	Kernel, Stride int // of convolutions and pooling
	// Pads are zeros around what is convolved; around what is pooled they are pixels that do not
	// count.
	Pads Pads

	Weight string // name of its weight
	Bias   string // name of its bias, (out)
	// Norm is the beginning of the names of batch norm's tensors, each (out): Norm + ".weight", the
	// scale, ".bias", the shift, ".mean" and ".var". Epsilon belongs to the network.
	Norm string
	Act  Act

	// Gate says that the operation belongs to squeeze-and-excitation, beside the way through the
	// block: it works on one value a channel, or applies that.
	Gate bool
}

// Ops lowers the block to operations, in order of execution; the last gives the block's output. It
// fails if the kind is unknown.
//
// Squeeze-and-excitation is given in its parts (mean, linear, linear, multiply), since neither ONNX
// nor TFLite has an operation for it.
func (b Block) Ops() ([]Op, error) {
	k, err := b.kind()
	if err != nil {
		return nil, err
	}
	return k.ops(b), nil
}

// MustOps is [Block.Ops] of a block that has been checked: it panics if the kind is unknown, which
// [Block.Check] refuses, and so does the reading of every document.
func (b Block) MustOps() []Op { return b.mustKind().ops(b) }

// WeightShape is the shape of the weight in memory and in files; nil without.
func (o Op) WeightShape() []int {
	switch {
	case o.Weight == "":
		return nil
	case o.Kind == OpDepthwise:
		return []int{o.Kernel, o.Kernel, o.In.C}
	case o.Kind == OpLinear:
		return []int{o.In.Len(), o.Out.C}
	case o.Kernel == 1:
		return []int{o.In.C, o.Out.C}
	}
	return []int{o.Kernel, o.Kernel, o.In.C, o.Out.C}
}

// Weights is the number of values in the weight.
func (o Op) Weights() int64 {
	if o.Weight == "" {
		return 0
	}
	n := int64(1)
	for _, side := range o.WeightShape() {
		n *= int64(side)
	}
	return n
}

// Params counts the trained parameters: weight, bias, and batch norm's scale and shift.
func (o Op) Params() int64 {
	n := o.Weights()
	if o.Bias != "" {
		n += int64(o.Out.C)
	}
	if o.Norm != "" {
		n += 2 * int64(o.Out.C)
	}
	return n
}

// MACs counts the multiply-accumulates of one image: each weight is used once for every pixel of
// the output. Adding, pooling and products with gates do not count, as is usual.
func (o Op) MACs() int64 { return o.Weights() * int64(o.Out.H) * int64(o.Out.W) }

// sparse says whether the weight is one whose zeros a runtime may skip: a matrix (in,out) of a 1x1
// convolution or a linear layer. Those of squeeze-and-excitation are small and not among them, nor
// are convolutions with bias, of which the engine skips none.
func (o Op) sparse() bool {
	pointwise := o.Kind == OpConv && o.Kernel == 1 && o.Bias == ""
	return !o.Gate && (pointwise || o.Kind == OpLinear)
}

// MACs counts the multiply-accumulates of one image: convolutions, squeeze-and-excitation and
// linear layers. It panics if the kind is unknown, as [Block.MustOps] does.
func (b Block) MACs() (n int64) {
	for _, o := range b.MustOps() {
		n += o.MACs()
	}
	return n
}

// Params counts the trained parameters: weights, biases, batch norm scales and shifts. It panics if
// the kind is unknown, as [Block.MustOps] does.
func (b Block) Params() (n int64) {
	for _, o := range b.MustOps() {
		n += o.Params()
	}
	return n
}

// MACs sums over a network.
func MACs(blocks []Block) (n int64) {
	for _, b := range blocks {
		n += b.MACs()
	}
	return n
}

// Params sums over a network.
func Params(blocks []Block) (n int64) {
	for _, b := range blocks {
		n += b.Params()
	}
	return n
}
