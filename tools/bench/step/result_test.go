package main

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

// The figures of the engine's benchmark and of the shipped space's table.
func TestNets(t *testing.T) {
	for _, want := range []struct {
		name     string
		networks int
		macs     float64 // of the first network
	}{{"mbconv", 1, 34.6e6}, {"largest", 1, 179.7e6}, {"deps", 4, 179.7e6}} {
		n, err := newNet(want.name)
		if err != nil {
			t.Fatal(err)
		}
		if got := float64(supernet.MACs(n.networks[0])); len(n.networks) != want.networks ||
			math.Abs(got-want.macs) > 0.05e6 {
			t.Errorf("%s: %d networks, the first of %.1f M MACs, want %d and %.1f", n.name,
				len(n.networks), got/1e6, want.networks, want.macs/1e6)
		}
		for i, blocks := range n.networks {
			if err := supernet.CheckBlocks(blocks); err != nil {
				t.Errorf("%s, network %d: %v", n.name, i, err)
			}
			if blocks[0].In != n.networks[0][0].In {
				t.Errorf("%s: networks take images of several sizes", n.name)
			}
		}
		if n.space.Head.Dropout != 0 {
			t.Errorf("%s has dropout", n.name)
		}
	}
	if _, err := newNet("resnet"); err == nil {
		t.Error("an unknown net is no error")
	}
}

// By hand: a stem to 4x4x8, an MBConv block that expands to 16 channels and halves the side to give
// 8, one that keeps its 8 channels, and what has no images.
func TestOutputs(t *testing.T) {
	shape := func(side, c int) supernet.Shape { return supernet.Shape{H: side, W: side, C: c} }
	for _, c := range []struct {
		block supernet.Block
		want  int64
	}{
		{supernet.Block{Kind: supernet.Conv, In: shape(4, 3), Out: shape(4, 8)}, 128},
		{supernet.Block{Kind: supernet.MBConv, In: shape(4, 8), Mid: 16, Out: shape(2, 8)},
			16*16 + 4*16 + 4*8},
		{supernet.Block{Kind: supernet.MBConv, In: shape(2, 8), Mid: 8, Out: shape(2, 8)},
			4*8 + 4*8},
		{supernet.Block{Kind: supernet.Pool, In: shape(2, 8), Out: shape(1, 8)}, 0},
		{supernet.Block{Kind: supernet.Linear, In: shape(1, 8), Out: shape(1, 10)}, 0},
	} {
		if got := outputs(c.block); got != c.want {
			t.Errorf("%s: %d outputs, want %d", c.block.Kind, got, c.want)
		}
	}
}

// One 1x1 convolution of 1000 pixels from 10 to 100 channels: 1 M MACs and 100,000 outputs an
// image. At batch 10 that is 0.06 GFLOP, and 8 passes over 1 M floats, 0.032 GB.
func TestSummary(t *testing.T) {
	block := supernet.Block{Kind: supernet.Conv, Kernel: 1, Stride: 1, In: supernet.Shape{H: 100,
		W: 10, C: 10}, Out: supernet.Shape{H: 100, W: 10, C: 100}}
	n := &net{name: "one", title: "one convolution", networks: [][]supernet.Block{{block}}}
	s := &speeds{Threads: 2, machineSpeed: machineSpeed{Copy: 16, Gemm: 20, Loader: 1000},
		TorchGemm: 60, TorchGemmSize: 1024}
	c := newTrial(n, 10, s)
	if c.ArithmeticMs != 1 || c.MemoryMs != 2 || c.limitMs() != 2 {
		t.Errorf("arithmetic %g ms, memory %g ms, limit %g ms, want 1, 2 and 2", c.ArithmeticMs,
			c.MemoryMs, c.limitMs())
	}
	c.Sides = []*side{{Name: tailorSide, RoundsMs: []float64{4, 3, 8}},
		{Name: eagerSide, RoundsMs: []float64{20, 18, 16}}}
	c.summarize()
	us, them := c.Sides[0], c.Sides[1]
	if us.Ms != 4 || us.ImgS != 2500 || us.GflopS != 15 || us.OverLimit != 2 {
		t.Errorf("tailor: %+v", us)
	}
	if *them.Ratio != (spread{Median: 5, Min: 2, Max: 6}) || them.OverLimit != 9 {
		t.Errorf("PyTorch: %+v, %+v", them, them.Ratio)
	}
	r := &result{
		Machine: machine{CPU: "Abacus 9", Cores: 2, ISA: "avx2", System: "linux/amd64",
			Go: "go1.26", PyTorch: "1.13.1", Python: "3.11", Date: "2026-11-23T12:00:00Z"},
		Settings: settings{Batch: 10, Rounds: 3, Seconds: 1.5}, Speeds: []speeds{*s},
		Cases: []*trial{c},
	}
	checkTable(t, r)
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{`"copy_gb_s":16`, `"pytorch_sgemm_gflop_s":60`,
		`"arithmetic_ms":1`, `"over_tailor":{"median":5`, `"over_limit":2`} {
		if !strings.Contains(string(text), key) {
			t.Errorf("JSON has no %s: %s", key, text)
		}
	}
}

const wantTable = `Abacus 9, 2 cores, avx2, linux/amd64; go1.26; PyTorch 1.13.1, Python 3.11; 2026-11-23T12:00:00Z
Training steps of batch 10, float32. Medians of 3 rounds of 1.5 s, every measurement in a process of its own.

The machine:
  threads  copy GB/s  tailor sgemm GFLOP/s  PyTorch sgemm GFLOP/s  loader img/s
        2       16.0                  20.0         60.0 at 1024^3          1000

one, 2 threads: one convolution, 1.0 M MACs an image
           step ms   img/s  GFLOP/s  x limit  x tailor (lowest to highest)
   tailor      4.0  2500.0     15.0     2.00
  PyTorch     18.0   555.6      3.3     9.00           5.00 (2.00 to 6.00)
  limit 2.0 ms: arithmetic 1.0 ms (0.06 GFLOP), memory 2.0 ms (0.03 GB)
`

func checkTable(t *testing.T, r *result) {
	t.Helper()
	var got strings.Builder
	if err := r.print(&got); err != nil {
		t.Fatal(err)
	}
	if got.String() != wantTable {
		t.Errorf("got\n%s\nwant\n%s", got.String(), wantTable)
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		v    []float64
		want float64
	}{{[]float64{3}, 3}, {[]float64{4, 1}, 2.5}, {[]float64{9, 1, 2}, 2}} {
		if got := median(c.v); got != c.want {
			t.Errorf("median of %v is %g, want %g", c.v, got, c.want)
		}
	}
}

func TestAgree(t *testing.T) {
	want := [][]float64{{2, 1}, {3, 1}}
	for _, c := range []struct {
		got [][]float64
		ok  bool
	}{
		{[][]float64{{2.0001, 1}, {3, 0.99995}}, true},
		{[][]float64{{2.001, 1}, {3, 1}}, false},
		{[][]float64{{2, 1}, {3, math.NaN()}}, false},
		{[][]float64{{2, 1}}, false},
		{[][]float64{{2, 1}, {3}}, false},
	} {
		if err := agree(c.got, want); (err == nil) != c.ok {
			t.Errorf("%v: %v", c.got, err)
		}
	}
}
