package tflite

import (
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/supernet"
)

// TestBlocks: every block of a space alone, which mostly ends in a map.
func TestBlocks(t *testing.T) {
	s := space(t, "mbv3-tiny")
	for _, b := range s.Blocks(s.Max()) {
		f := same(t, network(t, []supernet.Block{b}, 1))
		want := export.Map
		if b.Kind == supernet.Linear {
			want = export.Logits
		}
		if got := f.tensors[f.out].name; got != want {
			t.Errorf("%s: the output is called %q, expected %q", b.Name, got, want)
		}
	}
}

// TestBatch: all that flows has the batch as its first dimension.
func TestBatch(t *testing.T) {
	s := space(t, "mbv3-tiny")
	m := export.Meta{}
	m.Batch = 3
	data, err := Marshal(network(t, s.Blocks(s.Max()), 1), m)
	if err != nil {
		t.Fatal(err)
	}
	f := read(t, data)
	in, out := f.tensors[f.in], f.tensors[f.out]
	if in.shape[0] != 3 || !slices.Equal(out.shape, []int{3, 10}) {
		t.Errorf("input %v, output %v", in.shape, out.shape)
	}
	for _, op := range f.operators {
		if got := f.tensors[op.out[0]]; got.shape[0] != 3 {
			t.Errorf("%s gives %s %v", op.code, got.name, got.shape)
		}
	}
}
