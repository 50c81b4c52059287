//go:build !noasm

package kernel

// mapKernel is a map of one or two inputs; nil if there is only the plain Go body.
type mapKernel func(y, x, r, scale, shift, other *float32, rows, rowBytes, channels int)

var (
	scaleShiftKernels = [actCount]mapKernel{
		Identity: scaleShiftIdentityNEON,
		ReLU:     scaleShiftReLUNEON,
		ReLU6:    scaleShiftReLU6NEON,
		HSwish:   scaleShiftHSwishNEON,
		SiLU:     scaleShiftSiLUNEON,
	}
	scaleShiftAddKernel mapKernel = scaleShiftAddNEON
	combineKernel       mapKernel = combineNEON
)

func mapVector(k mapKernel, y, x, r, scale, shift, other []float32, rows, c int) bool {
	if active == Portable || k == nil {
		return false
	}
	k(&y[0], &x[0], &r[0], &scale[0], &shift[0], &other[0], rows, 4*c, c)
	return true
}

func productsVector(x, d, dot []float32, rows, c int) bool {
	if active == Portable {
		return false
	}
	productsNEON(&x[0], &d[0], &dot[0], rows, 4*c, c)
	return true
}

type gradientFunc func(out, d, x, scale, shift, mean, sum, dot *float32, rows, rowBytes,
	channels int)

var gradientKernels = [actCount]gradientFunc{
	Identity: gradientIdentityNEON,
	ReLU:     gradientReLUNEON,
	ReLU6:    gradientReLU6NEON,
	HSwish:   gradientHSwishNEON,
	SiLU:     gradientSiLUNEON,
}

func (n *Norm) gradientVector(g, d, x, sum, dot []float32, rows int, _ bool) bool {
	f := gradientKernels[n.Act]
	if active == Portable || f == nil {
		return false
	}
	c := len(n.Scale)
	f(&g[0], &d[0], &x[0], &n.Scale[0], &n.Shift[0], &n.Mean[0], &sum[0], &dot[0], rows, 4*c, c)
	return true
}

func addVector(y, x []float32) bool {
	if active == Portable || len(y) == 0 {
		return false
	}
	addNEON(&y[0], &x[0], len(y))
	return true
}

// rectifiedDotVector has no kernel: what it is for is done on large machines.
func rectifiedDotVector(_, _, _, _ []float32) (float32, bool) { return 0, false }

// vector has no kernel: what it is for is done on large machines.
func (*Adam) vector(_, _, _, _ []float32) bool { return false }

func (p pooling) largestVector(y []float32, at []int32, x []float32, place int) bool {
	if active == Portable {
		return false
	}
	largestNEON(&y[0], &at[0], &x[0], p.pixels, 4*p.c, 4*p.step, p.c, int32(place))
	return true
}

// Settle has nothing to wait for, as nothing bypasses the caches: these processors write whole
// lines without reading them first.
func Settle() {}

func streams([]float32, int) bool { return false }
