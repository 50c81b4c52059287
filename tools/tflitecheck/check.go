package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/tflite"
	"github.com/tailor-nas/tailor/supernet"
)

// row is what was found for a group.
type row struct {
	name            string
	networks        int
	plain, prepared finding // from normalised pixels to logits, and from bytes to probabilities
}

// finding is about files of one sort.
type finding struct {
	worst float64 // difference from the engine, as a share of an output's largest value
	whole int     // files that XNNPACK ran whole
	parts int     // most parts of a graph that XNNPACK was given
}

func check(l *litert, g group) (row, error) {
	r := row{name: g.name, networks: len(g.networks)}
	for i, recipe := range g.networks {
		net, err := recipe.network()
		if err != nil {
			return r, err
		}
		in := net.Blocks[0].In
		m := export.Meta{Name: g.name, Mean: mean[:in.C], Std: std[:in.C]}
		raw, pixels := image(in, uint64(i))
		logits := computed(net, pixels)
		if err := r.plain.add(l, net, m, floats(pixels), logits); err != nil {
			return r, err
		}
		m.Preprocessing = true
		if err := r.prepared.add(l, net, m, raw, softmax(logits)); err != nil {
			return r, err
		}
	}
	return r, nil
}

// add exports a network, runs it with LiteRT and compares.
func (f *finding) add(l *litert, net *supernet.Subnet, m export.Meta, input []byte,
	want []float64) error {
	file, err := tflite.Marshal(net, m)
	if err != nil {
		return err
	}
	a, err := l.run(file, input)
	if err != nil {
		return err
	}
	for _, got := range [][]float64{a.Output, a.Compiled} {
		d, err := difference(got, want)
		if err != nil {
			return err
		}
		f.worst = max(f.worst, d)
	}
	if a.Accelerated {
		f.whole++
	}
	f.parts = max(f.parts, a.Parts)
	return nil
}

// computed gives the logits that tailor computes.
func computed(net *supernet.Subnet, pixels []float32) (logits []float64) {
	pool := nn.NewPool(1)
	defer pool.Close()
	r := engine.NewRunner(net, pool)
	r.Bind(net.Blocks, 1, nn.Infer)
	copy(r.Input(), pixels)
	for _, v := range r.Forward() {
		logits = append(logits, float64(v))
	}
	return logits
}

func softmax(logits []float64) []float64 {
	p, sum := make([]float64, len(logits)), 0.0
	for i, v := range logits {
		p[i] = math.Exp(v - slices.Max(logits))
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

func floats(v []float32) (data []byte) {
	for _, x := range v {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(x))
	}
	return data
}

// difference is the largest, as a share of the largest value that is wanted.
func difference(got, want []float64) (float64, error) {
	if len(got) != len(want) {
		return 0, fmt.Errorf("%d outputs, expected %d", len(got), len(want))
	}
	var worst, largest float64
	for i, v := range want {
		worst, largest = max(worst, math.Abs(v-got[i])), max(largest, math.Abs(v))
	}
	return worst / largest, nil
}
