package supernet_test

import (
	"bytes"
	"testing"

	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/supernet"
)

// sparseNets gives networks with zeros in all their weights: every kind of block, with and without
// expand and squeeze-and-excitation, strides and non-square images.
func sparseNets(t *testing.T) (all []*supernet.Subnet) {
	t.Helper()
	shape := func(h, w, c int) supernet.Shape { return supernet.Shape{H: h, W: w, C: c} }
	lists := [][]supernet.Block{{
		{Name: "stem", Kind: supernet.Conv, In: shape(9, 6, 3), Out: shape(5, 3, 4), Kernel: 3,
			Stride: 2, Act: supernet.HSwish, BN: true},
		{Name: "a", Kind: supernet.MBConv, In: shape(5, 3, 4), Out: shape(5, 3, 4), Mid: 4,
			Kernel: 3, Stride: 1, Act: supernet.ReLU, Skip: true, BN: true},
		{Name: "b", Kind: supernet.MBConv, In: shape(5, 3, 4), Out: shape(3, 2, 6), Mid: 12,
			Kernel: 5, Stride: 2, Act: supernet.ReLU, SE: 3, BN: true},
		{Name: "c", Kind: supernet.Conv, In: shape(3, 2, 6), Out: shape(3, 2, 20), Kernel: 1,
			Stride: 1, Act: supernet.ReLU, BN: true},
		{Name: "pool", Kind: supernet.Pool, In: shape(3, 2, 20), Out: shape(1, 1, 20)},
		{Name: "d", Kind: supernet.Conv, In: shape(1, 1, 20), Out: shape(1, 1, 7), Kernel: 1,
			Stride: 1, Act: supernet.ReLU},
		{Name: "e", Kind: supernet.Linear, In: shape(1, 1, 7), Out: shape(1, 1, 5)},
	}}
	for _, text := range []string{everything, bare} {
		s := parse(t, text)
		lists = append(lists, s.Blocks(s.Max()), s.Blocks(s.Min()))
	}
	for seed, blocks := range lists {
		net, err := supernet.NewSubnet(blocks, 1e-5, uint64(seed))
		if err != nil {
			t.Fatal(err)
		}
		r := newRand(uint64(seed))
		for _, w := range net.Tensors() {
			for i := range w.Data { // of biases and batch norm too, which do not count
				if r.IntN(3) > 0 {
					w.Data[i] = 0
				}
			}
		}
		all = append(all, net)
	}
	return all
}

// slowCount walks over the output of every product and counts those with a weight that is not zero,
// from nothing but the list of blocks and the tensors as they are saved.
type slowCount struct {
	tensors                     map[string]safetensors.Tensor
	weights, nonZero, all, macs int64
}

// product multiplies each of so many pixels by a weight.
func (c *slowCount) product(name string, height, width int) {
	w := c.tensors[name]
	for _, v := range w.Data {
		c.weights++
		if v != 0 {
			c.nonZero++
		}
	}
	for range height {
		for range width {
			for _, v := range w.Data {
				c.all++
				if v != 0 {
					c.macs++
				}
			}
		}
	}
}

func (c *slowCount) block(b supernet.Block) {
	switch b.Kind {
	case supernet.Conv, supernet.Linear:
		c.product(b.Name+".weight", b.Out.H, b.Out.W)
	case supernet.MBConv:
		c.product(b.Name+".expand.weight", b.In.H, b.In.W) // none without an expand convolution
		c.product(b.Name+".depthwise.weight", b.Out.H, b.Out.W)
		c.product(b.Name+".se.reduce.weight", 1, 1)
		c.product(b.Name+".se.expand.weight", 1, 1)
		c.product(b.Name+".project.weight", b.Out.H, b.Out.W)
	}
}

func TestNonZero(t *testing.T) {
	for i, net := range sparseNets(t) {
		slow := slowCount{tensors: map[string]safetensors.Tensor{}}
		for _, w := range net.Tensors() {
			slow.tensors[w.Name] = w
		}
		for _, b := range net.Blocks {
			slow.block(b)
		}
		weights, nonZero := net.NonZero()
		if weights != slow.weights || nonZero != slow.nonZero {
			t.Errorf("network %d: %d of %d weights, want %d of %d", i, nonZero, weights,
				slow.nonZero, slow.weights)
		}
		if n := net.MACsNonZero(); n != slow.macs {
			t.Errorf("network %d: %d MACs, want %d", i, n, slow.macs)
		}
		if dense := supernet.MACs(net.Blocks); dense != slow.all || nonZero == 0 ||
			nonZero >= weights/2 {
			t.Errorf("network %d: %d dense MACs, want %d; %d of %d weights, want about a third", i,
				dense, slow.all, nonZero, weights)
		}
	}
}

// TestSparseFile: the file of a network with 90 % zeros in all its weights has at most 14 % of the
// dense one's bytes; of one so small that names and batch norm take much of it, a quarter.
func TestSparseFile(t *testing.T) {
	for space, most := range map[string]float64{"mbv3-cifar": .14, "mbv3-tiny": .25} {
		s := builtin(t, space)
		net, err := supernet.NewSubnet(s.Blocks(s.Min()), s.BNEps, 1)
		if err != nil {
			t.Fatal(err)
		}
		var dense, compact bytes.Buffer
		if err := safetensors.Encode(&dense, net.Tensors(), nil); err != nil {
			t.Fatal(err)
		}
		r := newRand(1)
		for _, w := range net.Tensors() {
			for i := range w.Data {
				if len(w.Shape) > 1 && r.IntN(10) > 0 {
					w.Data[i] = 0
				}
			}
		}
		if err := safetensors.EncodeCompact(&compact, net.Tensors(), nil); err != nil {
			t.Fatal(err)
		}
		share := float64(compact.Len()) / float64(dense.Len())
		t.Logf("%s: %d of %d bytes, %.1f %%", space, compact.Len(), dense.Len(), 100*share)
		if share > most {
			t.Errorf("%s: %.3f of the dense file, want at most %.2f", space, share, most)
		}
	}
}
