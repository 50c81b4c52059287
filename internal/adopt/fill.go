package adopt

import (
	"fmt"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/supernet"
)

// Tensors are the network's weights under the names and in the layouts of the largest network of a
// space, batch norm statistics among them. The space is the network's own ([Network.Space]), or one
// that was edited: its largest network must be this one, but for kernels, around which a larger one
// has zeros.
func (n *Network) Tensors(s *supernet.Space) ([]supernet.Tensor, error) {
	blocks := s.Blocks(s.Max())
	f := filler{eps: s.BNEps}
	if err := n.fill(&f, s, blocks); err != nil {
		return nil, fmt.Errorf("space %s: %w", s.Name, err)
	}
	return f.all, nil
}

// filler collects tensors.
type filler struct {
	all []supernet.Tensor
	eps float64
}

func (f *filler) add(name string, data []float32, shape ...int) {
	f.all = append(f.all, supernet.Tensor{Name: name, Shape: shape, Data: data})
}

func (n *Network) fill(f *filler, s *supernet.Space, blocks []supernet.Block) error {
	want := n.blocks()
	if len(blocks) != len(want) {
		return differs("number of blocks", len(blocks), len(want))
	}
	for i, b := range blocks {
		if err := sameBlock(b, want[i].shape, s.Padding); err != nil {
			return fmt.Errorf("block %s of its largest network: %w", b.Name, err)
		}
		if err := want[i].fill(f, b); err != nil {
			return err
		}
	}
	return nil
}

func differs(what string, got, want any) error {
	return fmt.Errorf("its largest network has the %s %v, the file's network %v: only kernels may "+
		"be larger than the file's", what, got, want)
}

// piece is a part of the network that becomes a block: its shape, and what fills it.
type piece struct {
	shape supernet.Block // without name, sides of maps, and padding
	fill  func(*filler, supernet.Block) error
}

// blocks lists the network's parts in the order of the blocks of a space.
func (n *Network) blocks() []piece {
	all := []piece{n.Stem.piece(true)}
	for i := range n.Blocks {
		all = append(all, n.Blocks[i].piece())
	}
	if n.Expand != nil {
		all = append(all, n.Expand.piece(true))
	}
	last := n.Classifier.In
	if n.Features != nil {
		last = n.Features.In
	}
	all = append(all, piece{
		supernet.Block{Kind: supernet.Pool, In: ofWidth(last), Out: ofWidth(last)},
		func(*filler, supernet.Block) error { return nil },
	})
	if n.Features != nil {
		all = append(all, n.Features.piece(false))
	}
	return append(all, n.Classifier.piece(false))
}

func ofWidth(c int) supernet.Shape { return supernet.Shape{C: c} }

// piece is a convolution with batch norm, or a fully connected layer with bias or without.
func (c *Conv) piece(norm bool) piece {
	b := supernet.Block{Kind: supernet.Conv, In: ofWidth(c.In), Out: ofWidth(c.Out),
		Kernel: c.Kernel, Stride: c.Stride, Act: c.Act, BN: norm}
	if !norm && (c.Bias != nil || c.Act == "") {
		b = supernet.Block{Kind: supernet.Linear, In: b.In, Out: b.Out, Act: c.Act}
	}
	return piece{b, c.fill}
}

func (b *Block) piece() piece {
	shape := supernet.Block{Kind: supernet.MBConv, In: ofWidth(b.in()), Out: ofWidth(b.Project.Out),
		Mid: b.mid(), Kernel: b.Depthwise.Kernel, Stride: b.Depthwise.Stride, Act: b.Depthwise.Act,
		Skip: b.Skip, BN: true}
	if b.Gate != nil {
		b.Gate.describe(&shape)
	}
	return piece{shape, b.fill}
}

// sameBlock compares a block of a space with a part of the network.
func sameBlock(b, want supernet.Block, padding supernet.Padding) error {
	if want.Kind == supernet.MBConv && b.Kernel > want.Kernel {
		want.Kernel = b.Kernel
	}
	got := b
	got.Name, got.Padding = "", ""
	got.In, got.Out = ofWidth(b.In.C), ofWidth(b.Out.C)
	if got != want {
		return differs("block", got.Key(), want.Key())
	}
	return nil
}

// fill adds a convolution with batch norm, or a fully connected layer.
func (c *Conv) fill(f *filler, b supernet.Block) error {
	if b.BN {
		return f.unit(b.Name, c, c.Kernel)
	}
	f.matrix(b.Name, c)
	if b.Kind == supernet.Linear {
		bias := c.Bias
		if bias == nil {
			bias = make([]float32, c.Out)
		}
		f.add(b.Name+".bias", bias, c.Out)
	}
	return nil
}

// fill adds an MBConv block.
func (b *Block) fill(f *filler, to supernet.Block) error {
	if b.Expand != nil {
		if err := f.unit(to.Name+".expand", b.Expand, 1); err != nil {
			return err
		}
	}
	if err := f.unit(to.Name+".depthwise", &b.Depthwise, to.Kernel); err != nil {
		return err
	}
	if g := b.Gate; g != nil {
		for _, l := range []struct {
			name string
			c    *Conv
		}{{".se.reduce", &g.Reduce}, {".se.expand", &g.Expand}} {
			if err := l.c.fill(f, supernet.Block{Name: to.Name + l.name,
				Kind: supernet.Linear}); err != nil {
				return err
			}
		}
	}
	return f.unit(to.Name+".project", &b.Project, 1)
}

// unit adds a convolution and its batch norm.
func (f *filler) unit(name string, c *Conv, kernel int) error {
	switch {
	case c.Depthwise:
		f.add(name+".weight", depthwise(c, kernel), kernel, kernel, c.Out)
	case c.Kernel == 1:
		f.matrix(name, c)
	default:
		f.add(name+".weight", dense(c), c.Kernel, c.Kernel, c.In, c.Out)
	}
	norm, err := c.restored(f.eps)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Where, err)
	}
	name += ".bn"
	f.add(name+".weight", norm.Scale, c.Out)
	f.add(name+".bias", norm.Shift, c.Out)
	f.add(name+".mean", norm.Mean, c.Out)
	f.add(name+".var", norm.Var, c.Out)
	return nil
}

// matrix adds a weight (in,out).
func (f *filler) matrix(name string, c *Conv) { f.add(name+".weight", dense(c), c.In, c.Out) }

// dense turns (out,in,kernel,kernel) into (kernel,kernel,in,out).
func dense(c *Conv) []float32 {
	pixels := c.Kernel * c.Kernel
	turned := make([]float32, len(c.Weight))
	for o := range c.Out {
		for i := range c.In {
			for p := range pixels {
				turned[(p*c.In+i)*c.Out+o] = c.Weight[(o*c.In+i)*pixels+p]
			}
		}
	}
	return turned
}

// depthwise turns (channels,kernel,kernel) into (side,side,channels), with zeros around it.
func depthwise(c *Conv, side int) []float32 {
	turned := make([]float32, side*side*c.Out)
	edge := (side - c.Kernel) / 2
	for o := range c.Out {
		for y := range c.Kernel {
			for x := range c.Kernel {
				at := (y+edge)*side + x + edge
				turned[at*c.Out+o] = c.Weight[(o*c.Kernel+y)*c.Kernel+x]
			}
		}
	}
	return turned
}

// restored is the convolution's batch norm for an epsilon and a convolution without bias.
func (c *Conv) restored(eps float64) (*Norm, error) {
	n := c.Norm
	if n == nil {
		n = c.unfolded(eps)
	}
	got := Norm{Scale: slices.Clone(n.Scale), Shift: n.Shift, Mean: slices.Clone(n.Mean),
		Var: n.Var}
	for i := range got.Mean {
		if c.Norm != nil && c.Bias != nil {
			got.Mean[i] -= c.Bias[i]
		}
		v := float64(n.Var[i])
		if n.Eps != 0 && n.Eps != eps {
			got.Scale[i] = float32(float64(n.Scale[i]) * math.Sqrt((v+eps)/(v+n.Eps)))
		}
		if !(v+eps > 0) || math.IsInf(v, 1) {
			return nil, fmt.Errorf("the variance of its channel %d is %g", i, v)
		}
	}
	return &got, nil
}
