package conformance_test

import (
	"testing"

	"github.com/tailor-nas/tailor/internal/runtime/conformance"
	"github.com/tailor-nas/tailor/profiles"
)

func TestNative(t *testing.T) {
	conformance.Run(t, func(threads, batch int) (profiles.Runtime, error) {
		return profiles.Native{Threads: threads, Batch: batch}, nil
	})
}
