package onnx

import (
	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/internal/onnx/pb"
	"github.com/tailor-nas/tailor/supernet"
)

// begin adds the graph's input and gives what the network takes: normalised images (N,C,H,W).
func (g *graph) begin(in supernet.Shape, m export.Meta) value {
	for _, name := range []string{export.Input, export.Logits, export.Probabilities, export.Map} {
		g.taken[name] = name != export.Input // outputs are named at the end
	}
	if !m.Preprocessing {
		return g.input(export.Input, pb.TensorProto_FLOAT, g.mapOf(in)...)
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
	return g.node("Transpose", "preprocessing.nchw", g.mapOf(in), []string{x.name}, perm)
}

// end makes what the network gives the graph's output: logits, or what another kind of last block
// gives.
func (g *graph) end(x value, last supernet.Block, m export.Meta) {
	if m.Preprocessing {
		x = g.node("Softmax", "softmax", x.dims, []string{x.name}, integer("axis", 1))
	}
	if !last.Classifies() {
		g.output(x, export.Map)
		return
	}
	g.output(x, m.Output())
}
