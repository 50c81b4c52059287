package simulated

import (
	"hash/fnv"
	"math"
	"math/rand/v2"

	"github.com/tailor-nas/tailor/supernet"
)

// Device is an invented one: each operation of a block takes a fixed overhead, and the time of its
// arithmetic or of its memory traffic, whichever is longer. How fast arithmetic is depends on the
// kind of operation, on its kernel, and on whether channels fill whole vectors. Each block has an
// oddity of its own, as implementations are chosen by shape.
type Device struct {
	overheadMS float64                     // of an operation
	macsPerMS  map[supernet.OpKind]float64 // of kernels of one pixel
	byKernel   float64                     // rates grow with the kernel's side to this power
	vector     int                         // channels
	bytesPerMS float64
	oddity     float64 // standard deviation of the logarithm of a block's factor
	seed       uint64
}

// NewDevice draws a device.
func NewDevice(seed uint64) *Device {
	r := rand.New(rand.NewPCG(seed, 0xde71ce))
	between := func(low, high float64) float64 { return low * math.Pow(high/low, r.Float64()) }
	dense := between(2e6, 5e7)
	return &Device{
		overheadMS: between(1e-4, 2e-2),
		macsPerMS: map[supernet.OpKind]float64{
			supernet.OpConv:      dense,
			supernet.OpDepthwise: dense * between(0.1, 0.6),
			supernet.OpLinear:    dense * between(0.2, 1),
		},
		byKernel:   -0.2 + 0.6*r.Float64(),
		vector:     4 << r.IntN(4),
		bytesPerMS: dense * between(0.2, 2),
		oddity:     0.06 * r.Float64(),
		seed:       seed,
	}
}

// BlockMS is the time of a block in ms.
func (d *Device) BlockMS(b supernet.Block) (ms float64) {
	for _, o := range b.MustOps() {
		ms += d.overheadMS + max(d.arithmeticMS(o), d.trafficMS(o))
	}
	h := fnv.New64a()
	h.Write([]byte(b.Key()))
	r := rand.New(rand.NewPCG(d.seed, h.Sum64()))
	return ms * math.Exp(d.oddity*r.NormFloat64())
}

// NetworkMS is the time of a network in ms: the sum over its blocks.
func (d *Device) NetworkMS(blocks []supernet.Block) (ms float64) {
	for _, b := range blocks {
		ms += d.BlockMS(b)
	}
	return ms
}

// arithmeticMS is the time of an operation's multiply-accumulates.
func (d *Device) arithmeticMS(o supernet.Op) float64 {
	rate, ok := d.macsPerMS[o.Kind]
	if !ok {
		return 0
	}
	whole := (o.Out.C + d.vector - 1) / d.vector * d.vector
	filled := float64(o.Out.C) / float64(whole)
	return float64(o.MACs()) / (rate * filled * math.Pow(float64(max(o.Kernel, 1)), d.byKernel))
}

// trafficMS is the time of an operation's reads and writes, of float32.
func (d *Device) trafficMS(o supernet.Op) float64 {
	return 4 * float64(int64(o.In.Len()+o.Out.Len())+o.Weights()) / d.bytesPerMS
}
