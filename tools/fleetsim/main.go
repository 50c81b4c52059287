// Command fleetsim says what a fleet past the machines at hand would need: 1,000 phones that
// profile, 64 machines that train. It simulates both with costs that were measured on a few.
//
//	go run ./tools/fleetsim --inputs docs/results/data/fleetsim.yaml
//
// The file is of the kind fleetsim/1: every figure in it stands beside where it was measured. What
// the simulation knows and leaves out is in devices.go and machines.go. It prints Markdown. One
// seed gives one result.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	path := flag.String("inputs", "", "`file` of measured costs")
	seed := flag.Uint64("seed", 1, "of all that varies")
	flag.Parse()
	if err := run(os.Stdout, *path, *seed); err != nil {
		fmt.Fprintln(os.Stderr, "fleetsim:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, path string, seed uint64) error {
	if path == "" {
		return fmt.Errorf("expected --inputs FILE; see --help")
	}
	in, err := load(path)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "| devices | jobs | hours | of which working | messages | GB sent by the queue | queue busy | its link busy |\n|---|---|---|---|---|---|---|---|")
	for _, n := range in.Profiling.Devices {
		r := profile(in.Profiling, in.Queue, n, seed)
		fmt.Fprintf(w, "| %d | %d | %.2f | %.1f %% | %d | %.1f | %.1f %% | %.1f %% |\n", n, r.jobs,
			r.seconds/3600, 100*r.working, r.messages, r.bytes/1e9, 100*r.queue, 100*r.link)
	}
	fmt.Fprintln(w, "\n| machines | link | s a step | times as fast | computing | waiting for others | exchanging | MB a step and machine |\n|---|---|---|---|---|---|---|---|")
	for _, l := range in.Training.Links {
		for _, n := range in.Training.Machines {
			r := train(in.Training, l, n, seed)
			fmt.Fprintf(w, "| %d | %s | %.3f | %.1f | %.0f %% | %.0f %% | %.0f %% | %.1f |\n", n,
				l.Name, r.step, r.speedup, 100*r.computing, 100*r.waiting, 100*r.exchanging,
				r.bytes/1e6)
		}
	}
	return nil
}
