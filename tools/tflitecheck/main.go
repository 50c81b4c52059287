// Command tflitecheck compares what LiteRT computes from exported TFLite files with tailor's own
// engine, and says whether XNNPACK runs them whole. See README.md.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// tolerance of the comparison, as a share of the largest value of an output.
const tolerance = 1e-4

func main() {
	python := flag.String("python", "python3", "Python that has ai-edge-litert and numpy")
	n := flag.Int("networks", 10, "random networks of each space")
	seed := flag.Uint64("seed", 1, "of networks, weights and images")
	only := flag.String("only", "", "compare only networks whose name has this in it")
	flag.Parse()
	if err := run(os.Stdout, *python, *n, *seed, *only); err != nil {
		fmt.Fprintln(os.Stderr, "tflitecheck:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, python string, n int, seed uint64, only string) error {
	runtime, err := start(python)
	if err != nil {
		return err
	}
	defer runtime.stop()
	all, err := groups(n, seed)
	if err != nil {
		return err
	}
	var rows []row
	for _, g := range all {
		if !strings.Contains(g.name, only) {
			continue
		}
		fmt.Fprintln(os.Stderr, g.name)
		r, err := check(runtime, g)
		if err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
		rows = append(rows, r)
	}
	printTable(w, runtime.version, rows)
	for _, r := range rows {
		if worst := max(r.plain.worst, r.prepared.worst); !(worst <= tolerance) {
			return fmt.Errorf("%s: the difference is %.1e, expected at most %g", r.name, worst,
				tolerance)
		}
	}
	return nil
}
