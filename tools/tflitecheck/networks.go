package main

import (
	"math/rand/v2"

	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// group is a set of networks of one sort. They are made when their turn comes.
type group struct {
	name     string
	networks []recipe
}

// recipe is what a network is made of.
type recipe struct {
	blocks []supernet.Block
	seed   uint64
}

// groups are random networks of every space, and networks of every other sort that can be exported.
func groups(n int, seed uint64) ([]group, error) {
	var all []group
	for _, name := range supernet.Builtins() {
		g, err := randomNetworks(name, n, seed, func([]supernet.Block) {})
		if err != nil {
			return nil, err
		}
		all = append(all, g)
	}
	for _, name := range supernet.PublishedNames() {
		blocks, err := supernet.Published(name)
		if err != nil {
			return nil, err
		}
		all = append(all, group{name, []recipe{{blocks, seed}}})
	}
	for _, change := range changes {
		g, err := randomNetworks("ofa-mbv3", n, seed, change.of)
		if err != nil {
			return nil, err
		}
		g.name += change.name
		all = append(all, g)
	}
	return all, nil
}

// change makes blocks of a space into such as no space has.
type change struct {
	name string
	of   func([]supernet.Block)
}

var changes = []change{
	{", 90 % zeros", func(blocks []supernet.Block) {
		for i, b := range blocks {
			if b.Kind == supernet.MBConv {
				blocks[i].Zeros = 90
			}
		}
	}},
	{", silu and sigmoid gates", func(blocks []supernet.Block) {
		for i := range blocks {
			b := &blocks[i]
			if b.Act != "" {
				b.Act = supernet.SiLU
			}
			if b.SE > 0 {
				b.SE, b.SEAct, b.SEGate = max(1, b.In.C/4), supernet.SiLU, supernet.Sigmoid
			}
		}
	}},
	{", padded as TensorFlow pads", func(blocks []supernet.Block) {
		for i, b := range blocks {
			if b.Stride == 2 {
				blocks[i].Padding = supernet.TFSame
			}
		}
	}},
}

func randomNetworks(name string, n int, seed uint64, change func([]supernet.Block)) (group, error) {
	s, err := supernet.LoadSpace(name)
	if err != nil {
		return group{}, err
	}
	g, r := group{name: name}, rand.New(rand.NewPCG(seed, 0))
	for range n {
		blocks := s.Blocks(s.Random(r))
		change(blocks)
		g.networks = append(g.networks, recipe{blocks, r.Uint64()})
	}
	return g, nil
}

// batch is how many images batch norm is calibrated on.
const batch = 8

// network makes one with random weights, biases and scales, and with statistics measured on images,
// so that its values are of the size that a trained network's are.
func (n recipe) network() (*supernet.Subnet, error) {
	net, err := supernet.NewSubnet(n.blocks, 1e-3, n.seed)
	if err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(n.seed, 1))
	for _, p := range weights.Params(net) {
		for i := range p.Data {
			if len(p.Shape) == 1 {
				p.Data[i] += float32(r.NormFloat64() * 0.2)
			}
		}
	}
	pool := nn.NewPool(2)
	defer pool.Close()
	run, in := engine.NewRunner(net, pool), n.blocks[0].In
	run.Bind(n.blocks, batch, nn.Calibrate)
	for i := range batch {
		_, pixels := image(in, r.Uint64())
		copy(run.Input()[i*in.Len():], pixels)
	}
	run.Forward()
	run.FinishCalibration()
	return net, nil
}
