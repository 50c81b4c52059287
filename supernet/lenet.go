package supernet

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// published are networks without choices that the literature reports on, by name. Each call gives a
// list of its own.
var published = map[string]func() []Block{"lenet-300-100": lenet300, "lenet-5-caffe": lenet5}

// PublishedNames lists the networks that [Published] knows.
func PublishedNames() []string { return slices.Sorted(maps.Keys(published)) }

// Published gives the blocks of a network without choices that the literature reports on, for
// images of 28x28x1 and 10 classes. Make it with [NewSubnet]; it has no batch norm, so that any
// epsilon will do.
//
//   - lenet-300-100: linear layers of 784 to 300 to 100 to 10 with ReLU (LeCun et al., Proc. IEEE
//     1998, section III.C.4); 266,200 weights and 410 biases.
//   - lenet-5-caffe: LeNet-5 as Caffe's example has it: 5x5 convolution to 20, max pooling, 5x5
//     convolution to 50, max pooling, linear layers of 800 to 500 to 10, with a ReLU only between
//     these; 430,500 weights and 580 biases.
func Published(name string) ([]Block, error) {
	blocks := published[name]
	if blocks == nil {
		return nil, fmt.Errorf("no published network is called %q; use one of %s", name,
			strings.Join(PublishedNames(), ", "))
	}
	return blocks(), nil
}

func lenet300() []Block {
	b := builder{at: Shape{28, 28, 1}}
	b.linear("fc1", 300, ReLU)
	b.linear("fc2", 100, ReLU)
	b.linear("fc3", 10, "")
	return b.blocks
}

func lenet5() []Block {
	b := builder{at: Shape{28, 28, 1}}
	b.plainConv("conv1", 20, 5)
	b.maxPool("pool1")
	b.plainConv("conv2", 50, 5)
	b.maxPool("pool2")
	b.linear("fc1", 500, ReLU)
	b.linear("fc2", 10, "")
	return b.blocks
}
