package supernet

import "github.com/tailor-nas/tailor/internal/nn"

// flow is what one block hands to the next: images, a unit's output, or a vector: features, or a map that is whole in memory.
type flow struct {
	images []float32
	unit   *nn.Unit
	vector *nn.Vector
}

// layer is a block of a network as the engine runs it.
type layer interface {
	// bind makes the layer run at the block's active size on what comes in, and gives what goes out. out is the slot of
	// memory that what crosses the block may use.
	bind(g *nn.Graph, b Block, in flow, out nn.Slot) flow
	forward()
	// backward adds weight gradients and gives what came in its gradient.
	backward()
	norms() []*nn.BatchNorm
}

// newLayer makes the layer of a block at full size; kernels are the sizes that its depthwise convolution may have.
func newLayer(p *nn.Params, b Block, kernels []int, transforms bool, eps float64) layer {
	switch {
	case b.Kind == MBConv:
		return newMBConv(p, b, kernels, transforms, eps)
	case b.Kind == Pool:
		return &poolLayer{nn.NewPool2D()}
	case b.Kind == MaxPool:
		return &maxPoolLayer{nn.NewMaxPool(b.Kernel, b.Stride)}
	case b.Kind == Linear:
		return &linearLayer{linear: nn.NewLinear(p, b.Name, b.In.Len(), b.Out.C, true, b.Act.nn())}
	case b.Bias:
		return &convLayer{nn.NewConv(p, b.Name, b.Kernel, b.Stride, b.In.C, b.Out.C, b.Valid, b.Act.nn())}
	case !b.BN:
		return &linearLayer{linear: nn.NewLinear(p, b.Name, b.In.C, b.Out.C, false, b.Act.nn())}
	case b.Kernel == 1:
		return &pointwiseLayer{nn.NewPointwise(p, b.Name, b.In.C, b.Out.C, nil, b.Act.nn(), eps)}
	}
	return &stemLayer{nn.NewStem(p, b.Name, b.Kernel, b.Stride, b.In.C, b.Out.C, b.Act.nn(), eps)}
}

// stemLayer is a convolution over the images.
type stemLayer struct{ unit *nn.Unit }

func (l *stemLayer) bind(g *nn.Graph, b Block, in flow, out nn.Slot) flow {
	l.unit.BindStem(g, in.images, b.In.H, b.In.W, b.In.C, out)
	return flow{unit: l.unit}
}
func (l *stemLayer) forward()               { l.unit.Forward() }
func (l *stemLayer) backward()              { l.unit.Backward() }
func (l *stemLayer) norms() []*nn.BatchNorm { return []*nn.BatchNorm{l.unit.BN} }

// pointwiseLayer is a 1x1 convolution with batch norm.
type pointwiseLayer struct{ unit *nn.Unit }

func (l *pointwiseLayer) bind(g *nn.Graph, b Block, in flow, out nn.Slot) flow {
	l.unit.BindPointwise(g, in.source(g, b), b.Out.C, 0, out)
	return flow{unit: l.unit}
}
func (l *pointwiseLayer) forward()               { l.unit.Forward() }
func (l *pointwiseLayer) backward()              { l.unit.Backward() }
func (l *pointwiseLayer) norms() []*nn.BatchNorm { return []*nn.BatchNorm{l.unit.BN} }

type poolLayer struct{ pool *nn.Pool2D }

func (l *poolLayer) bind(g *nn.Graph, b Block, in flow, _ nn.Slot) flow {
	return flow{vector: l.pool.Bind(g, in.source(g, b))}
}
func (l *poolLayer) forward()               { l.pool.Forward() }
func (l *poolLayer) backward()              { l.pool.Backward() }
func (l *poolLayer) norms() []*nn.BatchNorm { return nil }

// linearLayer works on features, or on a map as if it were features, with dropout before it.
type linearLayer struct {
	dropout nn.Dropout
	linear  *nn.Linear
}

func (l *linearLayer) bind(g *nn.Graph, b Block, in flow, _ nn.Slot) flow {
	v := in.maps(g, b)
	l.dropout.Bind(v)
	return flow{vector: l.linear.Bind(g, v)}
}

func (l *linearLayer) forward() {
	l.dropout.Forward()
	l.linear.Forward()
}

func (l *linearLayer) backward() {
	l.linear.Backward()
	l.dropout.Backward()
}
func (l *linearLayer) norms() []*nn.BatchNorm { return nil }

// mbconv is the inverted residual block of MobileNetV2 and V3.
type mbconv struct {
	block     Block    // as bound
	expand    *nn.Unit // nil if the block never expands
	depthwise *nn.Unit
	se        *nn.SE // nil without
	project   *nn.Unit
}

func newMBConv(p *nn.Params, b Block, kernels []int, transforms bool, eps float64) *mbconv {
	m := &mbconv{block: b}
	if b.HasExpand() {
		m.expand = nn.NewPointwise(p, b.Name+".expand", b.In.C, b.Mid, nil, b.Act.nn(), eps)
	}
	m.depthwise = nn.NewDepthwise(p, b.Name+".depthwise", kernels, b.Stride, b.Mid, transforms, b.Act.nn(), eps)
	if b.SE > 0 {
		m.se = nn.NewSE(p, b.Name+".se", b.Mid, b.SE)
	}
	m.project = nn.NewPointwise(p, b.Name+".project", b.Mid, b.Out.C, m.se, nn.Identity, eps)
	return m
}

func (m *mbconv) bind(g *nn.Graph, b Block, in flow, out nn.Slot) flow {
	m.block = b
	first := in.source(g, b)
	u := first
	if b.HasExpand() {
		m.expand.BindPointwise(g, u, b.Mid, 0, nn.Inner0)
		u = m.expand
	}
	m.depthwise.BindDepthwise(g, u, b.Kernel, nn.Inner1)
	m.project.BindPointwise(g, m.depthwise, b.Out.C, b.SE, out)
	if b.Skip {
		m.project.AddSkip(first)
	}
	return flow{unit: m.project}
}

func (m *mbconv) forward() {
	if m.block.HasExpand() {
		m.expand.Forward()
	}
	m.depthwise.Forward()
	m.project.Forward()
}

func (m *mbconv) backward() {
	m.project.Backward()
	m.depthwise.Backward()
	if m.block.HasExpand() {
		m.expand.Backward()
	}
}

func (m *mbconv) norms() []*nn.BatchNorm {
	n := []*nn.BatchNorm{m.depthwise.BN, m.project.BN}
	if m.block.HasExpand() {
		n = append(n, m.expand.BN)
	}
	return n
}

// source is the unit whose output comes in. Where a block runs on its own, on images, it is one that gives them as they are.
func (f flow) source(g *nn.Graph, b Block) *nn.Unit {
	if f.unit != nil {
		return f.unit
	}
	return g.InputUnit(f.images, b.In.H, b.In.W, b.In.C)
}
