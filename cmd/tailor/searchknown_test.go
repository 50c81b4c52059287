package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/predictor"
)

// TestWithinText: a share that is rounded to nothing or to all is told from nothing and all.
func TestWithinText(t *testing.T) {
	for share, want := range map[float64]string{0: "none", 1. / 501: "< 1 %", 0.5: "50 %",
		500. / 501: "> 99 %", 1: "100 %"} {
		if got := withinText(share); got != want {
			t.Errorf("%g of networks is %q, expected %q", share, got, want)
		}
	}
}

// TestUnknownText: why a resolution is left out does not count the networks of the question.
func TestUnknownText(t *testing.T) {
	err := fmt.Errorf("arch 1 of 1: %w", &predictor.UnknownResolutionError{Resolution: 128,
		Known: []int{160}})
	if got := unknownText(err); !strings.Contains(got, "128") || strings.Contains(got, "1 of 1") {
		t.Errorf("%q", got)
	}
}
