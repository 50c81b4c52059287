// Command onnxcheck compares what ONNX Runtime computes from exported files with what tailor's own
// engine computes. See README.md.
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/supernet"
)

//go:embed onnxcheck.py
var script []byte

// tolerance is how far outputs may be apart, relative to the largest.
const tolerance = 1e-4

// ways are those in which each network is written.
var ways = []export.Options{{Opset: 17}, {Opset: 13}, {Opset: 17, Preprocessing: true}}

func main() {
	python := flag.String("python", "python3", "Python that has onnx and onnxruntime")
	n := flag.Int("networks", 5, "random networks of each space")
	only := flag.String("only", "", "compare only networks whose name has this in it")
	flag.Parse()
	if err := run(os.Stdout, *python, *n, *only); err != nil {
		fmt.Fprintln(os.Stderr, "onnxcheck:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, python string, n int, only string) error {
	var rows []row
	versions := ""
	for _, s := range subjects(n) {
		if !strings.Contains(s.name, only) {
			continue
		}
		r, v, err := compare(python, s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		rows, versions = append(rows, r), v
	}
	return show(w, rows, versions)
}

// row is what was found of the networks of one subject.
type row struct {
	name     string
	networks int
	low      int64     // MACs
	high     int64     // MACs
	worst    []float64 // difference in each way, relative to the largest output
}

func show(w io.Writer, rows []row, versions string) error {
	fmt.Fprintf(w, "%s\n\n", versions)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "networks of\tnetworks\tM MACs\topset 17\topset 13\tpreprocessing\t")
	worst := 0.0
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%d\t%.1f to %.1f\t%.1e\t%.1e\t%.1e\t\n", r.name, r.networks,
			float64(r.low)/1e6, float64(r.high)/1e6, r.worst[0], r.worst[1], r.worst[2])
		worst = max(worst, slices.Max(r.worst))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if !(worst <= tolerance) {
		return fmt.Errorf("the difference is %g, expected at most %g", worst, tolerance)
	}
	return nil
}

// compare runs the networks of a subject in all ways.
func compare(python string, s subject) (row, string, error) {
	nets, err := s.nets()
	if err != nil {
		return row{}, "", err
	}
	r := row{name: s.name, networks: len(nets), worst: make([]float64, len(ways))}
	cases, err := casesOf(nets)
	if err != nil {
		return r, "", err
	}
	theirs, err := ask(python, cases)
	if err != nil {
		return r, "", err
	}
	for i, c := range cases {
		way := i % len(ways)
		r.worst[way] = max(r.worst[way], difference(theirs.Outputs[i], c.want))
	}
	for i, net := range nets {
		macs := supernet.MACs(net.Blocks)
		if r.high = max(r.high, macs); i == 0 || macs < r.low {
			r.low = macs
		}
	}
	return r, theirs.Versions, nil
}
