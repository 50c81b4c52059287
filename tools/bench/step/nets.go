package main

import (
	_ "embed"
	"fmt"
	"math/rand/v2"

	"github.com/tailor-nas/tailor/supernet"
)

// mbconvSpace has a single network: 12 MBConv blocks, 34.6 million MACs an image. Only with strides
// of 1 in the stem and the first stage does it have that many.
//
//go:embed mbconv.yaml
var mbconvSpace []byte

// net is what a step trains: networks that share the weights of a space's supernet. The first
// learns from the labels, the others from its softmax.
type net struct {
	name     string
	title    string
	space    *supernet.Space
	networks [][]supernet.Block
}

func netNames() []string { return []string{"mbconv", "largest", "deps"} }

// depsSeed draws the two random networks of a DepS step.
const depsSeed = 1

func newNet(name string) (*net, error) {
	n := &net{name: name}
	var err error
	if name == "mbconv" {
		n.space, err = supernet.ParseSpace("mbconv.yaml", mbconvSpace)
	} else {
		n.space, err = supernet.LoadSpace("mbv3-cifar")
	}
	if err != nil {
		return nil, err
	}
	// Dropout draws at random, so that losses could not be compared. Here it would touch 64 x 1280
	// values.
	space := *n.space
	space.Head.Dropout = 0
	n.space = &space

	archs := []supernet.Arch{space.Max()}
	switch name {
	case "mbconv":
		n.title = "12 MBConv blocks, kernel 5, ReLU"
	case "largest":
		n.title = "largest network of mbv3-cifar"
	case "deps":
		n.title = "DepS step on mbv3-cifar: largest, smallest and 2 random networks"
		archs = append(archs, space.Min())
		for i := range uint64(2) {
			archs = append(archs, space.Random(rand.New(rand.NewPCG(depsSeed, i))))
		}
	default:
		return nil, fmt.Errorf("no net is called %q", name)
	}
	for _, a := range archs {
		n.networks = append(n.networks, space.Blocks(a))
	}
	return n, nil
}

// macs counts the multiply-accumulates of one image through all networks.
func (n *net) macs() (sum int64) {
	for _, blocks := range n.networks {
		sum += supernet.MACs(blocks)
	}
	return sum
}

// outputs counts the values that the convolutions give for one image, over all networks.
func (n *net) outputs() (sum int64) {
	for _, blocks := range n.networks {
		for _, b := range blocks {
			sum += outputs(b)
		}
	}
	return sum
}

func outputs(b supernet.Block) (values int64) {
	for _, o := range b.MustOps() {
		if o.Kind == supernet.OpConv || o.Kind == supernet.OpDepthwise {
			values += int64(o.Out.Len())
		}
	}
	return values
}
