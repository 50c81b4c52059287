package remote

import (
	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/internal/onnx"
	"github.com/tailor-nas/tailor/internal/runtime/netfile"
	"github.com/tailor-nas/tailor/internal/tflite"
	"github.com/tailor-nas/tailor/supernet"
)

// format is a kind of file that a runtime reads.
type format struct {
	marshal func(*supernet.Subnet, export.Meta) ([]byte, error)
	// channelsFirst says that maps are (N,C,H,W) in it.
	channelsFirst bool
}

// formats are those that are written, by what agents call them.
func formats() map[string]format {
	return map[string]format{"onnx": {onnx.Marshal, true}, "tflite": {tflite.Marshal, false},
		netfile.Format: {netfile.Marshal, false}}
}

// shape is that of a batch of maps in the format.
func (f format) shape(batch int, s supernet.Shape) []int {
	if f.channelsFirst {
		return []int{batch, s.C, s.H, s.W}
	}
	return []int{batch, s.H, s.W, s.C}
}

// give turns maps (N,H,W,C) into those of the format.
func (f format) give(s supernet.Shape, x []float32) []float32 {
	if !f.channelsFirst {
		return x
	}
	return turned(x, s.H*s.W, s.C)
}

// take turns maps of the format into (N,H,W,C).
func (f format) take(s supernet.Shape, x []float32) []float32 {
	if !f.channelsFirst {
		return x
	}
	return turned(x, s.C, s.H*s.W)
}

// turned makes (N,columns,rows) of (N,rows,columns).
func turned(x []float32, rows, columns int) []float32 {
	out, each := make([]float32, len(x)), rows*columns
	for from := 0; from < len(x); from += each {
		for r := range rows {
			for c := range columns {
				out[from+c*rows+r] = x[from+r*columns+c]
			}
		}
	}
	return out
}
