package main

import (
	"math/rand/v2"
	"strings"

	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/supernet"
)

// subject is a group of networks, made when its turn comes.
type subject struct {
	name string
	nets func() ([]*supernet.Subnet, error)
}

// subjects are n random networks of each built-in space, the published ones, and pruned ones.
func subjects(n int) (all []subject) {
	for _, name := range supernet.Builtins() {
		all = append(all, ofSpace(name, n, func(b supernet.Block) supernet.Block { return b }))
	}
	for _, name := range supernet.PublishedNames() {
		all = append(all, published(name))
	}
	for _, v := range variants {
		s := ofSpace("mbv3-cifar", n, v.change)
		s.name += ", " + v.name
		all = append(all, s)
	}
	return all
}

// variants are what else a block may be.
var variants = []struct {
	name   string
	change func(supernet.Block) supernet.Block
}{
	{"90 % zeros", removed(supernet.Weights, 90)},
	{"16 channels less", removed(supernet.Channels, 16)},
	{"padding tf_same", padded},
	{"silu and sigmoid gates", efficient},
}

// removed prunes blocks that can be pruned so.
func removed(s supernet.Structure, amount int) func(supernet.Block) supernet.Block {
	return func(b supernet.Block) supernet.Block {
		if v, err := b.Remove(s, amount); err == nil {
			return v
		}
		return b
	}
}

func padded(b supernet.Block) supernet.Block {
	if b.Stride == 2 {
		b.Padding = supernet.TFSame
	}
	return b
}

// efficient makes a block such as EfficientNet's.
func efficient(b supernet.Block) supernet.Block {
	if b.Act != "" {
		b.Act = supernet.SiLU
	}
	if b.SE > 0 {
		b.SE, b.SEAct, b.SEGate = max(1, b.In.C/4), supernet.SiLU, supernet.Sigmoid
	}
	return b
}

// ofSpace are random networks of a space, with their blocks changed.
func ofSpace(name string, n int, change func(supernet.Block) supernet.Block) subject {
	return subject{name, func() (nets []*supernet.Subnet, err error) {
		space, err := supernet.LoadSpace(name)
		if err != nil {
			return nil, err
		}
		r := rand.New(rand.NewPCG(1, 0))
		for i := range n {
			blocks := space.Blocks(space.Random(r))
			for j, b := range blocks {
				blocks[j] = change(b)
			}
			net, err := calibrated(blocks, space.BNEps, uint64(i))
			if err != nil {
				return nil, err
			}
			nets = append(nets, net)
		}
		return nets, nil
	}}
}

func published(name string) subject {
	return subject{name, func() ([]*supernet.Subnet, error) {
		blocks, err := supernet.Published(name)
		if err != nil {
			return nil, err
		}
		net, err := calibrated(blocks, 1e-5, 1)
		return []*supernet.Subnet{net}, err
	}}
}

// calibrated makes a network with random weights, and batch norm statistics of random images, so
// that values stay in a range as in a trained network.
func calibrated(blocks []supernet.Block, eps float64, seed uint64) (*supernet.Subnet, error) {
	net, err := supernet.NewSubnet(blocks, eps, seed)
	if err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(seed, 1))
	for _, t := range net.Tensors() {
		low, high := 0.5, 1.5
		if strings.HasSuffix(t.Name, ".bias") {
			low, high = -0.5, 0.5
		} else if !strings.HasSuffix(t.Name, ".bn.weight") {
			continue
		}
		for i := range t.Data {
			t.Data[i] = float32(low + (high-low)*r.Float64())
		}
	}
	pool := nn.NewPool(2)
	defer pool.Close()
	runner := engine.NewRunner(net, pool)
	runner.Bind(blocks, 4, nn.Calibrate)
	for i := range runner.Input() {
		runner.Input()[i] = float32(r.NormFloat64())
	}
	runner.Forward()
	runner.FinishCalibration()
	return runner.Extract(blocks, eps), nil
}
