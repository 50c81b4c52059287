//go:build !amd64 || noasm

package kernel

func (g Padded) convolveVector(_, _, _ []float32, _, _, _ int, _, _ []float32, _ bool,
	_ *Ahead) bool {
	return false
}

func (g Padded) weightVector(_, _, _ []float32, _, _ int, _ *Ahead) bool { return false }
