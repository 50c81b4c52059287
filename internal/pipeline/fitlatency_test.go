package pipeline

import (
	"testing"

	"github.com/tailor-nas/tailor/profiles"
)

func TestNativeLikeIsTheRuntimeThatWasProfiled(t *testing.T) {
	for _, n := range []profiles.Native{{Threads: 1}, {Threads: 3}, {Threads: 2, Batch: 8}} {
		got := NativeLike(RuntimeID(n.Info()))
		if got == nil || RuntimeID(got.Info()) != RuntimeID(n.Info()) {
			t.Errorf("%+v came back as %+v", n, got)
		}
	}
	for _, id := range []string{"", "unknown", "native/1 threads=1", "onnxruntime/1.2 threads=1", RuntimeID(profiles.Native{Threads: 1}.Info()) + " gpu"} {
		if got := NativeLike(id); got != nil {
			t.Errorf("%q is taken for %+v", id, got)
		}
	}
}
