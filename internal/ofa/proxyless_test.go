package ofa

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

// TestProxylessTable reads a table of the form of ProxylessNAS's, JSON with a variance, and sums it
// for a network.
func TestProxylessTable(t *testing.T) {
	space, err := supernet.ParseSpace("p.yaml", []byte(`
tailor: space/1
name: p
classes: 1000
resolutions: [32]
stem: {width: 32, stride: 2, act: relu6}
stages:
  - {width: 16, stride: 1, act: relu6, depth: [1], kernel: [3], expand: [1]}
  - {width: 24, stride: 2, act: relu6, depth: [1, 2], kernel: [3], expand: [3, 6]}
head: {expand: 64, act: relu6}
`))
	if err != nil {
		t.Fatal(err)
	}
	var entries []string
	for i, key := range []string{
		"Conv-input:32x32x3-output:16x16x32", "Conv_1-input:8x8x24-output:8x8x64",
		"Logits-input:8x8x64-output:1000",
		"expanded_conv-input:16x16x32-output:16x16x16-expand:1-kernel:3-stride:1-idskip:0",
		"expanded_conv-input:16x16x16-output:8x8x24-expand:3-kernel:3-stride:2-idskip:0",
		"expanded_conv-input:16x16x16-output:8x8x24-expand:6-kernel:3-stride:2-idskip:0",
		"expanded_conv-input:8x8x24-output:8x8x24-expand:3-kernel:3-stride:1-idskip:1",
		"expanded_conv-input:8x8x24-output:8x8x24-expand:6-kernel:3-stride:1-idskip:1",
	} {
		entries = append(entries, fmt.Sprintf(`"%s":{"count":9,"mean":%d,"var":0.2}`, key, 1<<i))
	}
	path := filepath.Join(t.TempDir(), "table.json")
	text := "{" + strings.Join(entries, ",") + "}"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	table, err := ReadTable(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, missing, err := table.Times(space.AllBlocks(32)); err != nil || missing != "" {
		t.Errorf("%q is missing, %v", missing, err)
	}
	arch, err := space.ParseArch([]byte(`{"d": 2, "ks": 3, "e": [6, 3]}`))
	if err != nil {
		t.Fatal(err)
	}
	ms, _, err := table.Times(space.Blocks(arch))
	sum := 0.
	for _, v := range ms {
		sum += v
	}
	if want := 1. + 2 + 4 + 8 + 32 + 64; err != nil || math.Abs(sum-want) > 1e-12 {
		t.Errorf("%g ms, want %g (%v)", sum, want, err)
	}
}
