package supernet_test

import (
	"encoding/json"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// plainTolerance is how far a tensor may be from PyTorch's, relative to its largest value.
const plainTolerance = 1e-5

// plainCase is a golden file of tools/torchcheck/plain.py: a network, and what PyTorch computes.
// Weights and images are drawn.
type plainCase struct {
	file   *safetensors.File
	blocks []supernet.Block
	n      int
	values func(name string, n int, bound float64) []float32
}

func loadPlainCase(t *testing.T, name string) *plainCase {
	t.Helper()
	f, err := safetensors.Read(filepath.Join("testdata", "torch", name+".safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	c := &plainCase{file: f, values: drawn}
	if name == "ties" {
		c.values = drawnIntegers
	}
	for key, into := range map[string]any{"blocks": &c.blocks, "batch": &c.n} {
		if err := json.Unmarshal([]byte(f.Meta[key]), into); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// TestPlainTorch compares networks without batch norm with PyTorch: logits and the gradients of all
// weights; where all is integers, every bit.
func TestPlainTorch(t *testing.T) {
	for _, name := range []string{"lenet-300-100", "lenet-5-caffe", "ties"} {
		t.Run(name, func(t *testing.T) {
			c := loadPlainCase(t, name)
			if want, err := supernet.Published(name); err == nil && !slices.Equal(c.blocks, want) {
				t.Errorf("PyTorch's network is %+v, the published one %+v", c.blocks, want)
			}
			sub, err := supernet.NewSubnet(c.blocks, 1e-5, 1)
			if err != nil {
				t.Fatal(err)
			}
			weights.EnableTraining(sub)
			tolerance := plainTolerance
			if name == "ties" {
				tolerance = 0
			}
			for what, got := range c.run(t, sub) {
				want, ok := c.file.Lookup(what)
				if !ok || len(want.Data) != len(got) {
					t.Fatalf("the golden file has no %s of %d values", what, len(got))
				}
				err := maxDifference(got, want.Data) / maxAbs(want.Data)
				t.Logf("%s: off by %.1e", what, err)
				if !(err <= tolerance) {
					t.Errorf("%s: off by %.2g of the largest value, want at most %g", what, err,
						tolerance)
				}
			}
		})
	}
}

// run gives what the golden file keeps, as tailor computes it.
func (c *plainCase) run(t *testing.T, sub *supernet.Subnet) map[string][]float32 {
	t.Helper()
	for _, p := range weights.Params(sub) {
		bound := 1.0
		if strings.HasSuffix(p.Name, ".weight") {
			bound = math.Sqrt(3 / float64(len(p.Data)/p.Shape[len(p.Shape)-1]))
		}
		copy(p.Data, c.values(p.Name, len(p.Data), bound))
	}
	r := runner(t, 2, sub)
	r.Bind(c.blocks, c.n, nn.Train)
	copy(r.Input(), c.values("input", len(r.Input()), 1))
	all := map[string][]float32{"logits": r.Forward()}
	copy(r.LogitGrad(), c.values("projection", len(all["logits"]), 1))
	r.Backward()
	for _, p := range weights.Params(sub) {
		keep(all, p)
	}
	if len(all) != len(c.file.Tensors) {
		t.Errorf("%d tensors, the golden file has %d", len(all), len(c.file.Tensors))
	}
	return all
}

// keep adds what the golden file has of a gradient: all of it, or the sums of its rows and columns
// and every 97th value.
func keep(all map[string][]float32, p *nn.Param) {
	if len(p.Grad) <= 2000 {
		all["all/"+p.Name] = p.Grad
		return
	}
	cols := p.Shape[len(p.Shape)-1]
	rowSums, columnSums := make([]float64, len(p.Grad)/cols), make([]float64, cols)
	for i, g := range p.Grad {
		rowSums[i/cols] += float64(g)
		columnSums[i%cols] += float64(g)
		if i%97 == 0 {
			all["sample/"+p.Name] = append(all["sample/"+p.Name], g)
		}
	}
	for _, s := range rowSums {
		all["rows/"+p.Name] = append(all["rows/"+p.Name], float32(s))
	}
	for _, s := range columnSums {
		all["columns/"+p.Name] = append(all["columns/"+p.Name], float32(s))
	}
}

// random is the formula of tools/torchcheck/plain.py: values in [-1, 1) by position and a hash of
// the name (FNV-1a).
func random(name string, n int) []float64 {
	h := uint32(2166136261)
	for _, b := range []byte(name) {
		h = (h ^ uint32(b)) * 16777619
	}
	v := make([]float64, n)
	for i := range v {
		x := uint32(i+1)*2654435761 + h
		x = (x ^ x>>15) * 2246822519
		x = (x ^ x>>13) * 3266489917
		v[i] = float64((x^x>>16)>>8)/(1<<23) - 1
	}
	return v
}

func drawn(name string, n int, bound float64) (v []float32) {
	for _, x := range random(name, n) {
		v = append(v, float32(x*bound))
	}
	return v
}

// drawnIntegers are -1, 0 or 1.
func drawnIntegers(name string, n int, _ float64) (v []float32) {
	for _, x := range random(name, n) {
		v = append(v, float32(math.RoundToEven(x*1.5)))
	}
	return v
}
