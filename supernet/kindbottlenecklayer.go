package supernet

import (
	"github.com/tailor-nas/tailor/internal/nn"
)

// bottleneckLayer runs a bottleneck block.
type bottleneckLayer struct {
	reduce, conv, expand *nn.Unit
	shortcut             *nn.Unit // nil where it is the input
}

func (l *bottleneckLayer) bind(g *nn.Graph, b Block, in flow, out nn.Slot) flow {
	first := in.source(g, b)
	l.reduce.BindPointwise(g, first, b.Mid, 0, nn.Inner0)
	from := first
	if l.shortcut != nil {
		l.shortcut.BindShortcut(g, first, b.Out.C, nn.Inner1)
		from = l.shortcut
	}
	l.conv.BindDense(g, l.reduce, b.Mid, nn.Pads(b.pads()), nn.Inner1)
	l.expand.BindPointwise(g, l.conv, b.Out.C, 0, out)
	l.expand.AddSum(from, b.Act.nn())
	return flow{unit: l.expand}
}

// forward finishes the shortcut before the convolution in the middle takes its memory.
func (l *bottleneckLayer) forward() {
	l.reduce.Forward()
	if l.shortcut != nil {
		l.shortcut.Forward()
		l.shortcut.Finish()
	}
	l.conv.Forward()
	l.expand.Forward()
}

func (l *bottleneckLayer) backward() {
	if l.shortcut != nil {
		l.shortcut.BackwardSum()
	}
	l.expand.Backward()
	l.conv.Backward()
	l.reduce.Backward()
}

func (l *bottleneckLayer) norms() []*nn.BatchNorm {
	n := []*nn.BatchNorm{l.reduce.BN, l.conv.BN, l.expand.BN}
	if l.shortcut != nil {
		n = append(n, l.shortcut.BN)
	}
	return n
}

// sortChannels sorts the channels behind the convolution in the middle, then those before it, as
// OFA does.
func (l *bottleneckLayer) sortChannels(w widths) {
	order := byImportance(l.expand.Weight(), w.middle)
	permuteRows(l.expand.Weight(), order)
	permuteColumns(order, l.conv.Weight(), l.conv.BN.Scale, l.conv.BN.Shift)

	order = byImportance(l.conv.Weight(), w.middle)
	permuteInputs(l.conv.Weight(), order)
	permuteColumns(order, l.reduce.Weight(), l.reduce.BN.Scale, l.reduce.BN.Shift)
}
