package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/refine"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

// winner makes a small network with weights.
func (w *walkthrough) winner() {
	w.do("train", "train --space @micro.yaml --data synthetic --train-images 200 --test-images 40 --holdout 40 --epochs 1 --batch 32 --out @run")
	w.do("fit accuracy", "fit accuracy --run @run --samples 12 --calibration 100 --out @accuracy.json")
	w.do("search", "search --run @run --accuracy @accuracy.json --max-macs 1G --no-verify --out @counted")
}

// TestPruneInterrupted: whatever is under way, an interruption says how to go on, and going on
// works.
func TestPruneInterrupted(t *testing.T) {
	w := newWalkthrough(t)
	w.winner()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct{ name, goal string }{
		// while variants of blocks are measured
		{"measured", "--structure channels --max-latency 1h"},
		{"trained", "--sparsity 0.5"},
	} {
		line := "prune @counted/macs-1000000000 --epochs 1 --batch 32 --budget 100ms --resume --out @" + c.name + " " + c.goal
		var stdout, stderr bytes.Buffer
		args := strings.Fields(strings.ReplaceAll(line, "@", w.dir+"/"))
		if code := run(ended, args, &stdout, &stderr); code != exitFailed ||
			!strings.HasSuffix(stderr.String(), "the same command with --resume goes on\n") {
			t.Errorf("%s: status %d: %s", line, code, stderr.String())
		}
		w.do(c.name, line)
	}
	// While a network whose training is done is calibrated again.
	if err := os.RemoveAll(w.path("trained/network")); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	args := strings.Fields("prune " + w.path("counted/macs-1000000000") +
		" --epochs 1 --batch 32 --sparsity 0.5 --resume --out " + w.path("trained"))
	if code := run(ended, args, &stdout, &stderr); code != exitFailed ||
		!strings.HasSuffix(stderr.String(), "the same command with --resume goes on\n") {
		t.Errorf("a finished run: status %d: %s", code, stderr.String())
	}
}

// TestPrunedParams: a limit on parameters is shown beside how many there were and are.
func TestPrunedParams(t *testing.T) {
	r := &refine.PruneResult{ParamsBefore: 57946, ParamsAfter: 8335}
	for most, want := range map[int64]string{0: "",
		9000: "57946 parameters that are not zero before, 8335 after; --max-params was 9000\n"} {
		var out bytes.Buffer
		r.MaxParams = most
		if printPruned(&out, r); !strings.Contains(out.String(), want) ||
			strings.Contains(out.String(), "parameters") != (want != "") {
			t.Errorf("--max-params %d: %s", most, out.String())
		}
	}
}

// TestPrunedWords: the summary says of what a share went, what was expected beside what was
// measured in the end, and where zeros gain nothing.
func TestPrunedWords(t *testing.T) {
	r := &refine.PruneResult{Sparsity: 0.5, PredictedMS: 2.5, MaxLatencyMS: 3,
		Exports: []manifest.Export{{Format: manifest.FormatONNX}}}
	r.After.LatencyMS = 2.75
	const gone, timed, zeros = "50.0 % of the removable weights are gone",
		"2.50 ms with as much removed before training, 2.75 ms in the end; --max-latency was 3.00 ms\n",
		"files for other programs hold every zero"
	for structure, want := range map[supernet.Structure][]string{
		supernet.Weights:   {gone + "\n", timed, zeros},
		supernet.Vectors8:  {gone + ", in runs of 8\n", timed, zeros},
		supernet.Vectors16: {gone + ", in runs of 16\n", timed, zeros},
		supernet.Channels:  {gone + ", in whole channels\n", timed},
	} {
		var out bytes.Buffer
		r.Structure = structure
		printPruned(&out, r)
		for _, w := range want {
			if !strings.Contains(out.String(), w) {
				t.Errorf("%s: no %q in %s", structure, w, out.String())
			}
		}
		if structure == supernet.Channels && strings.Contains(out.String(), zeros) {
			t.Errorf("channels: %s", out.String())
		}
	}
}
