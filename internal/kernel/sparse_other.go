//go:build (!amd64 && !arm64) || noasm

package kernel

func (s *Sparse) convolve(m int, a, c, _ []float32) { s.convolveGo(m, a, c) }
