//go:build (!amd64 && !arm64) || noasm

package kernel

type mapKernel struct{}

var (
	scaleShiftKernels                  [actCount]mapKernel
	scaleShiftAddKernel, combineKernel mapKernel
)

func mapVector(mapKernel, []float32, []float32, []float32, []float32, []float32, []float32, int,
	int) bool {
	return false
}

func productsVector(_, _, _ []float32, _, _ int) bool { return false }

func (n *Norm) gradientVector(_, _, _, _, _ []float32, _ int, _ bool) bool { return false }

func addVector(_, _ []float32) bool { return false }

func rectifiedDotVector(_, _, _, _ []float32) (float32, bool) { return 0, false }

func (*Adam) vector(_, _, _, _ []float32) bool { return false }

func (pooling) largestVector([]float32, []int32, []float32, int) bool { return false }

// Settle has nothing to wait for: nothing bypasses the caches here.
func Settle() {}

func streams([]float32, int) bool { return false }
