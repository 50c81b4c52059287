package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/tailor-nas/tailor/internal/kernel"
)

const (
	warmUpSteps = 2
	minSteps    = 3
)

// timing is what a process of either side reports of its steps.
type timing struct {
	Losses  [][]float64 `json:"losses"`  // of the warm-up steps, by network
	Seconds []float64   `json:"seconds"` // of each timed step
	// CPUSeconds are what processors spent on each, all threads together.
	CPUSeconds []float64 `json:"cpu_seconds"`
}

// work does one measurement and prints it as JSON.
func work(ctx context.Context, args []string, stdout io.Writer) error {
	f := flag.NewFlagSet(workerArg, flag.ContinueOnError)
	path := f.String("job", "", "time the steps of a job; without it, measure the machine")
	threads := f.Int("threads", 1, "threads")
	seconds := f.Float64("seconds", 0, "seconds of timed steps; 0 for the warm-up alone")
	isa := f.String("isa", "", "avx2, or nothing for what the processor has")
	if err := f.Parse(args); err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if *isa == kernel.AVX2.String() {
		restore, err := kernel.Use(kernel.AVX2)
		if err != nil {
			return fmt.Errorf("--isa %s: %w", *isa, err)
		}
		defer restore()
	}
	var result any
	var err error
	if *path != "" {
		result, err = timeJob(*path, *threads, *seconds)
	} else {
		result, err = measureMachine(ctx, *threads)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(stdout).Encode(result)
}

func timeJob(path string, threads int, seconds float64) (*timing, error) {
	j, err := readJob(path)
	if err != nil {
		return nil, err
	}
	s, err := newStepper(j, threads)
	if err != nil {
		return nil, err
	}
	defer s.close()
	t := &timing{}
	for range warmUpSteps {
		s.step()
		t.Losses = append(t.Losses, slices.Clone(s.losses))
	}
	for begin := time.Now(); seconds > 0 && (len(t.Seconds) < minSteps ||
		time.Since(begin).Seconds() < seconds); {
		start, before := time.Now(), cpuSeconds()
		s.step()
		t.Seconds = append(t.Seconds, time.Since(start).Seconds())
		t.CPUSeconds = append(t.CPUSeconds, cpuSeconds()-before)
	}
	return t, nil
}
