package tflite

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/internal/tflite/schema"
	"github.com/tailor-nas/tailor/supernet"
)

// Marshal gives the network as a TFLite file. It takes images (N,height,width,channels) of float32,
// normalised, and gives logits (N,classes); with [export.Options] Preprocessing it takes the bytes
// of one and gives probabilities. A network that does not end in a linear layer gives "output", a
// map (N,height,width,channels). The same network and meta give the same bytes.
func Marshal(net *supernet.Subnet, m export.Meta) ([]byte, error) {
	data, err := marshal(net, m)
	if err != nil {
		return nil, fmt.Errorf("tflite: %w", err)
	}
	return data, nil
}

func marshal(net *supernet.Subnet, m export.Meta) ([]byte, error) {
	in, last := net.Blocks[0].In, net.Blocks[len(net.Blocks)-1]
	if err := m.Check(in.C, last.Out.C); err != nil {
		return nil, err
	}
	w := &writer{weights: export.WeightsOf(net), batch: m.Images()}
	w.images(in, m)
	for _, b := range net.Blocks {
		if err := w.block(b); err != nil {
			return nil, fmt.Errorf("block %q: %w", b.Name, err)
		}
	}
	if err := w.end(last, m); err != nil {
		return nil, err
	}
	return w.encode(m.Name, description(m), entries(m))
}

// images begins the graph with its input, normalised.
func (w *writer) images(in supernet.Shape, m export.Meta) {
	shape := w.imageShape(in)
	if !m.Preprocessing {
		w.at = w.value(export.Input, schema.TensorTypeFLOAT32, shape...)
		w.input = w.at
		return
	}
	w.input = w.value(export.Input, schema.TensorTypeUINT8, shape...)
	scale, shift := m.Affine()
	w.at = w.add("input.float", bytesToFloats{}, shape, w.input)
	w.at = w.add("input.scaled", product{}, shape, w.at, w.floats("input.scale", scale, in.C))
	w.at = w.add("input.normalised", sum{}, shape, w.at, w.floats("input.shift", shift, in.C))
}

// end ends the graph with its output.
func (w *writer) end(last supernet.Block, m export.Meta) error {
	w.tensors[w.at].name = export.Logits
	switch {
	case last.Classifies() && m.Preprocessing:
		w.at = w.add(export.Probabilities, softmax{}, w.shape(w.at), w.at)
	case !last.Classifies() && m.Preprocessing:
		return fmt.Errorf("the network ends in a %s, expected a linear layer: probabilities are of "+
			"logits", last.Kind)
	case !last.Classifies():
		w.tensors[w.at].name = export.Map
	}
	w.output = w.at
	return nil
}

func (w *writer) imageShape(s supernet.Shape) []int { return []int{w.batch, s.H, s.W, s.C} }

// entries are the metadata of the file.
func entries(m export.Meta) (all []entry) {
	for _, p := range m.Properties() {
		all = append(all, entry{p.Key, p.Value})
	}
	return all
}

func description(m export.Meta) string {
	if m.Version == "" {
		return "written by tailor"
	}
	return "written by tailor " + m.Version
}
