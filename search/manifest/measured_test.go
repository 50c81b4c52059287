package manifest_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

// TestReadRefusesImpossibleFigures: a document may have the right hash and say what no measurement
// gives.
func TestReadRefusesImpossibleFigures(t *testing.T) {
	tiny, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		t.Fatal(err)
	}
	blocks := tiny.Blocks(tiny.Min())
	huge := []supernet.Block{blocks[len(blocks)-1]}
	huge[0].In.C, huge[0].Out.C = 1<<14, 1<<13
	wide := blocks[1]
	wide.Stride = 1
	wide.In.H, wide.In.W, wide.Out.H, wide.Out.W = 4096, 4096, 4096, 4096
	wide.Out.C = wide.In.C
	var long []supernet.Block // of few weights and 512x512 px
	for i := range 1000 {
		b := wide
		b.Name = fmt.Sprintf("stages.0.%d", i)
		b.In.H, b.In.W, b.Out.H, b.Out.W = 512, 512, 512, 512
		long = append(long, b)
	}
	for want, m := range map[string]manifest.Measured{
		"": {Top1: 0.9, Images: 50, Split: "test", LatencyMS: 1, LatencyLowMS: 0.9,
			LatencyHighMS: 1.1},
		"top-1 is":   {Top1: 1.1, Images: 50},
		"of -1 imag": {Images: -1},
		"the split":  {Top1: 0.9, Images: 50, Split: "../val"},
		"is -1 ms":   {LatencyMS: -1},
		"from 0.9":   {LatencyMS: 0.001, LatencyLowMS: 0.9, LatencyHighMS: 1.1},
		"to 1.1":     {LatencyMS: 2, LatencyLowMS: 0.9, LatencyHighMS: 1.1},

		"takes 0 ms":      {Reference: &manifest.Reference{Blocks: blocks}},
		"takes 1e-320 ms": {Reference: &manifest.Reference{Blocks: blocks, MS: 1e-320}},
		"takes 1e+308 ms": {Reference: &manifest.Reference{Blocks: blocks, MS: 1e308}},
		"bytes of activations, expected 1073741824": {
			Reference: &manifest.Reference{Blocks: []supernet.Block{wide}, MS: 1}},
		"MACs, expected 17179869184": {Reference: &manifest.Reference{Blocks: long, MS: 1}},
		"reference net":              {Reference: &manifest.Reference{Blocks: blocks[1:3], MS: -1}},
		"134225920 param":            {Reference: &manifest.Reference{Blocks: huge, MS: 1}},
	} {
		path := filepath.Join(t.TempDir(), "manifest.json")
		if err := store.WriteDocument(path, manifest.Kind, 6,
			&manifest.Manifest{Measured: &m}); err != nil {
			t.Fatal(err)
		}
		_, err := manifest.Read(path)
		if want == "" && err != nil || want != "" &&
			(err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%+v: error %v, expected %q", m, err, want)
		}
	}
}
