package supernet

import (
	"fmt"
	"slices"
)

func (c *checker) stem(st *Stem) {
	c.between("stem.kernel", st.Kernel, 0, 15)
	if st.Kernel != 0 && st.Kernel%2 == 0 || st.Kernel == 1 {
		c.fail("stem.kernel", "is %d, expected an odd number from 3 to 15", st.Kernel)
	}
	if st.Kernel != 0 && st.deep() {
		c.fail("stem.kernel", "is set with stem.depth, whose convolutions are 3x3; leave it out")
	}
	c.between("stem.width", st.Width, 1, maxWidth)
	c.between("stem.stride", st.Stride, 1, 2)
	c.act("stem.act", st.Act)
	if st.Depth != nil {
		choices(c, "stem.depth", st.Depth, 1, 16)
	}
}

// widths checks a choice of widths, which MBConv blocks do not have.
func (c *checker) widths(s *Space) {
	choices(c, "widths", s.Widths, 0.1, 10)
	if len(s.Widths) > MaxMultipliers {
		c.fail("widths", "has %d multipliers, at most %d are possible", len(s.Widths),
			MaxMultipliers)
	}
	for i := range s.Stages {
		if s.Stages[i].Block != Bottleneck {
			c.fail(fmt.Sprintf("stages[%d].block", i),
				"is %q, but with a choice of widths all stages must be of block %s",
				string(s.Stages[i].Block), Bottleneck)
		}
	}
}

// family checks what a kind of block asks of its stage.
func (c *checker) family(at string, st *Stage) {
	switch st.Block {
	case "":
		if st.DepthFrom != 0 {
			c.fail(at+".depth_from", "is for stages of block %s", Bottleneck)
		}
	case Bottleneck:
		c.bottleneck(at, st)
	default:
		c.fail(at+".block", "is %q, expected %s, or nothing for %s", string(st.Block), Bottleneck,
			MBConv)
	}
}

// minBottleneck is the least share of the output that the middle of a bottleneck block may be.
const minBottleneck = 1. / 64

func (c *checker) bottleneck(at string, st *Stage) {
	if st.Act != ReLU && st.Act != ReLU6 {
		c.fail(at+".act", "is %q, expected relu or relu6 in a stage of block %s", string(st.Act),
			Bottleneck)
	}
	if len(st.Kernel) != 1 || st.Kernel[0] < 3 {
		c.fail(at+".kernel", "is %v, expected one kernel of 3 or more in a stage of block %s",
			st.Kernel, Bottleneck)
	}
	if !st.SE.None() || st.ExpandByDepth != nil {
		c.fail(at, "is of block %s, which has neither se nor expand_by_depth", Bottleneck)
	}
	if len(st.Depth) > 0 {
		c.between(at+".depth_from", st.DepthFrom, 0, slices.Min(st.Depth))
	}
}
