package main

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/tailor-nas/tailor/supernet"
)

// TestSchemaOfBlocks: the schema takes the blocks of every kind of network, and none with a slip
// that it can see.
func TestSchemaOfBlocks(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join(schemaDir, "common.json") +
		"#/$defs/block")
	if err != nil {
		t.Fatal(err)
	}
	space, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		t.Fatal(err)
	}
	all := space.Blocks(space.Max())
	for _, name := range supernet.PublishedNames() {
		blocks, err := supernet.Published(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, blocks...)
	}
	padded := all[0]
	padded.Stride, padded.Padding = 2, supernet.TFSame
	efficient := mbconvWithSE(t, all)
	efficient.Act, efficient.SEAct = supernet.SiLU, supernet.SiLU
	efficient.SEGate = supernet.Sigmoid
	for _, b := range append(all, padded, efficient) {
		if err := b.Check(); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(parse(t, b.Name, text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	const shapes = `{"name": "a", "in": {"h": 6, "w": 6, "c": 2}, "out": {"h": 4, "w": 4, "c": 2}, `
	for _, rest := range []string{
		`"kind": "minpool"}`,
		`"kind": "maxpool"}`,
		`"kind": "maxpool", "kernel": 5, "stride": 1}`,
		`"kind": "conv", "kernel": 3, "stride": 1}`,
		`"kind": "conv", "kernel": 4, "stride": 1, "bias": true}`,
		`"kind": "conv", "kernel": 3, "stride": 1, "act": "relu", "valid": true}`,
		`"kind": "conv", "kernel": 3, "stride": 1, "bias": false}`,
		`"kind": "conv", "kernel": 3, "stride": 2, "bias": true, "padding": "same"}`,
		`"kind": "conv", "kernel": 3, "stride": 1, "bias": true, "padding": "tf_same"}`,
		`"kind": "conv", "kernel": 3, "stride": 2, "bias": true, "valid": true, "padding": "tf_same"}`,
		`"kind": "maxpool", "kernel": 2, "stride": 2, "padding": "tf_same"}`,
		`"kind": "mbconv", "kernel": 3, "stride": 1, "act": "silu", "se_act": "silu"}`,
		`"kind": "mbconv", "kernel": 3, "stride": 1, "act": "silu", "se": 2, "se_act": "relu"}`,
		`"kind": "mbconv", "kernel": 3, "stride": 1, "act": "silu", "se": 2, "se_gate": "relu"}`,
	} {
		if schema.Validate(parse(t, rest, []byte(shapes+rest))) == nil {
			t.Errorf("accepted with %s", rest)
		}
	}
}

// mbconvWithSE is the first of the blocks with squeeze-and-excitation.
func mbconvWithSE(t *testing.T, blocks []supernet.Block) supernet.Block {
	t.Helper()
	for _, b := range blocks {
		if b.SE > 0 {
			return b
		}
	}
	t.Fatal("no block has squeeze-and-excitation")
	return supernet.Block{}
}
