package kernel

import (
	"runtime"
	"slices"
	"testing"
)

// TestUse: what other processors have is refused, and leaves what was in use.
func TestUse(t *testing.T) {
	own := map[string][]ISA{"amd64": {Portable, AVX2, AVX512}, "arm64": {Portable, NEON}}
	before := active
	for _, i := range ISAs {
		restore, err := Use(i)
		if err != nil {
			if i == Portable || i == Best() {
				t.Errorf("%v cannot be used: %v", i, err)
			}
			continue
		}
		if active != i || i != Portable && !slices.Contains(own[runtime.GOARCH], i) {
			t.Errorf("asked for %v, have %v on %s", i, active, runtime.GOARCH)
		}
		restore()
	}
	if active != before {
		t.Errorf("%v was in use, now %v is", before, active)
	}
}
