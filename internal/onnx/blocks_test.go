package onnx

import (
	"testing"

	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/supernet"
)

// TestBlocks: every block of a space alone, which mostly ends in a map.
func TestBlocks(t *testing.T) {
	blocks, space := spaceBlocks(t, "mbv3-tiny", 32, 1)
	for _, b := range blocks {
		net := makeNet(t, []supernet.Block{b}, space.BNEps, 1)
		out := readModel(t, marshal(t, net, export.Meta{})).Graph.Output[0]
		if b.Kind == supernet.Linear {
			if out.Name != export.Logits {
				t.Errorf("%s: the output is called %q", b.Name, out.Name)
			}
			continue
		}
		if dims := dimsOf(out); out.Name != export.Map || dims[1] != b.Out.C || dims[2] != b.Out.H {
			t.Errorf("%s: output %q %v of %v", b.Name, out.Name, dims, b.Out)
		}
		x := make([]float32, b.In.Len())
		for i := range x {
			x[i] = float32(i%7) - 3
		}
		var want []float32
		for _, v := range ourLogits(net, x) {
			want = append(want, float32(v))
		}
		got := runModel(t, marshal(t, net, export.Meta{}), nchw(b.In, x))
		wantClose(t, b.Name, got, nchw(b.Out, want))
	}
}

// TestBatch: all that flows has the batch as its first dimension.
func TestBatch(t *testing.T) {
	blocks, space := spaceBlocks(t, "mbv3-tiny", 32, 1)
	m := export.Meta{}
	m.Batch = 3
	graph := readModel(t, marshal(t, makeNet(t, blocks, space.BNEps, 1), m)).Graph
	all := append(graph.ValueInfo, graph.Input[0], graph.Output[0])
	for _, v := range all {
		if dims := dimsOf(v); dims[0] != 3 {
			t.Errorf("%s is %v", v.Name, dims)
		}
	}
	m.Preprocessing, m.Mean, m.Std = true, []float32{0, 0, 0}, []float32{1, 1, 1}
	if _, err := Marshal(makeNet(t, blocks, space.BNEps, 1), m); err == nil {
		t.Error("preprocessing of a batch is written")
	}
}
