package supernet_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

// TestExcitation: hidden channels, and activations that are not the standard ones, by hand: input
// 8 (after the stem) or 16, middle by the expand ratio.
func TestExcitation(t *testing.T) {
	for _, c := range []struct {
		se   string
		want [2]string // of the stage's first block, 8 channels times 1, and its second, 16 times 4
	}{
		{"false", [2]string{"0  ", "0  "}},
		{"true", [2]string{"8  ", "16  "}},
		{"{}", [2]string{"8  ", "16  "}},
		{"{of: input, divisor: 1, act: silu, gate: sigmoid}",
			[2]string{"2 silu sigmoid", "4 silu sigmoid"}},
		{"{ratio: 0.01, divisor: 1}", [2]string{"1  ", "1  "}},
		{"{ratio: 0.1, of: middle, divisor: 4, act: relu, gate: sigmoid}",
			[2]string{"4  sigmoid", "8  sigmoid"}}, // 6.4 to the nearest
		{"{ratio: 1, divisor: 64, act: h_swish}", [2]string{"8 h_swish ", "64 h_swish "}},
	} {
		s := parse(t, fmt.Sprintf(`tailor: space/1
name: one
classes: 2
resolutions: [8]
stem: {width: 8, stride: 1, act: silu}
stages:
  - {width: 16, stride: 1, act: silu, se: %s, depth: [2], kernel: [3], expand: [1, 4]}
head: {}
`, c.se))
		a, err := s.ParseArch([]byte(`{"ks": 3, "e": [1, 4], "d": 2}`))
		if err != nil {
			t.Fatal(err)
		}
		for i, b := range s.Blocks(a)[1:3] {
			if got := fmt.Sprintf("%d %s %s", b.SE, b.SEAct, b.SEGate); got != c.want[i] {
				t.Errorf("se %s, block %d: %q, want %q", c.se, i, got, c.want[i])
			}
		}
	}
}

// TestExcitationJSON: documents keep what a space says, as true where that was all there was.
func TestExcitationJSON(t *testing.T) {
	for _, text := range []string{everything, efficient} {
		s := parse(t, text)
		written, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back supernet.Space
		if err := json.Unmarshal(written, &back); err != nil || back.SHA256() != s.SHA256() {
			t.Errorf("%s comes back as %+v, %v", written, back, err)
		}
		if text == everything && strings.Count(string(written), `"se":true`) != 2 {
			t.Errorf("standard squeeze-and-excitation is not written as true: %s", written)
		}
	}
	for _, bad := range []string{`5`, `"yes"`, `{"hidden": 8}`, `{"ratio": "all"}`} {
		var e supernet.Excitation
		if err := json.Unmarshal([]byte(bad), &e); err == nil {
			t.Errorf("%s is read as %v", bad, e)
		}
	}
}

// TestPublishedEfficientNet: EfficientNet-B0 is a space without choices, with the parameters and
// multiply-accumulates of its paper (Tan and Le, ICML 2019: 5.3 M and 0.39 B; torchvision's
// documentation counts 5,288,548).
func TestPublishedEfficientNet(t *testing.T) {
	var stages strings.Builder
	for _, st := range [][5]int{{16, 1, 1, 3, 1}, {24, 2, 2, 3, 6}, {40, 2, 2, 5, 6},
		{80, 2, 3, 3, 6}, {112, 1, 3, 5, 6}, {192, 2, 4, 5, 6}, {320, 1, 1, 3, 6}} {
		fmt.Fprintf(&stages, "  - {width: %d, stride: %d, act: silu, se: {of: input, divisor: 1, "+
			"act: silu, gate: sigmoid}, depth: [%d], kernel: [%d], expand: [%d]}\n",
			st[0], st[1], st[2], st[3], st[4])
	}
	s := parse(t, "tailor: space/1\nname: b0\nclasses: 1000\nresolutions: [224]\n"+
		"stem: {width: 32, stride: 2, act: silu}\nstages:\n"+stages.String()+
		"head: {expand: 1280, act: silu, dropout: 0.2}\n")
	blocks := s.Blocks(s.Max())
	if n := supernet.Params(blocks); n != 5288548 {
		t.Errorf("%d parameters, published are 5288548", n)
	}
	if m := float64(supernet.MACs(blocks)) / 1e6; m < 380 || m > 395 {
		t.Errorf("%.1f M multiply-accumulates, published are 390 M", m)
	}
}
