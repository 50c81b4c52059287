package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/tailor-nas/tailor/internal/kernel"
	"github.com/tailor-nas/tailor/internal/store"
)

// workerArg as the first argument makes the program do one measurement for another process of
// itself.
const workerArg = "worker"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	command := func() error { return compare(ctx, os.Args[1:], os.Stdout, os.Stderr) }
	if len(os.Args) > 1 && os.Args[1] == workerArg {
		command = func() error { return work(ctx, os.Args[2:], os.Stdout) }
	}
	switch err := command(); {
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "step: interrupted")
		os.Exit(1)
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, "step:", err)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "step:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("wrong usage")

// settings are the command line.
type settings struct {
	Python  string   `json:"python"`
	Compile bool     `json:"compile"`
	Threads []int    `json:"threads"`
	Rounds  int      `json:"rounds"`
	Batch   int      `json:"batch"`
	Seconds float64  `json:"seconds"` // of timed steps in a process, at least minSteps
	Nets    []string `json:"nets"`
	// ISA is avx2 if both sides are held to it, or empty.
	ISA string `json:"isa,omitempty"`
	// CPUTime asks for the time that processors spent on a step instead of the time it took.
	CPUTime bool `json:"cpu_time,omitempty"`
	json    string
}

func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	threads, nets := "1", strings.Join(netNames(), ",")
	if n := runtime.NumCPU(); n > 1 {
		threads = fmt.Sprintf("1,%d", n)
	}
	f := flag.NewFlagSet("step", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&s.Python, "python", "python3", "Python that has PyTorch")
	f.BoolVar(&s.Compile, "compile", false, "time torch.compile beside eager PyTorch")
	f.StringVar(&threads, "threads", threads, "thread counts")
	f.IntVar(&s.Rounds, "rounds", 5, "times that every side is measured")
	f.IntVar(&s.Batch, "batch", 64, "images a step")
	f.Float64Var(&s.Seconds, "seconds", 3, "seconds of timed steps a process, at least 3 steps")
	f.StringVar(&nets, "nets", nets, "what to time")
	f.StringVar(&s.ISA, "isa", "", "hold both sides to `avx2`; default: what the processor has")
	f.BoolVar(&s.CPUTime, "cpu-time", false, "compare processor time, where other work is running")
	f.StringVar(&s.json, "json", "", "write the results to `FILE` too")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return s, err
		}
		return s, fmt.Errorf("%w: %w", errUsage, err)
	}
	if f.NArg() > 0 {
		return s, fmt.Errorf("%w: unexpected %q; see --help", errUsage, f.Arg(0))
	}
	for t := range strings.SplitSeq(threads, ",") {
		n, err := strconv.Atoi(t)
		if err != nil || n < 1 || n > 1024 {
			return s, fmt.Errorf("%w: --threads has %q, expected numbers of 1 to 1024 such as 1,2",
				errUsage, t)
		}
		s.Threads = append(s.Threads, n)
	}
	s.Nets = strings.Split(nets, ",")
	return s, s.check()
}

func (s settings) check() error {
	for _, n := range s.Nets {
		if !slices.Contains(netNames(), n) {
			return fmt.Errorf("%w: --nets has %q, expected some of %s", errUsage, n,
				strings.Join(netNames(), ","))
		}
	}
	switch {
	case s.ISA != "" && s.ISA != kernel.AVX2.String():
		return fmt.Errorf("%w: --isa is %q, expected avx2 or nothing", errUsage, s.ISA)
	case s.Rounds < 1 || s.Rounds > 1000:
		return fmt.Errorf("%w: --rounds is %d, expected 1 to 1000", errUsage, s.Rounds)
	case s.Batch < 8 || s.Batch > 1<<12:
		return fmt.Errorf("%w: --batch is %d, expected 8 to %d", errUsage, s.Batch, 1<<12)
	case !(s.Seconds > 0 && s.Seconds <= 3600):
		return fmt.Errorf("%w: --seconds is %g, expected more than 0, at most 3600", errUsage,
			s.Seconds)
	}
	return nil
}

// compare does the whole comparison.
func compare(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "tailor-step-")
	if err != nil {
		return fmt.Errorf("make a folder for weights: %w", err)
	}
	defer os.RemoveAll(dir)
	r, err := measure(ctx, s, dir, func(format string, args ...any) {
		fmt.Fprintf(stderr,
			format+"\n", args...)
	})
	if err != nil {
		return err
	}
	if err := r.print(stdout); err != nil || s.json == "" {
		return err
	}
	return store.WriteFile(s.json, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	})
}
