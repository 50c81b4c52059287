package onnx

import (
	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/internal/onnx/pb"
	"github.com/tailor-nas/tailor/supernet"
)

// begin adds the graph's input and gives what the network takes: normalised images (1,C,H,W).
func (g *graph) begin(in supernet.Shape, m export.Meta) value {
	for _, name := range []string{export.Input, export.Logits, export.Probabilities} {
		g.taken[name] = name != export.Input // outputs are named at the end
	}
	if !m.Preprocessing {
		return g.input(export.Input, pb.TensorProto_FLOAT, mapOf(in)...)
	}
	h, w, c := int64(in.H), int64(in.W), int64(in.C)
	image := g.input(export.Input, pb.TensorProto_UINT8, 1, h, w, c)
	scale, shift := m.Affine()
	float := integer("to", int64(pb.TensorProto_FLOAT))
	x := g.node("Cast", "preprocessing.cast", image.dims, []string{image.name}, float)
	factor := g.constant("preprocessing.factor", scale, c)
	x = g.node("Mul", "preprocessing.scale", x.dims, []string{x.name, factor})
	term := g.constant("preprocessing.term", shift, c)
	x = g.node("Add", "preprocessing.shift", x.dims, []string{x.name, term})
	perm := integers("perm", 0, 3, 1, 2)
	return g.node("Transpose", "preprocessing.nchw", mapOf(in), []string{x.name}, perm)
}

// end makes what the network gives the graph's output.
func (g *graph) end(x value, m export.Meta) {
	if m.Preprocessing {
		x = g.node("Softmax", "softmax", x.dims, []string{x.name}, integer("axis", 1))
	}
	g.output(x, m.Output())
}
