package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestWork(t *testing.T) {
	n, err := newNet("mbconv")
	if err != nil {
		t.Fatal(err)
	}
	path, err := writeJob(t.TempDir(), n, 8)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		seconds float64
		timed   int
	}{{0, 0}, {1e-9, minSteps}} {
		got, err := timeJob(path, 1, c.seconds)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Losses) != warmUpSteps || len(got.Losses[0]) != 1 ||
			len(got.Seconds) != c.timed || len(got.CPUSeconds) != c.timed {
			t.Errorf("%g seconds: losses of %d steps, %d timed, %d of the processor, want %d and %d",
				c.seconds, len(got.Losses), len(got.Seconds), len(got.CPUSeconds), warmUpSteps,
				c.timed)
		}
	}
	if err := work(context.Background(), []string{"-threads", "x"}, io.Discard); !errors.Is(err,
		errUsage) {
		t.Errorf("a thread count that is none: %v", err)
	}
	garbled := filepath.Join(t.TempDir(), "job.json")
	if err := os.WriteFile(garbled, []byte(`{"net": "mbconv", "space": {"classes": 10}}`),
		0o600); err != nil {
		t.Fatal(err)
	}
	if err := work(context.Background(), []string{"-job", garbled}, io.Discard); err == nil ||
		!strings.Contains(err.Error(), garbled) {
		t.Errorf("a job without a network: %v", err)
	}
}

// Jobs of a net are the same in every run, so that rounds and machines can be compared.
func TestJobsAreDeterministic(t *testing.T) {
	n, err := newNet("deps")
	if err != nil {
		t.Fatal(err)
	}
	again, err := newNet("deps")
	if err != nil {
		t.Fatal(err)
	}
	one, two := t.TempDir(), t.TempDir()
	for dir, n := range map[string]*net{one: n, two: again} {
		if _, err := writeJob(dir, n, 8); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"deps.json", "deps.weights.safetensors",
		"deps.batch.safetensors"} {
		a, errA := os.ReadFile(filepath.Join(one, name))
		b, errB := os.ReadFile(filepath.Join(two, name))
		if errA != nil || errB != nil || strings.ReplaceAll(string(a), one, two) != string(b) {
			t.Errorf("%s differs between two runs (%v, %v)", name, errA, errB)
		}
	}
}

func TestCall(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var result machineSpeed
	err = call(context.Background(), &result, nil, self, workerArg, "-job", "/does/not/exist")
	if err == nil || !strings.Contains(err.Error(), "exit status 1: step: read job") ||
		strings.Contains(err.Error(), "\n") {
		t.Errorf("a worker that fails: %v, want its last line", err)
	}
	if err := call(context.Background(), &result, nil, self, "-test.run", "^$"); err == nil ||
		!strings.Contains(err.Error(), "printed no result") {
		t.Errorf("a program that prints no JSON: %v", err)
	}
	if err := call(context.Background(), &result, nil, "/does/not/exist"); err == nil {
		t.Error("a program that is missing is no error")
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Millisecond)
	defer stop()
	if err := call(ctx, &result, nil, self, workerArg); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a measurement that is given up: %v", err)
	}
}

func TestCompareRefuses(t *testing.T) {
	var out, log strings.Builder
	if err := compare(context.Background(), []string{"--help"}, &out, &log); !errors.Is(err,
		flag.ErrHelp) || !strings.Contains(log.String(), "-compile") {
		t.Errorf("--help: %v, %q", err, log.String())
	}
	if err := compare(context.Background(), []string{"--nets", "x"}, &out, &log); !errors.Is(err,
		errUsage) {
		t.Errorf("an unknown net: %v", err)
	}
	err := compare(context.Background(), []string{"--python", "/does/not/exist"}, &out, &log)
	if err == nil || !strings.Contains(err.Error(), "--python") {
		t.Errorf("a Python that is missing: %v, want a hint", err)
	}
	if out.Len() > 0 {
		t.Errorf("printed %q", out.String())
	}
}
