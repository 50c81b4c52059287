package adopt

import (
	"fmt"

	"github.com/tailor-nas/tailor/supernet"
)

// checkGraph refuses a block of a graph that no space has.
func (b *Block) checkGraph() error {
	if err := b.check(); err != nil {
		return err
	}
	bad := func(c *Conv, what string) error { return fmt.Errorf("%s: %s", c.Where, what) }
	d := &b.Depthwise
	switch {
	case d.Kernel%2 == 0 || d.Kernel > 15:
		return bad(d, fmt.Sprintf("its kernel is %d, and those of a space are odd, up to 15",
			d.Kernel))
	case b.Expand != nil && b.Expand.Act != d.Act:
		return bad(d, fmt.Sprintf("its activation is %s, and that of the convolution before it %s: "+
			"a block has one", d.Act, b.Expand.Act))
	case b.Expand != nil && b.mid() == b.in():
		return bad(b.Expand, "it gives as many channels as it takes: blocks of a space that do not "+
			"widen have no such convolution")
	case b.Expand != nil && b.Expand.Stride != 1:
		return bad(b.Expand, "it has a stride: in a block the depthwise convolution has it")
	case b.Project.Stride != 1:
		return bad(&b.Project, "it has a stride: in a block the depthwise convolution has it")
	case b.Skip != (d.Stride == 1 && b.in() == b.Project.Out):
		return bad(&b.Project, fmt.Sprintf("the block has a shortcut: %v, and those of a space do "+
			"where stride and channels allow it", b.Skip))
	}
	if err := plain(d.Act); err != nil {
		return bad(d, err.Error())
	}
	if g := b.Gate; g != nil {
		if err := plain(g.Reduce.Act); err != nil {
			return bad(&g.Reduce, err.Error())
		}
		if g.Expand.Act != supernet.HSigmoid && g.Expand.Act != sigmoid {
			return bad(&g.Expand, fmt.Sprintf("its activation is %s, and that of a gate h_sigmoid "+
				"or sigmoid", g.Expand.Act))
		}
		if g.Reduce.Depthwise || g.Expand.Depthwise || g.Reduce.Norm != nil ||
			g.Expand.Norm != nil {
			return bad(&g.Reduce, "squeeze-and-excitation with batch norm, or depthwise")
		}
	}
	return nil
}

// plain refuses gates where an activation is expected.
func plain(act supernet.Act) error {
	switch act {
	case relu, relu6, hSwish, silu:
		return nil
	}
	return fmt.Errorf("its activation is %s, and those of a space relu, relu6, h_swish or silu", act)
}

// checkHead refuses a head of a graph that no space has.
func (n *Network) checkHead() error {
	last := n.Blocks[len(n.Blocks)-1].Project.Out
	for _, c := range []*Conv{n.Expand, n.Features, &n.Classifier} {
		if c == nil {
			continue
		}
		if c.Depthwise || c.Kernel != 1 || c.Stride != 1 || c.In != last {
			return fmt.Errorf("%s: it takes %d channels with a kernel of %d, expected %d and 1",
				c.Where, c.In, c.Kernel, last)
		}
		last = c.Out
	}
	acts := []*Conv{&n.Stem, n.Expand, n.Features}
	for _, c := range acts {
		if c == nil {
			continue
		}
		if err := plain(c.Act); err != nil {
			return fmt.Errorf("%s: %w", c.Where, err)
		}
	}
	if n.Expand != nil && n.Features != nil && n.Expand.Act != n.Features.Act {
		return fmt.Errorf("%s: its activation is %s, and that of the convolution before the mean %s: "+
			"a head has one", n.Features.Where, n.Features.Act, n.Expand.Act)
	}
	if f := n.Features; f != nil && f.Norm != nil || n.Classifier.Norm != nil {
		return fmt.Errorf("%s: batch norm after the mean over pixels", n.Classifier.Where)
	}
	if n.Classifier.Out < 2 {
		return fmt.Errorf("%s: it gives %d value, and a classifier at least 2", n.Classifier.Where,
			n.Classifier.Out)
	}
	return nil
}
