package supernet_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/supernet"
)

// widths is a network whose pointwise layers have outputs that runs of 8 and 16 divide, or not: an
// mbconv of 16 to 40 to 24 channels, and a classifier of 10.
func widths(t *testing.T) *supernet.Subnet {
	t.Helper()
	shape := func(side, c int) supernet.Shape { return supernet.Shape{H: side, W: side, C: c} }
	net, err := supernet.NewSubnet([]supernet.Block{
		{Name: "stem", Kind: supernet.Conv, In: shape(4, 3), Out: shape(4, 16), Kernel: 3,
			Stride: 1, Act: supernet.ReLU, BN: true},
		{Name: "mb", Kind: supernet.MBConv, In: shape(4, 16), Out: shape(4, 24), Mid: 40, Kernel: 3,
			Stride: 1, Act: supernet.ReLU, SE: 8, BN: true},
		{Name: "pool", Kind: supernet.Pool, In: shape(4, 24), Out: shape(1, 24)},
		{Name: "fc", Kind: supernet.Linear, In: shape(1, 24), Out: shape(1, 10)},
	}, 1e-5, 1)
	if err != nil {
		t.Fatal(err)
	}
	return net
}

// clearWeights sets elements of a tensor to zero.
func clearWeights(t *testing.T, net *supernet.Subnet, name string, of func(row, column int) bool) {
	t.Helper()
	all := net.Tensors()
	i := slices.IndexFunc(all, func(w safetensors.Tensor) bool { return w.Name == name })
	if i < 0 {
		t.Fatalf("no tensor %s", name)
	}
	out := all[i].Shape[len(all[i].Shape)-1]
	for j := range all[i].Data {
		if of(j/out, j%out) {
			all[i].Data[j] = 0
		}
	}
}

func TestMeasureZeros(t *testing.T) {
	all := func(int, int) bool { return true }
	for name, tt := range map[string]struct {
		clear      map[string]func(row, column int) bool
		block      string
		zeros, run int
	}{
		"nothing": {nil, "mb", 0, 0},
		"other parts": {map[string]func(int, int) bool{"stem.weight": all,
			"mb.depthwise.weight": all, "mb.se.reduce.weight": all, "mb.project.bn.weight": all,
			"fc.bias": all}, "mb", 0, 0},
		"stem": {map[string]func(int, int) bool{"stem.weight": all}, "stem", 0, 0},
		// The expand weight has 640 elements, the project weight 960.
		"expand":  {map[string]func(int, int) bool{"mb.expand.weight": all}, "mb", 40, 16},
		"project": {map[string]func(int, int) bool{"mb.project.weight": all}, "mb", 60, 16},
		"single": {map[string]func(int, int) bool{"mb.project.weight": func(_,
			c int) bool {
			return c%2 == 0
		}}, "mb", 30, 0},
		"runs of 8": {map[string]func(int, int) bool{"mb.project.weight": func(_,
			c int) bool {
			return c/8 == 0
		}}, "mb", 20, 8},
		"last is short": {map[string]func(int, int) bool{"mb.project.weight": func(_,
			c int) bool {
			return c >= 16
		}}, "mb", 20, 16},
		"not aligned": {map[string]func(int, int) bool{"mb.project.weight": func(_,
			c int) bool {
			return c >= 4 && c < 20
		}}, "mb", 40, 0},
		"a stray zero": {map[string]func(int, int) bool{"mb.project.weight": func(r,
			c int) bool {
			return c < 16 || r == 0 && c == 20
		}}, "mb", 40, 16},
		// 60 of 1600
		"rounded down": {map[string]func(int, int) bool{"mb.expand.weight": func(r,
			c int) bool {
			return r < 2 && c%4 > 0
		}}, "mb", 3, 0},
		"below 1 %": {map[string]func(int, int) bool{"mb.expand.weight": func(r,
			c int) bool {
			return r == 0 && c < 15
		}}, "mb", 0, 0},
		"everything": {map[string]func(int, int) bool{"fc.weight": all}, "fc", 99, 16},
		"classifier": {map[string]func(int, int) bool{"fc.weight": func(r,
			c int) bool {
			return r < 12 && c >= 8
		}}, "fc", 10, 8},
	} {
		net := widths(t)
		before := net.Blocks
		for tensor, of := range tt.clear {
			clearWeights(t, net, tensor, of)
		}
		net.MeasureZeros()
		for i, b := range net.Blocks {
			if b.Name == tt.block && (b.Zeros != tt.zeros || b.Run != tt.run) {
				t.Errorf("%s: %s has %d %% zeros in runs of %d, want %d in runs of %d", name,
					b.Name, b.Zeros, b.Run, tt.zeros, tt.run)
			}
			if before[i].Zeros != 0 || before[i].Run != 0 {
				t.Errorf("%s: %s changed in a list that others hold", name, b.Name)
			}
		}
		if err := supernet.CheckBlocks(net.Blocks); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := supernet.LoadSubnet(net.Blocks, net.BNEps,
			roundTrip(t, net.Tensors())); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMeasureZerosOfRandom: networks for timing have the runs that they were asked for.
func TestMeasureZerosOfRandom(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	for _, run := range []int{0, 8, 16} {
		blocks := s.Blocks(s.Max())
		for i := range blocks {
			if blocks[i].Kind == supernet.MBConv {
				blocks[i].Zeros, blocks[i].Run = 75, run
			}
		}
		net, err := supernet.NewSubnet(blocks, 1e-5, 1)
		if err != nil {
			t.Fatal(err)
		}
		net.MeasureZeros()
		for _, b := range net.Blocks {
			if b.Kind == supernet.MBConv && (b.Zeros < 65 || b.Zeros > 75 || b.Run < run ||
				run == 0 && b.Run != 0) {
				t.Errorf("runs of %d: %s has %d %% zeros in runs of %d", run, b.Name, b.Zeros,
					b.Run)
			}
		}
	}
}

// TestLoadSubnetChecksZeros: blocks that are wrong about their zeros are refused; those that say
// nothing, or less than they could, are not.
func TestLoadSubnetChecksZeros(t *testing.T) {
	net := widths(t)
	clearWeights(t, net, "mb.project.weight", func(_, c int) bool { return c < 16 })
	net.MeasureZeros()
	file := roundTrip(t, net.Tensors())
	for _, tt := range []struct {
		block      int
		zeros, run int
		words      string
	}{
		{1, 40, 16, ""},
		{1, 40, 8, ""},
		{1, 40, 0, ""},
		{1, 0, 0, ""},
		{1, 41, 16, `block "mb" is said to have 41 % zeros, its weights have 40 %`},
		{1, 39, 0, `39 % zeros`},
		{0, 1, 0, `block "stem" is said to have 1 % zeros, its weights have 0 %`},
		{3, 90, 8, `block "fc"`},
	} {
		blocks := slices.Clone(net.Blocks)
		blocks[tt.block].Zeros, blocks[tt.block].Run = tt.zeros, tt.run
		_, err := supernet.LoadSubnet(blocks, net.BNEps, file)
		if tt.words == "" && err != nil || tt.words != "" &&
			(err == nil || !strings.Contains(err.Error(), tt.words)) {
			t.Errorf("%d %% zeros in runs of %d: %v, want %q", tt.zeros, tt.run, err, tt.words)
		}
		if err != nil {
			oneLine(t, err)
		}
	}
	clearWeights(t, net, "fc.weight", func(_, c int) bool { return c%2 == 0 })
	net.MeasureZeros()
	blocks := slices.Clone(net.Blocks)
	blocks[3].Run = 8
	_, err := supernet.LoadSubnet(blocks, net.BNEps, roundTrip(t, net.Tensors()))
	if err == nil || !strings.Contains(err.Error(), "in runs of 8, but only 0 %") {
		t.Errorf("single zeros said to be runs: %v", err)
	}
}
