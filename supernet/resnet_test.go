package supernet_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

// TestResNetCounts compares MACs and parameters of sub-networks with what OFA's own package counts
// (tools/ofacheck/resnetcounts.py writes the file), and their archs with what is written back.
func TestResNetCounts(t *testing.T) {
	space := builtin(t, "ofa-resnet50")
	f, err := os.Open(filepath.Join("testdata", "ofa", "resnet50-counts.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for lines := bufio.NewScanner(f); lines.Scan(); n++ {
		var want struct {
			Arch         json.RawMessage
			MACs, Params int64
		}
		if err := json.Unmarshal(lines.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		arch, err := space.ParseArch(want.Arch)
		if err != nil {
			t.Fatal(err)
		}
		blocks := space.Blocks(arch)
		if err := supernet.CheckBlocks(blocks); err != nil {
			t.Error(err)
		}
		if macs, params := supernet.MACs(blocks), supernet.Params(blocks); macs != want.MACs ||
			params != want.Params {
			t.Errorf("%s has %d MACs and %d parameters, OFA counts %d and %d", want.Arch, macs,
				params, want.MACs, want.Params)
		}
		checkWritten(t, space, arch, want.Arch)
	}
	if n != 12 {
		t.Errorf("%d sub-networks", n)
	}
}

// checkWritten reads an arch back, and compares depths and widths with OFA's.
func checkWritten(t *testing.T, space *supernet.Space, arch supernet.Arch, ofas []byte) {
	t.Helper()
	text, err := json.Marshal(space.Spec(arch))
	if err != nil {
		t.Fatal(err)
	}
	again, err := space.ParseArch(text)
	if err != nil || again != arch {
		t.Errorf("%s is read as %+v: %v", text, again, err)
	}
	var got, want supernet.Spec
	for _, err := range []error{json.Unmarshal(text, &got), json.Unmarshal(ofas, &want)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(got.D, want.D) || !slices.Equal(got.W, want.W) {
		t.Errorf("depths %v and widths %v, OFA has %v and %v", got.D, got.W, want.D, want.W)
	}
}

// TestResNetBlocks: the blocks of random sub-networks are among all blocks of the space, each of
// which some sub-network has.
func TestResNetBlocks(t *testing.T) {
	space := builtin(t, "ofa-resnet50")
	left := map[string]bool{}
	for _, b := range space.AllBlocks(128) {
		left[b.Key()] = true
	}
	total := len(left)
	rnd := newRand(3)
	for range 400 {
		arch := space.Random(rnd)
		arch.Resolution = 128
		for _, b := range space.Blocks(arch) {
			if _, known := left[b.Key()]; !known {
				t.Fatalf("block %s (%s) is not among all blocks", b.Name, b.Key())
			}
			left[b.Key()] = false
		}
	}
	for key, missed := range left {
		if missed {
			t.Errorf("no sub-network has block %s", key)
		}
	}
	if total < 100 || total > 200 {
		t.Errorf("%d blocks", total)
	}
}

// TestWidthsRefused: archs with widths that are none, or in a space without.
func TestWidthsRefused(t *testing.T) {
	space := builtin(t, "ofa-resnet50")
	for text, want := range map[string]string{
		`{"d": 2, "e": 0.2, "w": 3, "r": 128}`:          "width 3 of w[0] is not the index",
		`{"d": 2, "e": 0.2, "w": -1, "r": 128}`:         "width -1 of w[0] is not the index",
		`{"d": 2, "e": 0.2, "w": [1, 2], "r": 128}`:     "w has 2 values, expected 6",
		`{"d": 2, "e": 0.2, "r": 128}`:                  "w has 0 values, expected 6",
		`{"d": 3, "e": 0.2, "w": 0, "r": 128}`:          "depth 3 of elastic stage 0 is not one of [0 2]",
		`{"d": 2, "e": 0.3, "w": 0, "r": 128}`:          "expand ratio 0.3",
		`{"d": 2, "e": 0.2, "w": 0, "ks": 5, "r": 128}`: "kernel 5 of elastic block 0",
	} {
		if _, err := space.ParseArch([]byte(text)); !contains(err, want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	other := builtin(t, "mbv3-tiny")
	if _, err := other.ParseArch([]byte(`{"ks": 3, "d": 1, "e": 2, "w": 0, "r": 24}`)); !contains(
		err, "no choice of widths") {
		t.Errorf("widths in another space: %v", err)
	}
	arch := space.Max()
	arch.Width[0] = 9
	if err := space.Check(arch); !contains(err, "width 9") {
		t.Errorf("width 9: %v", err)
	}
}

func contains(err error, want string) bool {
	return err != nil && strings.Contains(err.Error(), want)
}
