package blocktimes

import (
	"math"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

func tiny(t testing.TB) *supernet.Space {
	t.Helper()
	s, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func near(got, want, tolerance float64) bool {
	return math.Abs(got-want) <= tolerance*max(1e-300, math.Abs(want))
}
