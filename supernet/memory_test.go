package supernet_test

import (
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

// TestMemory compares with sums by hand: the tensors that are there at the widest step.
func TestMemory(t *testing.T) {
	in, same := supernet.Shape{H: 8, W: 8, C: 4}, supernet.Shape{H: 8, W: 8, C: 12}
	half := supernet.Shape{H: 4, W: 4, C: 8}
	relu := supernet.Block{Kind: supernet.MBConv, In: in, Out: in, Mid: 12, Kernel: 3, Stride: 1,
		Act: supernet.ReLU, Skip: true, BN: true}
	plain := relu
	plain.Skip = false
	swish := plain
	swish.Act = supernet.HSwish
	silu := plain
	silu.Act = supernet.SiLU
	strided := plain
	strided.Out, strided.Stride = half, 2
	padded := 10 * 10 * 12 // one row and column of zeros before the first, none is TensorFlow's way
	padded -= 10*10*12 - 9*9*12
	for name, c := range map[string]struct {
		block  supernet.Block
		values int
	}{
		"depthwise, without the input":   {plain, 2 * same.Len()},
		"the input is still to be added": {relu, in.Len() + 2*same.Len()},
		"an activation that is a step":   {swish, 2 * same.Len()},
		"an activation that is two":      {silu, 3 * same.Len()},
		"padding that is a tensor":       {strided, same.Len() + padded},
	} {
		if got := c.block.Memory(); got != int64(4*c.values) {
			t.Errorf("%s: %d bytes, want %d", name, got, 4*c.values)
		}
	}
	if got := supernet.Memory([]supernet.Block{plain, relu}); got != relu.Memory() {
		t.Errorf("two blocks take %d bytes, the larger of them %d", got, relu.Memory())
	}
}
