// Command kernels times tailor's kernels with each instruction set that the processor has, plain Go
// among them, on one thread: matrix products, depthwise convolutions and row passes in shapes of
// mbv3-cifar, an image through its largest network, and a training step. The sets take turns; a
// figure is the median of the rounds. It prints a table of Markdown, as docs/results/arm64.md wants
// it.
//
//	go run ./tools/bench/kernels
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/tailor-nas/tailor/internal/kernel"
	"github.com/tailor-nas/tailor/profiles/device"
)

func main() {
	rounds := flag.Int("rounds", 5, "rounds, of which the median counts")
	each := flag.Duration("each", 100*time.Millisecond, "time for a figure in a round, about")
	flag.Parse()
	if err := run(context.Background(), *rounds, *each, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "kernels:", err)
		os.Exit(1)
	}
}

// subject is something to time.
type subject struct {
	name, unit string
	// amount is what one run does, in the unit's seconds: a rate is amount by time.
	amount float64
	// prepare gives what to run. It packs weights for the set in use.
	prepare func() func()
}

func run(ctx context.Context, rounds int, each time.Duration, w io.Writer) error {
	here, err := device.Describe(ctx)
	if err != nil {
		return err
	}
	subjects, err := allSubjects()
	if err != nil {
		return err
	}
	var sets []kernel.ISA
	for _, i := range kernel.ISAs {
		if restore, err := kernel.Use(i); err == nil {
			restore()
			sets = append(sets, i)
		}
	}
	fmt.Fprintf(w, "%s, %s/%s, %s, one thread, median of %d rounds:\n\n", here.CPU.Brand,
		runtime.GOOS, runtime.GOARCH, runtime.Version(), rounds)
	head(w, sets)
	for _, s := range subjects {
		s.row(w, sets, rounds, each)
	}
	return nil
}

func head(w io.Writer, sets []kernel.ISA) {
	fmt.Fprint(w, "| | |")
	for _, i := range sets {
		fmt.Fprintf(w, " %v |", i)
	}
	fmt.Fprintf(w, " %v by %v |\n|---|---|", sets[len(sets)-1], sets[0])
	for range len(sets) + 1 {
		fmt.Fprint(w, "---|")
	}
	fmt.Fprintln(w)
}

// row times a subject with all sets and prints its rates.
func (s subject) row(w io.Writer, sets []kernel.ISA, rounds int, each time.Duration) {
	runs, counts, rates := make([]func(), len(sets)), make([]int, len(sets)),
		make([][]float64, len(sets))
	for q, i := range sets {
		using(i, func() {
			runs[q] = s.prepare()
			runs[q]() // memory that comes with the first run
			counts[q] = max(1, int(float64(each)/float64(timeOf(1, runs[q])+1)))
		})
	}
	for range rounds {
		for q, i := range sets {
			using(i, func() {
				t := timeOf(counts[q], runs[q])
				rates[q] = append(rates[q], s.amount*float64(counts[q])/t.Seconds())
			})
		}
	}
	fmt.Fprintf(w, "| %s | %s |", s.name, s.unit)
	for q := range sets {
		fmt.Fprintf(w, " %.4g |", median(rates[q]))
	}
	fmt.Fprintf(w, " %.1f |\n", median(rates[len(sets)-1])/median(rates[0]))
}

// using calls f with a set that this processor has.
func using(i kernel.ISA, f func()) {
	restore, err := kernel.Use(i)
	if err != nil {
		panic(err)
	}
	defer restore()
	f()
}

func timeOf(count int, f func()) time.Duration {
	start := time.Now()
	for range count {
		f()
	}
	return time.Since(start)
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
