package supernet

import "github.com/tailor-nas/tailor/internal/nn"

// layer is a block of a network as the engine runs it.
type layer interface {
	// bind makes the layer run at the block's active size, on x, and gives its output.
	bind(g *nn.Graph, b Block, x nn.Tensor, out nn.Slot) nn.Tensor
	forward()
	// backward adds weight gradients and, if input is set, writes the gradient of x.
	backward(input bool)
	norms() []*nn.BatchNorm
}

// newLayer makes the layer of a block at full size. kernels are the sizes that its depthwise convolution may have.
func newLayer(p *nn.Params, b Block, kernels []int, transforms bool, eps float64) layer {
	switch b.Kind {
	case MBConv:
		return newMBConv(p, b, kernels, transforms, eps)
	case Pool:
		return &poolLayer{}
	case Linear:
		return &linearLayer{linear: nn.NewLinear(p, b.Name, b.In.C, b.Out.C)}
	}
	if !b.BN {
		eps = 0
	}
	return &convLayer{conv: nn.NewConv(p, b.Name, b.Kernel, b.Stride, b.In.C, b.Out.C, b.Act.nn(), eps)}
}

type convLayer struct{ conv *nn.Conv }

func (l *convLayer) bind(g *nn.Graph, b Block, x nn.Tensor, out nn.Slot) nn.Tensor {
	return l.conv.Bind(g, x, b.Out.C, out)
}
func (l *convLayer) forward()            { l.conv.Forward() }
func (l *convLayer) backward(input bool) { l.conv.Backward(input) }
func (l *convLayer) norms() []*nn.BatchNorm {
	if l.conv.BN == nil {
		return nil
	}
	return []*nn.BatchNorm{l.conv.BN}
}

type poolLayer struct{ pool nn.MeanPool }

func (l *poolLayer) bind(g *nn.Graph, _ Block, x nn.Tensor, out nn.Slot) nn.Tensor {
	return l.pool.Bind(g, x, out)
}
func (l *poolLayer) forward()               { l.pool.Forward() }
func (l *poolLayer) backward(bool)          { l.pool.Backward() }
func (l *poolLayer) norms() []*nn.BatchNorm { return nil }

// linearLayer is the classifier with the dropout before it.
type linearLayer struct {
	dropout nn.Dropout
	linear  *nn.Conv
}

func (l *linearLayer) bind(g *nn.Graph, b Block, x nn.Tensor, out nn.Slot) nn.Tensor {
	l.dropout.Bind(g, x)
	return l.linear.Bind(g, x, b.Out.C, out)
}

func (l *linearLayer) forward() {
	l.dropout.Forward()
	l.linear.Forward()
}

func (l *linearLayer) backward(bool) {
	l.linear.Backward(true)
	l.dropout.Backward()
}
func (l *linearLayer) norms() []*nn.BatchNorm { return nil }

// mbconv is the inverted residual block of MobileNetV2 and V3.
type mbconv struct {
	g         *nn.Graph
	block     Block // as bound
	x, y      nn.Tensor
	expand    *nn.Conv // nil if the block never expands
	depthwise *nn.Depthwise
	se        *nn.SE // nil without
	project   *nn.Conv
}

func newMBConv(p *nn.Params, b Block, kernels []int, transforms bool, eps float64) *mbconv {
	m := &mbconv{block: b}
	if b.HasExpand() {
		m.expand = nn.NewConv(p, b.Name+".expand", 1, 1, b.In.C, b.Mid, b.Act.nn(), eps)
	}
	m.depthwise = nn.NewDepthwise(p, b.Name+".depthwise", kernels, b.Stride, b.Mid, transforms, b.Act.nn(), eps)
	if b.SE > 0 {
		m.se = nn.NewSE(p, b.Name+".se", b.Mid, b.SE)
	}
	m.project = nn.NewConv(p, b.Name+".project", 1, 1, b.Mid, b.Out.C, nn.Identity, eps)
	return m
}

func (m *mbconv) bind(g *nn.Graph, b Block, x nn.Tensor, out nn.Slot) nn.Tensor {
	m.g, m.block, m.x = g, b, x
	t := x
	if b.HasExpand() {
		t = m.expand.Bind(g, t, b.Mid, nn.Inner0)
	}
	t = m.depthwise.Bind(g, t, b.Kernel, nn.Inner1)
	if b.SE > 0 {
		t = m.se.Bind(g, t, b.SE, nn.Inner0)
	}
	m.y = m.project.Bind(g, t, b.Out.C, out)
	return m.y
}

func (m *mbconv) forward() {
	if m.block.HasExpand() {
		m.expand.Forward()
	}
	m.depthwise.Forward()
	if m.block.SE > 0 {
		m.se.Forward()
	}
	m.project.Forward()
	if m.block.Skip {
		m.g.Add(m.y, m.x)
	}
}

func (m *mbconv) backward(bool) {
	m.project.Backward(true)
	if m.block.SE > 0 {
		m.se.Backward()
	}
	m.depthwise.Backward()
	if m.block.HasExpand() {
		m.expand.Backward(true)
	}
	if m.block.Skip {
		m.g.AddGrad(m.x, m.y)
	}
}

func (m *mbconv) norms() []*nn.BatchNorm {
	n := []*nn.BatchNorm{m.depthwise.BN, m.project.BN}
	if m.block.HasExpand() {
		n = append(n, m.expand.BN)
	}
	return n
}
