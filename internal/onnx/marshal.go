package onnx

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/internal/onnx/pb"
	"github.com/tailor-nas/tailor/supernet"
)

// DefaultOpset is the version of the operators in which files are written if nothing is said.
const DefaultOpset = 17

// formats are the versions of operators that can be written, each with its version of the file
// format.
var formats = map[int]int64{13: 7, DefaultOpset: 8}

// Marshal gives the network as the bytes of an ONNX file; the same network gives the same bytes.
// One that ends in a linear layer gives "logits" (N,classes), another "output" (N,C,H,W).
func Marshal(net *supernet.Subnet, m export.Meta) ([]byte, error) {
	if m.Opset == 0 {
		m.Opset = DefaultOpset
	}
	model, err := modelOf(net, m)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(model)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	return data, nil
}

func modelOf(net *supernet.Subnet, m export.Meta) (*pb.ModelProto, error) {
	format, ok := formats[m.Opset]
	if !ok {
		return nil, fmt.Errorf("opset %d cannot be written, expected 13 or %d", m.Opset,
			DefaultOpset)
	}
	g, err := graphOf(net, m)
	if err != nil {
		return nil, err
	}
	model := &pb.ModelProto{
		IrVersion:       format,
		OpsetImport:     []*pb.OperatorSetIdProto{{Version: int64(m.Opset)}},
		ProducerName:    "tailor",
		ProducerVersion: m.Version,
		Graph:           g,
	}
	for _, p := range m.Properties() {
		entry := &pb.StringStringEntryProto{Key: p.Key, Value: p.Value}
		model.MetadataProps = append(model.MetadataProps, entry)
	}
	return model, nil
}

func graphOf(net *supernet.Subnet, m export.Meta) (*pb.GraphProto, error) {
	in, last := net.Blocks[0].In, net.Blocks[len(net.Blocks)-1]
	if m.Preprocessing && !last.Classifies() {
		return nil, fmt.Errorf("the network ends in a %s, expected a linear layer: probabilities "+
			"are of logits", last.Kind)
	}
	if err := m.Check(in.C, last.Out.C); err != nil {
		return nil, err
	}
	l := lowering{newGraph(m.Opset, m.Images(), nameOf(m)), export.WeightsOf(net)}
	x := l.begin(in, m)
	for _, b := range net.Blocks {
		var err error
		if x, err = l.block(b, x); err != nil {
			return nil, fmt.Errorf("block %q: %w", b.Name, err)
		}
	}
	l.end(x, last, m)
	return l.proto, nil
}

// nameOf is the graph's name, which ONNX wants not to be empty.
func nameOf(m export.Meta) string {
	if m.Name == "" {
		return "tailor"
	}
	return strings.ToValidUTF8(m.Name, "?")
}
