package adopt

import (
	"fmt"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/supernet"
)

// Space is a space around the network, of which it is the largest. Blocks that follow each other
// share a stage where nothing tells them apart but their place, so that no block of the largest
// network is larger than the file's. A stage may have
//
//   - from half of its blocks to all;
//   - kernels of 3 up to the network's own;
//   - its own expand ratio, two thirds and half of that;
//
// and images may be as large as the network's own, and a seventh, two and three smaller.
func (n *Network) Space(name string, f Facts) (*supernet.Space, error) {
	s := supernet.Space{
		Name: name, Title: fmt.Sprintf("around %s", f.Family), Classes: n.Classifier.Out,
		Channels: n.Stem.In, Resolutions: resolutions(f.Resolution.Value), WidthMultiplier: 1,
		ChannelDivisor: n.divisor(), BNEps: f.BNEps.Value, Padding: f.Padding.Value,
		Stem: supernet.Stem{Width: n.Stem.Out, Stride: n.Stem.Stride, Act: n.Stem.Act},
	}
	if n.Stem.Kernel != 3 {
		s.Stem.Kernel = n.Stem.Kernel
	}
	if n.Expand != nil {
		s.Head.Expand, s.Head.Act = n.Expand.Out, n.Expand.Act
	}
	if l := n.Features; l != nil {
		s.Head.Features, s.Head.FeaturesBias, s.Head.Act = l.Out, l.Bias != nil, l.Act
	}
	for i := range n.Blocks {
		b := &n.Blocks[i]
		if last := len(s.Stages) - 1; i > 0 && b.continues(&n.Blocks[i-1]) {
			s.Stages[last].Depth[0]++
			continue
		}
		s.Stages = append(s.Stages, b.stage())
	}
	n.loosen(&s)
	return checked(&s)
}

// checked reads the space as a file of it is read, with all checks.
func checked(s *supernet.Space) (*supernet.Space, error) {
	got, err := supernet.ParseSpace(s.Name, YAML(s))
	if err != nil {
		return nil, fmt.Errorf("%w: no space holds it: %w", ErrNetwork, err)
	}
	return got, nil
}

// continues says whether the block may be the next of a stage.
func (b *Block) continues(prev *Block) bool {
	p, q := prev.Depthwise, b.Depthwise
	if q.Stride != 1 || b.in() != prev.Project.Out || b.Project.Out != prev.Project.Out ||
		p.Kernel != q.Kernel || p.Act != q.Act || (b.Gate == nil) != (prev.Gate == nil) {
		return false
	}
	return b.ratio() == prev.ratio() && b.excitation() == prev.excitation()
}

// stage is one that holds the block and nothing else.
func (b *Block) stage() supernet.Stage {
	return supernet.Stage{
		Width: b.Project.Out, Stride: b.Depthwise.Stride, Act: b.Depthwise.Act,
		SE: b.excitation(), Depth: []int{1}, Kernel: []int{b.Depthwise.Kernel},
		Expand: []float64{b.ratio()},
	}
}

// ratio is the expand ratio, with the fewest digits that give the block's middle channels.
func (b *Block) ratio() float64 {
	in, mid := float64(b.in()), float64(b.mid())
	if b.Expand == nil {
		return 1
	}
	for scale := 1.0; scale < 1e6; scale *= 10 {
		if r := math.Round(mid/in*scale) / scale; math.Round(in*r) == mid {
			return r
		}
	}
	return mid / in
}

// divisor is the largest number up to 8 that divides all channel counts; 0 for 8, which is what
// spaces have if nothing is said.
func (n *Network) divisor() int {
	divides := func(d int) bool {
		ok := n.Stem.Out%d == 0
		for i := range n.Blocks {
			b := &n.Blocks[i]
			ok = ok && b.mid()%d == 0 && b.Project.Out%d == 0
		}
		for _, c := range []*Conv{n.Expand, n.Features} {
			ok = ok && (c == nil || c.Out%d == 0)
		}
		return ok
	}
	for d := 8; d > 1; d /= 2 {
		if divides(d) {
			return d % 8
		}
	}
	return 1
}

// loosen lets each stage choose, from the last one on as far as an arch has room.
func (n *Network) loosen(s *supernet.Space) {
	stages, blocks, at := 0, 0, len(n.Blocks)
	for i := len(s.Stages) - 1; i >= 0; i-- {
		st := &s.Stages[i]
		depth := st.Depth[0]
		at -= depth
		if stages+1 > supernet.MaxStages || blocks+depth > supernet.MaxBlocks {
			continue
		}
		st.Depth = upTo(depth, (depth+1)/2, 1)
		st.Kernel = upTo(st.Kernel[0], min(3, st.Kernel[0]), 2)
		st.Expand = ratios(st.Expand[0], n.Blocks[at:][:depth], s.ChannelDivisor)
		if len(st.Depth)*len(st.Kernel)*len(st.Expand) > 1 {
			stages, blocks = stages+1, blocks+depth
		}
	}
}

// upTo lists numbers up to most, from least on.
func upTo(most, least, step int) (all []int) {
	for v := most; v >= least; v -= step {
		all = append(all, v)
	}
	slices.Reverse(all)
	return all
}

// ratios are half, two thirds and all of the expand ratio of blocks. One that would leave a block
// no more middle channels than it has input channels is left out: with as many it would have no
// expanding convolution.
func ratios(full float64, blocks []Block, divisor int) []float64 {
	if divisor == 0 {
		divisor = 8
	}
	var all []float64
	for _, share := range []float64{1. / 2, 2. / 3} {
		r := math.Round(full*share*100) / 100
		fits := full > 1
		for i := range blocks {
			in := blocks[i].in()
			mid := supernet.MakeDivisible(math.Round(float64(in)*r), divisor)
			fits = fits && mid > in && mid < blocks[i].mid()
		}
		if fits && r < full && !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	return append(all, full)
}

// resolutions are the network's own and up to three smaller, not below half.
func resolutions(side int) []int {
	step := 32
	for step > 4 && side/step < 6 {
		step /= 2
	}
	var all []int
	for i := range 4 {
		if r := side - i*step; r >= max(8, side/2) {
			all = append(all, r)
		}
	}
	slices.Reverse(all)
	return all
}
