package profiles_test

import (
	"testing"

	"github.com/tailor-nas/tailor/profiles"
)

func TestNativeOf(t *testing.T) {
	for _, n := range []profiles.Native{
		{Threads: 1}, {Threads: 3}, {Threads: 12, Batch: 8}, {Threads: 1024, Batch: 4096},
	} {
		id := n.Info().ID()
		if got, ok := profiles.NativeOf(id); !ok || got.Info().ID() != id {
			t.Errorf("%q came back as %+v", id, got)
		}
	}
	here := profiles.Native{Threads: 1}.Info().ID()
	for _, id := range []string{
		"", "unknown", "native/1 threads=1", "onnxruntime/1.2 threads=1", here + " gpu",
		here + " batch=1", here + " batch=4097", here + "0000", here + " batch=08", here + " ",
	} {
		if got, ok := profiles.NativeOf(id); ok {
			t.Errorf("%q is taken for %+v", id, got)
		}
	}
}

// TestRuntimeID: what files hold of before stays as it is, and all settings tell IDs apart.
func TestRuntimeID(t *testing.T) {
	info := profiles.RuntimeInfo{
		Name: "native", Version: "3", Threads: 2,
		Options: map[string]string{"go": "go1.26", "kernels": "avx2"},
	}
	if got := info.ID(); got != "native/3 threads=2" {
		t.Error(got)
	}
	info.Batch = 8
	if got := info.ID(); got != "native/3 threads=2 batch=8" {
		t.Error(got)
	}
	seen := map[string]int{}
	for i, r := range []profiles.RuntimeInfo{
		{Threads: 1},
		{Threads: 1, Batch: 2},
		{Threads: 11},
		{Threads: 1, Precision: "bf16"},
		{Threads: 1, Version: "1 threads=1"},
		{Threads: 1, Name: "a", Version: "b/1"},
		{Threads: 1, Name: "a/b", Version: "1"},
		{Threads: 1, Options: map[string]string{"streams": "1"}},
		{Threads: 1, Options: map[string]string{"streams": "1", "spin": "0"}},
		{Threads: 1, Options: map[string]string{"streams": "1 options.spin=0"}},
		{Threads: 1, Options: map[string]string{"streams": ""}},
		{Threads: 1, Options: map[string]string{"streams": `""`}},
	} {
		if before, known := seen[r.ID()]; known {
			t.Errorf("runtimes %d and %d are both %q", before, i, r.ID())
		}
		seen[r.ID()] = i
	}
}
