package blocktimes

import "github.com/tailor-nas/tailor/supernet"

// work is what a block asks of a device: the terms of a roofline model (Williams et al., CACM
// 2009), which can be fitted to whole networks where blocks were not timed; the time that is known
// of it beforehand; and what a network costs once, whatever its blocks, which no block has.
type work [kinds]float64

const (
	kinds = 6
	known = 4 // index of the time that is known
	once  = 5 // index of what a network has once
)

// workOf counts a block once, its multiply-accumulates outside and inside depthwise convolutions,
// which run at other speeds, and the values that it moves: activations of each of its convolutions
// and weights.
func workOf(b supernet.Block) work {
	var macs, depthwise, moved int64
	for _, o := range b.MustOps() {
		if o.Kind == supernet.OpDepthwise {
			depthwise += o.MACs()
		} else {
			macs += o.MACs()
		}
		moved += o.Params() + activations(o)
	}
	return work{1, float64(macs), float64(depthwise), float64(moved)}
}

// activations is the values that an operation reads and writes. A gate and a sum are applied to
// values while these pass through another operation.
func activations(o supernet.Op) int64 {
	if o.Gate || o.Kind == supernet.OpAdd {
		return 0
	}
	return int64(o.In.Len()) + int64(o.Out.Len())
}

func (w work) add(other work) work {
	for i := range w {
		w[i] += other[i]
	}
	return w
}

func (w work) dot(price work) (sum float64) {
	for i := range w {
		sum += w[i] * price[i]
	}
	return sum
}
