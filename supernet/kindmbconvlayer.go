package supernet

import (
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
)

// mbconv runs an inverted residual block.
type mbconv struct {
	block     Block    // as bound
	expand    *nn.Unit // nil if the block never expands
	depthwise *nn.Unit
	se        *nn.SE // nil without
	project   *nn.Unit
}

func (m *mbconv) bind(g *nn.Graph, b Block, in flow, out nn.Slot) flow {
	m.block = b
	first := in.source(g, b)
	u := first
	if b.HasExpand() {
		m.expand.BindPointwise(g, u, b.Mid, 0, nn.Inner0)
		u = m.expand
	}
	m.depthwise.BindDepthwise(g, u, b.Kernel, nn.Pads(b.pads()), nn.Inner1)
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

// derived is the depthwise kernel, of which a smaller one is the centre or a learned map.
func (m *mbconv) derived() map[string][]float32 {
	return map[string][]float32{m.depthwise.Weight().Name: m.depthwise.Kernel()}
}

// channels are the middle channels. Without an expand convolution they are the block's input, which
// others share.
func (m *mbconv) channels() []weights.ChannelMember {
	if m.expand == nil {
		return nil
	}
	var c members
	c.unit(m.expand)
	c.unit(m.depthwise)
	c = append(c, weights.ChannelMember{Param: m.project.Weight(), First: true, Weight: true,
		Ranks: true})
	if m.se != nil {
		c.add(m.se.Reduce, true, true)
		c.add(m.se.Expand, false, true)
		c.add(m.se.ExpandBias, false, false)
	}
	return c
}

// members collects what belongs to the channels of a layer.
type members []weights.ChannelMember

// unit adds a convolution that has the channels as its output, with its batch norm.
func (c *members) unit(u *nn.Unit) {
	c.add(u.Weight(), false, true)
	c.add(u.BN.Scale, false, false)
	c.add(u.BN.Shift, false, false)
}

func (c *members) add(p *nn.Param, first, weight bool) {
	*c = append(*c, weights.ChannelMember{Param: p, First: first, Weight: weight})
}

// channelNorms are the batch norms that have statistics of the middle channels.
func (m *mbconv) channelNorms() []*nn.BatchNorm {
	return []*nn.BatchNorm{m.expand.BN, m.depthwise.BN}
}

// sortChannels sorts the middle channels, and the hidden ones of squeeze-and-excitation.
func (m *mbconv) sortChannels(w widths) {
	if m.expand != nil {
		m.sortMiddle(w.middle)
	}
	if m.se != nil {
		m.sortHidden(w.hidden)
	}
}

func (m *mbconv) sortMiddle(widths []int) {
	order := byImportance(m.project.Weight(), widths)
	permuteRows(m.project.Weight(), order)
	for _, u := range []*nn.Unit{m.expand, m.depthwise} {
		permuteColumns(order, u.Weight())
		permuteNorm(order, u.BN)
	}
	if m.se != nil {
		permuteRows(m.se.Reduce, order)
		permuteColumns(order, m.se.Expand, m.se.ExpandBias)
	}
}

func (m *mbconv) sortHidden(widths []int) {
	order := byImportance(m.se.Expand, widths)
	permuteRows(m.se.Expand, order)
	permuteColumns(order, m.se.Reduce, m.se.ReduceBias)
}
