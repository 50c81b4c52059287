// Command adoptcheck compares networks that were adopted with what PyTorch computes. See README.md.
package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/tailor-nas/tailor/internal/adopt"
	"github.com/tailor-nas/tailor/supernet"
)

//go:embed adoptcheck.py
var script []byte

func main() {
	python := flag.String("python", "python3", "Python that has PyTorch and the packages")
	flag.Parse()
	if err := run(os.Stdout, *python); err != nil {
		fmt.Fprintln(os.Stderr, "adoptcheck:", err)
		os.Exit(1)
	}
}

// subject is a network of the script.
type subject struct {
	Name, File    string
	Side          int
	Input, Output string // files of float32
	Params        int64  // that PyTorch counts
	Best          *int   // of a photo: the class that PyTorch finds
	Label         string
}

func run(w io.Writer, python string) error {
	dir, err := os.MkdirTemp("", "adoptcheck")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	cmd := exec.Command(python, "-", dir)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(script), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("run the script: %w", err)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "network\tfile\tM MACs\tM params\tdifference\tbest class\t")
	worst := 0.0
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		var s subject
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			return err
		}
		d, err := s.compare(t)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		worst = max(worst, d)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if !(worst <= adopt.Tolerance) {
		return fmt.Errorf("the largest difference is %g, expected at most %g", worst,
			adopt.Tolerance)
	}
	return nil
}

// compare adopts the file and runs the largest network of its space on the input.
func (s *subject) compare(w io.Writer) (float64, error) {
	options := adopt.Options{}
	kind := strings.TrimPrefix(filepath.Ext(s.File), ".")
	if kind == "onnx" { // which does not say how images are normalised
		options.Mean, options.Std = []float32{0, 0, 0}, []float32{1, 1, 1}
	}
	a, err := adopt.Open(context.Background(), s.File, options)
	if err != nil {
		return 0, err
	}
	space, err := a.Network.Space("check", a.Facts)
	if err != nil {
		return 0, err
	}
	net, err := a.Supernet(context.Background(), space)
	if err != nil {
		return 0, err
	}
	if a.Facts.Resolution.Value != s.Side {
		return 0, fmt.Errorf("it is for %d px, expected %d", a.Facts.Resolution.Value, s.Side)
	}
	image, err := floats(s.Input)
	if err != nil {
		return 0, err
	}
	logits, err := floats(s.Output)
	if err != nil {
		return 0, err
	}
	a.Example = &adopt.Example{Image: image}
	for _, v := range logits {
		a.Example.Output = append(a.Example.Output, float64(v))
	}
	got, err := a.Logits(net, image)
	if err != nil {
		return 0, err
	}
	d, err := a.Example.Difference(got)
	blocks := space.Blocks(space.Max())
	if n := supernet.Params(blocks); n != s.Params {
		return d, fmt.Errorf("it has %d parameters, PyTorch counts %d", n, s.Params)
	}
	fmt.Fprintf(w, "%s\t%s\t%.1f\t%.2f\t%.1e\t%s\t\n", s.Name, kind,
		float64(supernet.MACs(blocks))/1e6, float64(supernet.Params(blocks))/1e6, d, s.class(got))
	return d, err
}

// class says whether the best class is PyTorch's, and which.
func (s *subject) class(logits []float32) string {
	if s.Best == nil {
		return ""
	}
	best := 0
	for i, v := range logits {
		if v > logits[best] {
			best = i
		}
	}
	if best != *s.Best {
		return fmt.Sprintf("%d, PyTorch finds %d", best, *s.Best)
	}
	return s.Label
}

func floats(file string) ([]float32, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	all := make([]float32, len(raw)/4)
	for i := range all {
		all[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return all, nil
}
