package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/internal/kernel"
	"github.com/tailor-nas/tailor/supernet"
)

// TestShapes: the layers that are timed have all the multiplications of the network but those of
// stem, depthwise convolutions and squeeze-and-excitation.
func TestShapes(t *testing.T) {
	space, err := supernet.LoadSpace("mbv3-cifar")
	if err != nil {
		t.Fatal(err)
	}
	blocks := space.Blocks(space.Max())
	want := supernet.MACs(blocks)
	for _, b := range blocks {
		switch {
		case b.Name == "stem":
			want -= b.MACs()
		case b.Kind == supernet.MBConv:
			want -= int64(b.Out.H*b.Out.W*b.Kernel*b.Kernel*b.Mid) + int64(2*b.Mid*b.SE)
		}
	}
	var got int64
	for _, s := range allShapes(blocks) {
		got += int64(s.Pixels * s.In * s.Out)
	}
	if got != want {
		t.Errorf("the layers have %d multiplications, want %d", got, want)
	}
	distinct := shapes(blocks)
	for i, s := range distinct {
		if slices.Contains(distinct[:i], s) {
			t.Errorf("%v is there twice", s)
		}
	}
}

func TestBreakEven(t *testing.T) {
	for want, values := range map[string][]float64{
		"< 50 %": {1.1, 1.2, 1.3},
		"60 %":   {.8, 1.1, 1.3},
		"never":  {.5, .6, .7},
	} {
		var gains []gain
		for i, v := range values {
			gains = append(gains, gain{Zeros: percents[i], Gain: v})
		}
		if got := breakEven(gains); got != want {
			t.Errorf("gains %v are even at %s, want %s", values, got, want)
		}
	}
}

// TestRun goes through all of it in little time.
func TestRun(t *testing.T) {
	space, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{space: space, seed: 1, random: 1, layerBudget: time.Millisecond,
		networkBudget: time.Millisecond}
	path := filepath.Join(t.TempDir(), "sparse.json")
	var out strings.Builder
	if err := b.run(context.Background(), kernel.Best().String(), path, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"single weights", "runs of 16", "even at", "smallest",
		"random 1"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q", want)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var r result
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Layers) == 0 || len(r.Networks) != 3 || len(r.Layers[0].Gains) != 21 ||
		!(r.Networks[0].DenseMS > 0) {
		t.Errorf("%d layers, %d networks: %s", len(r.Layers), len(r.Networks), text)
	}
	if err := b.run(context.Background(), "sse", "", &out); err == nil {
		t.Error("an unknown instruction set is no error")
	}
}
