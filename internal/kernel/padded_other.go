//go:build (!amd64 && !arm64) || noasm

package kernel

// Nothing is vectorised here: these are not called.

func (g Padded) convolveVector(_, _, _ []float32, _ area, _, _ []float32, _ bool, _ *Ahead) {}

func (g Padded) weightVector(_, _, _ []float32, _, _ int, _ *Ahead) {}
