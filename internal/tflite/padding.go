package tflite

import (
	"cmp"
	"fmt"
	"math"

	"github.com/tailor-nas/tailor/internal/tflite/schema"
	"github.com/tailor-nas/tailor/supernet"
)

// window is how a kernel moves over one side of an image: height or width.
type window struct {
	in, out, kernel, stride int
	before                  int // pixels of padding before the first
}

// missing is how many pixels behind the last the windows need. Of those that an operation pads
// there, the last may be in no window.
func (w window) missing() int {
	return max((w.out-1)*w.stride+w.kernel-w.in-w.before, 0)
}

// same says whether TFLite's padding SAME is this one: as many pixels as the windows need, the
// smaller half of them before.
func (w window) same() bool {
	need := max((w.out-1)*w.stride+w.kernel-w.in, 0)
	return w.before == need/2 && w.out == (w.in+w.stride-1)/w.stride
}

// check says whether there are as many windows as there should be.
func (w window) check() error {
	if n := (w.in+w.before+w.missing()-w.kernel)/w.stride + 1; n != w.out || w.before < 0 {
		return fmt.Errorf("kernel %d with stride %d and padding %d gives %d of %d pixels, "+
			"expected %d", w.kernel, w.stride, w.before, n, w.in, w.out)
	}
	return nil
}

// padded gives how an operator pads by itself as the operation says, and its input: x, or x padded
// by an operator of its own where none of TFLite's ways is the right one.
func (w *writer) padded(o supernet.Op, x ref) (schema.Padding, ref, error) {
	rows := window{o.In.H, o.Out.H, o.Kernel, o.Stride, o.Pads.Top}
	columns := window{o.In.W, o.Out.W, o.Kernel, o.Stride, o.Pads.Left}
	if err := cmp.Or(rows.check(), columns.check()); err != nil {
		return 0, 0, err
	}
	bottom, right := rows.missing(), columns.missing()
	switch {
	case rows.before == 0 && columns.before == 0 && bottom == 0 && right == 0:
		return schema.PaddingVALID, x, nil
	case rows.same() && columns.same():
		return schema.PaddingSAME, x, nil
	}
	if o.Kind == supernet.OpMeanPool {
		return 0, 0, fmt.Errorf("the mean of windows is padded in a way that TFLite has not, " +
			"expected no padding, or SAME")
	}
	amounts := []int{0, 0, rows.before, bottom, columns.before, right, 0, 0}
	shape := []int{w.batch, o.In.H + rows.before + bottom, o.In.W + columns.before + right, o.In.C}
	by := w.ints(o.Name+".padding", amounts, 4, 2)
	if o.Kind == supernet.OpMaxPool { // with what is less than anything
		x = w.add(o.Name+".padded", padWith{}, shape, x, by, w.scalar(-math.MaxFloat32))
		return schema.PaddingVALID, x, nil
	}
	x = w.add(o.Name+".padded", pad{}, shape, x, by)
	return schema.PaddingVALID, x, nil
}
