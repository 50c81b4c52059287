package profiles

import (
	"fmt"
	"math/rand/v2"
	"runtime"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/supernet"
)

// RuntimeInfo says what runs the networks. It is part of what a latency is the latency of.
type RuntimeInfo struct {
	Name    string            `json:"name"`
	Version string            `json:"version"`
	Threads int               `json:"threads"`
	Batch   int               `json:"batch,omitempty"` // images that run together; absent for 1
	Options map[string]string `json:"options,omitempty"`
}

// Runtime runs networks on the device that is profiled.
type Runtime interface {
	Info() RuntimeInfo
	// Load prepares a network, or a single block, with any weights, to run on a batch of images. run must not be called after close.
	Load(blocks []supernet.Block) (run func() error, closeNetwork func(), err error)
}

// SubnetRuntime is a runtime that also runs networks with weights of their own, which the time depends on where zeros are skipped.
type SubnetRuntime interface {
	Runtime
	// LoadSubnet is like Load, with the weights of net. They must not change before close.
	LoadSubnet(net *supernet.Subnet) (run func() error, closeNetwork func(), err error)
}

// nativeVersion changes when the speed of tailor's own engine does.
const nativeVersion = "3"

// Native is tailor's own engine, in this process. Several threads share the images of a batch or, where there is one, its rows.
type Native struct {
	Threads int // 1 or more; 0 is 1
	Batch   int // images that run together; 0 is 1, as RuntimeInfo leaves it out
}

// Info describes the engine.
func (n Native) Info() RuntimeInfo {
	batch := n.Batch
	if batch == 1 {
		batch = 0
	}
	return RuntimeInfo{Name: "native", Version: nativeVersion, Threads: max(n.Threads, 1), Batch: batch, Options: map[string]string{"go": runtime.Version(), "kernels": nn.Kernels()}}
}

// Load prepares a network with random weights.
func (n Native) Load(blocks []supernet.Block) (run func() error, closeNetwork func(), err error) {
	net, err := supernet.NewSubnet(blocks, 1e-5, 1)
	if err != nil {
		return nil, nil, fmt.Errorf("native runtime: %w", err)
	}
	return n.LoadSubnet(net)
}

// LoadSubnet prepares a network with the weights that it has.
func (n Native) LoadSubnet(net *supernet.Subnet) (run func() error, closeNetwork func(), err error) {
	pool := nn.NewPool(n.Threads)
	r := net.Runner(pool)
	r.Bind(net.Blocks, max(n.Batch, 1), supernet.Infer)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range r.Input() {
		r.Input()[i] = float32(random.NormFloat64())
	}
	return func() error { r.Forward(); return nil }, pool.Close, nil
}
