package timing_test

import (
	"context"
	"fmt"

	"github.com/tailor-nas/tailor/profiles/timing"
)

// A subject of three milliseconds against a reference of one, on a clock that
// the subjects move themselves.
func ExampleMeasure() {
	m := &machine{slow: quietMachine(nil)}
	reference := timing.Subject{Name: "reference", Run: func() error { m.now += 1e6; return nil }}
	block := timing.Subject{Name: "block", Run: func() error { m.now += 3e6; return nil }}
	settings := timing.Defaults()
	settings.Clock = m
	subjects := []timing.Subject{block}
	timings, summary, err := timing.Measure(context.Background(), reference, subjects, settings)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range timings {
		fmt.Printf("%s: %.1f ms, %.1f times the %s, unstable %v\n",
			t.Name, t.LatencyMS, t.Ratio, summary.ReferenceName, t.Unstable)
	}
	// Output: block: 3.0 ms, 3.0 times the reference, unstable false
}
