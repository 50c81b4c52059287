package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/onnx"
	"github.com/tailor-nas/tailor/supernet"
)

// testCase is a file, an input as the file takes it, and what must come out.
type testCase struct {
	model, input []byte
	want         []float64
}

// casesOf are those of every network, in all ways.
func casesOf(nets []*supernet.Subnet) (all []testCase, err error) {
	for i, net := range nets {
		m, image, x := randomImage(net.Blocks[0].In, uint64(i))
		logits := logitsOf(net, x)
		for _, way := range ways {
			m.Options = way
			c := testCase{input: floats(net.Blocks[0].In, x), want: logits}
			if way.Preprocessing {
				c.input, c.want = image, softmax(logits)
			}
			if c.model, err = onnx.Marshal(net, m); err != nil {
				return nil, err
			}
			all = append(all, c)
		}
	}
	return all, nil
}

// randomImage is an image (H,W,C), its normalisation, and what that makes of it.
func randomImage(in supernet.Shape, seed uint64) (m export.Meta, image []byte, x []float32) {
	m.Mean, m.Std = []float32{0.49, 0.48, 0.45}[:in.C], []float32{0.25, 0.24, 0.26}[:in.C]
	r := rand.New(rand.NewPCG(seed, 2))
	for i := range in.Len() {
		v := byte(r.IntN(256))
		c := i % in.C
		image = append(image, v)
		x = append(x, float32((float64(v)/255-float64(m.Mean[c]))/float64(m.Std[c])))
	}
	return m, image, x
}

// logitsOf is what tailor's engine gives.
func logitsOf(net *supernet.Subnet, x []float32) (logits []float64) {
	pool := nn.NewPool(1)
	defer pool.Close()
	r := engine.NewRunner(net, pool)
	r.Bind(net.Blocks, 1, nn.Infer)
	copy(r.Input(), x)
	for _, v := range r.Forward() {
		logits = append(logits, float64(v))
	}
	return logits
}

// floats are the bytes of an image (H,W,C) as (C,H,W).
func floats(s supernet.Shape, x []float32) []byte {
	raw := make([]byte, 4*len(x))
	for i, v := range x {
		at := i%s.C*s.H*s.W + i/s.C
		binary.LittleEndian.PutUint32(raw[4*at:], math.Float32bits(v))
	}
	return raw
}

func softmax(logits []float64) []float64 {
	out, sum := make([]float64, len(logits)), 0.0
	for i, v := range logits {
		out[i] = math.Exp(v - slices.Max(logits))
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// difference is the largest, relative to the largest value.
func difference(got, want []float64) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	size, worst := 0.0, 0.0
	for i, w := range want {
		size, worst = max(size, math.Abs(w)), max(worst, math.Abs(got[i]-w))
	}
	return worst / size
}

// answer is what onnxcheck.py prints.
type answer struct {
	Versions string      `json:"versions"`
	Outputs  [][]float64 `json:"outputs"`
}

// ask lets ONNX Runtime run the cases.
func ask(python string, cases []testCase) (*answer, error) {
	dir, err := os.MkdirTemp("", "onnxcheck-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "onnxcheck.py")
	if err := os.WriteFile(path, script, 0o600); err != nil {
		return nil, err
	}
	jobs, err := writeCases(dir, cases)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(python, path)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(jobs), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", python, err)
	}
	a := &answer{}
	if err := json.Unmarshal(out, a); err != nil {
		return nil, fmt.Errorf("answer of %s: %w", python, err)
	}
	if len(a.Outputs) != len(cases) {
		return nil, fmt.Errorf("%d answers for %d files", len(a.Outputs), len(cases))
	}
	return a, nil
}

// writeCases writes the files and gives the list that onnxcheck.py reads.
func writeCases(dir string, cases []testCase) ([]byte, error) {
	var jobs []map[string]string
	for i, c := range cases {
		model := filepath.Join(dir, fmt.Sprintf("%d.onnx", i))
		input := filepath.Join(dir, fmt.Sprintf("%d.input", i))
		if err := os.WriteFile(model, c.model, 0o600); err != nil {
			return nil, err
		}
		if err := os.WriteFile(input, c.input, 0o600); err != nil {
			return nil, err
		}
		jobs = append(jobs, map[string]string{"model": model, "input": input})
	}
	return json.Marshal(jobs)
}
