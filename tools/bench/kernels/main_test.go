package main

import (
	"strings"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/internal/kernel"
)

// TestRow times a subject with plain Go, twice in a round.
func TestRow(t *testing.T) {
	var out strings.Builder
	runs := 0
	s := subject{"counting", "runs/s", 1, func() func() { return func() { runs++ } }}
	sets := []kernel.ISA{kernel.Portable, kernel.Portable}
	head(&out, sets)
	s.row(&out, sets, 3, time.Microsecond)
	if runs < 10 || strings.Count(out.String(), "|\n") != 3 ||
		!strings.Contains(out.String(), "| counting | runs/s |") {
		t.Errorf("after %d runs the table is\n%s", runs, out.String())
	}
}

// TestSubjects runs the kernels once; the networks have tests of their own.
func TestSubjects(t *testing.T) {
	all, err := allSubjects()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.amount <= 0 || s.unit == "" {
			t.Errorf("%s does nothing", s.name)
		}
		if s.unit != "images/s" {
			s.prepare()()
		}
	}
}
