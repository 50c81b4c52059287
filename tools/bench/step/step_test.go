package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/kernel"
)

// python is a Python with PyTorch for the test against it: go test ./tools/bench/step -python
// /usr/bin/python3
var python = flag.String("python", "", "Python that has PyTorch")

// fakeError makes the fake PyTorch report a loss that is off by this fraction.
const fakeError = "STEP_TEST_LOSS_ERROR"

// TestMain lets the test binary stand for both programs that a comparison starts: this one, and a
// Python with PyTorch.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 1 && os.Args[1] == workerArg:
		main()
	case len(os.Args) > 1 && filepath.Base(os.Args[1]) == "step.py":
		if err := fakePyTorch(os.Args[2:]); err != nil {
			fmt.Fprintf(os.Stderr, "Traceback (most recent call last):\n%v\n", err)
			os.Exit(1)
		}
	default:
		os.Exit(m.Run())
	}
}

// fakePyTorch answers as step.py does; its networks are tailor's.
func fakePyTorch(args []string) error {
	print := func(v any) error { return json.NewEncoder(os.Stdout).Encode(v) }
	switch args[2] {
	case "describe":
		python := "3.99"
		if !slices.ContainsFunc(heldToAVX2, func(v string) bool {
			name, value, _ := strings.Cut(v, "=")
			return os.Getenv(name) != value
		}) {
			python = "held to AVX2"
		}
		return print(map[string]any{"pytorch": "9.9", "python": python, "can_compile": true})
	case "machine":
		return print(map[string]any{"sgemm_gflop_s": 5, "size": 512})
	}
	f := flag.NewFlagSet("time", flag.ContinueOnError)
	path, seconds := f.String("job", "", ""), f.Float64("seconds", 0, "")
	f.Bool("compile", false, "")
	if err := f.Parse(args[3:]); err != nil {
		return err
	}
	t, err := timeJob(*path, 1, *seconds)
	if err != nil {
		return err
	}
	var off float64
	fmt.Sscan(os.Getenv(fakeError), &off)
	t.Losses[1][0] *= 1 + off
	return print(t)
}

// newBench prepares a comparison of the test binary with itself, or with a real PyTorch.
func newBench(t *testing.T, s settings) *bench {
	t.Helper()
	proc, err := newProcesses(t.TempDir(), s.Python, s.ISA)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{settings: s, proc: proc, log: t.Logf, result: &result{Settings: s}}
	if err := b.describe(context.Background()); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRounds(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, settings{Python: self, Compile: true, Threads: []int{1, 2}, Rounds: 2,
		Batch: 8, Seconds: 1e-9, Nets: []string{"mbconv"}})
	b.result.Speeds = []speeds{{Threads: 1}, {Threads: 2}}
	for i := range b.result.Speeds {
		b.result.Speeds[i].Copy, b.result.Speeds[i].Gemm = 10, 100
	}
	if err := b.check(context.Background(), t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if err := b.rounds(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(b.result.Cases) != 2 {
		t.Fatalf("%d cases, want one a thread count", len(b.result.Cases))
	}
	for i, c := range b.result.Cases {
		if c.Threads != i+1 || len(c.Sides) != 3 {
			t.Fatalf("case %d has %d threads and %d sides, want %d and 3", i, c.Threads,
				len(c.Sides), i+1)
		}
		for _, s := range c.Sides {
			if len(s.RoundsMs) != 2 || !(s.Ms > 0) || !(s.OverLimit > 0) ||
				s.Ratio.Min > s.Ratio.Median || s.Ratio.Median > s.Ratio.Max {
				t.Errorf("%s: %+v, ratio %+v", s.Name, s, s.Ratio)
			}
		}
	}
	if s := b.result.Cases[0].Sides; s[0].Name != tailorSide || s[1].Name != eagerSide ||
		s[2].Name != compiledSide {
		t.Errorf("sides are in the wrong order")
	}
}

// Different losses and a side that fails end the comparison before anything is timed.
func TestCheckRefuses(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := settings{Python: self, Threads: []int{1}, Rounds: 1, Batch: 8, Seconds: 1e-9,
		Nets: []string{"mbconv"}}
	t.Setenv(fakeError, "0.001")
	err = newBench(t, s).check(context.Background(), t.TempDir())
	if err == nil || !strings.Contains(err.Error(),
		"mbconv, PyTorch: loss of network 0 at step 1") {
		t.Errorf("losses that differ: %v", err)
	}
	b := newBench(t, s)
	b.proc.script = filepath.Join(t.TempDir(), "step.py")
	b.sides = []string{eagerSide}
	if _, err := b.time(context.Background(), &jobFile{net: &net{name: "x"},
		path: "/does/not/exist"}, eagerSide, 1, 0); err == nil ||
		!strings.Contains(err.Error(), "read job") || strings.Contains(err.Error(), "Traceback") {
		t.Errorf("the error of a failed side is %v, want the last line of its output", err)
	}
}

// --isa avx2 is for both sides: this one's workers, and what PyTorch finds in its environment.
func TestHeldToAVX2(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	restore, err := kernel.Use(kernel.AVX2)
	if err != nil {
		var all machineSpeed
		p := &processes{self: self, isa: "avx2"}
		if err := p.tailor(context.Background(), 1, &all); err == nil ||
			!strings.Contains(err.Error(), "avx2") {
			t.Errorf("a processor without AVX2: %v, want an error that says so", err)
		}
		return
	}
	restore()
	for _, isa := range []string{"", "avx2"} {
		s := settings{Python: self, Threads: []int{1}, Rounds: 1, Batch: 8, Seconds: 1e-9,
			Nets: []string{"mbconv"}, ISA: isa}
		b := newBench(t, s)
		if err := b.check(context.Background(), t.TempDir()); err != nil {
			t.Fatal(err)
		}
		m := b.result.Machine
		if held := isa != ""; held != (m.Python == "held to AVX2") || held && m.ISA != "avx2" {
			t.Errorf("--isa %q: PyTorch says it is %q, tailor uses %s", isa, m.Python, m.ISA)
		}
	}
}

// PyTorch computes the same losses, so that both sides do the same work.
func TestPyTorchAgrees(t *testing.T) {
	if *python == "" {
		t.Skip("needs -python, a Python that has PyTorch")
	}
	b := newBench(t, settings{Python: *python, Threads: []int{1}, Batch: 8, Nets: netNames()})
	if err := b.check(context.Background(), t.TempDir()); err != nil {
		t.Fatal(err)
	}
}

func TestParse(t *testing.T) {
	s, err := parse([]string{"--python", "py", "--threads", "1,4", "--nets", "deps,mbconv",
		"--rounds", "2"}, os.Stderr)
	if err != nil || s.Python != "py" || !slices.Equal(s.Threads, []int{1, 4}) ||
		!slices.Equal(s.Nets, []string{"deps", "mbconv"}) || s.Rounds != 2 {
		t.Errorf("got %+v, %v", s, err)
	}
	for _, bad := range [][]string{
		{"--threads", "0"}, {"--threads", "1,,2"}, {"--threads", "x"}, {"--nets", "resnet"},
		{"--rounds", "0"}, {"--batch", "7"}, {"--isa", "avx512"},
		{"--seconds", "0"}, {"--seconds", "NaN"}, {"stray"},
	} {
		if _, err := parse(bad, os.Stderr); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v: %v, want one line", bad, err)
		}
	}
}
