package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/quickstart"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/internal/winners"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/search/manifest"
)

// walkthrough is a small walk in a folder of its own, with the JSON that each command printed.
type walkthrough struct {
	t       *testing.T
	dir     string
	results map[string]map[string]any
}

// newWalkthrough writes the space of testdata/walk.txt.
func newWalkthrough(t *testing.T) *walkthrough {
	w := &walkthrough{t, t.TempDir(), map[string]map[string]any{}}
	script, err := os.ReadFile("testdata/walk.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, space, ok := strings.Cut(string(script), "-- micro.yaml --\n")
	if !ok {
		t.Fatal("testdata/walk.txt has no micro.yaml")
	}
	if err := os.WriteFile(w.path("micro.yaml"), []byte(space), 0o644); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *walkthrough) path(name string) string { return filepath.Join(w.dir, name) }

// do runs a command line, in which a word with @ is a path, and keeps its result.
func (w *walkthrough) do(name, line string) {
	w.t.Helper()
	args := strings.Fields(line)
	for i, a := range args {
		if file, ok := strings.CutPrefix(a, "@"); ok {
			args[i] = w.path(file)
		}
	}
	var stdout, stderr bytes.Buffer
	if code := run(w.t.Context(), append(args, "--json", "--quiet", "--workers", "2"), &stdout,
		&stderr); code != exitDone {
		w.t.Fatalf("tailor %s: status %d: %s", line, code, stderr.String())
	}
	w.results[name] = parse(w.t, line, stdout.Bytes()).(map[string]any)
}

func (w *walkthrough) walk() {
	w.do("train", "train --space @micro.yaml --data synthetic --train-images 400 --test-images 60 --holdout 60 --epochs 2 --batch 32 --out @run")
	w.do("eval", "eval --run @run --arch min")
	w.do("profile", "profile --run @run --budget 1s --networks 5 --sparse vectors8 --out @profile.json")
	w.do("fit latency", "fit latency --run @run --profile @profile.json --out @latency.json")
	w.do("fit accuracy", "fit accuracy --run @run --samples 12 --calibration 100 --out @accuracy.json")
	w.do("search", "search --run @run --accuracy @accuracy.json --latency @latency.json --max-latency 1h --out @winners")
	w.do("search counts",
		"search --run @run --accuracy @accuracy.json --max-macs 1G --max-params 1M --out @counted")
	w.do("fit other", "fit latency --run @run --profile @profile.json --out @other.json")
	w.do("front", "search --run @run --accuracy @accuracy.json --latency @latency.json --pareto --points 2 --no-verify --out @front")
	w.do("two devices", "search --space @micro.yaml --accuracy @accuracy.json --latency @latency.json --latency @other.json --max-latency 1h,2h --pareto --exhaustive --out @two")
	w.do("search space", "search --space @micro.yaml --accuracy @accuracy.json --out @bare")
	w.prune("winners/latency-3600000ms", "pruned")
	w.do("prune", "prune @winners/latency-3600000ms --structure channels --method ssgd --max-latency 1h --epochs 1 --batch 32 --budget 1s --out @narrow")
	w.do("prune again", "prune @narrow/network --structure weights --sparsity 0.9 --method magnitude --epochs 1 --batch 32 --budget 1s --out @sparse")
	w.do("finetune", "finetune @sparse/network --epochs 1 --batch 32 --budget 1s --freeze-epochs 0.5 --out @tuned")
	w.do("begin", "train --init @run --data synthetic --train-images 300 --test-images 40 --holdout 60 --epochs 1 --batch 32 --freeze-epochs 0.5 --init-lr 0.5 --strategy full --out @begun")
	w.do("extend", "train --init @run --data synthetic --train-images 300 --test-images 40 --holdout 60 --epochs 2 --batch 32 --freeze-epochs 0.5 --init-lr 0.5 --strategy full --out @begun --resume")
	w.do("eval again", "eval @sparse/network")
	w.checkAgain("eval again")
}

// checkAgain: a network that was tested again has the accuracy that its manifest claims.
func (w *walkthrough) checkAgain(name string) {
	w.t.Helper()
	found := w.results[name]
	claimed := found["claimed"].(map[string]any)
	if found["top1"] != claimed["top1"] || found["images"] != claimed["images"] {
		w.t.Errorf("eval finds %v of %v images right, the manifest claims %v of %v", found["top1"],
			found["images"], claimed["top1"], claimed["images"])
	}
}

// prune makes a pruned network of a winner, with every field that its manifest can have.
func (w *walkthrough) prune(winner, dir string) {
	w.t.Helper()
	m, net, err := manifest.Open(w.path(filepath.Join(winner, manifest.File)))
	if err != nil {
		w.t.Fatal(err)
	}
	figures := manifest.PrunedFigures{Top1: .5, Images: 60, LatencyMS: 2, LatencyLowMS: 1,
		LatencyHighMS: 3, FileBytes: 1}
	figures.Count(net)
	for _, tensor := range net.Tensors() {
		if len(tensor.Shape) == 2 {
			clear(tensor.Data[len(tensor.Data)/5:])
		}
	}
	net.MeasureZeros()
	m.Pruned = &manifest.Pruned{
		Method: "ssgd", Structure: manifest.PrunedVectors, Run: 8, Sparsity: .8, MaxLatencyMS: 1,
		MaxParams: 9, Epochs: 1, Seed: 1, Before: figures, After: figures,
		Settings: manifest.PruneSettings{Criterion: "lamp", Begin: .1, End: .6, Regrow: .1,
			Measure: "p-norm", P: 1, Epsilon: .1, EpsilonEnd: .1, Alpha: 2, Lambda: .1, LR: .1,
			WeightDecay: .1, Distillation: .5},
	}
	m.Blocks, m.Inputs = net.Blocks, map[string]store.Input{manifest.ParentRole: {SHA256: m.SHA256},
		"data": m.Inputs["data"]}
	if _, err := m.Save(w.path(dir), net); err != nil {
		w.t.Fatal(err)
	}
}

// documents reads every JSON file of the walk afresh, by path.
func (w *walkthrough) documents() map[string]map[string]any {
	all := map[string]map[string]any{}
	err := filepath.WalkDir(w.dir, func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".json" {
			all[path] = readJSON(w.t, path).(map[string]any)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

func (w *walkthrough) metrics() (lines []any) {
	text, err := os.ReadFile(w.path("run/metrics.jsonl"))
	if err != nil {
		w.t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		lines = append(lines, parse(w.t, "metrics.jsonl", line))
	}
	if len(lines) < 3 {
		w.t.Errorf("metrics.jsonl has %d lines, want one for the first step and one an epoch",
			len(lines))
	}
	return lines
}

// summary is what a quickstart would have written of this walk.
func (w *walkthrough) summary() any {
	p, err := profiles.Load(w.path("profile.json"))
	if err != nil {
		w.t.Fatal(err)
	}
	s := quickstart.Summary{
		Run: "run", Profile: "profile.json", Accuracy: "accuracy.json", Latency: "latency.json",
		Device:  p.Device,
		HeldOut: map[string]quickstart.HeldOut{}, Result: &winners.Result{},
	}
	w.remarshal(w.results["search"], s.Result)
	w.remarshal(w.results["prune"], &s.Pruned)
	for _, name := range []string{"accuracy", "latency"} {
		var h quickstart.HeldOut
		w.remarshal(w.results["fit "+name]["heldout"], &h)
		s.HeldOut[name] = h
	}
	var v any
	w.remarshal(s, &v)
	return v
}

// remarshal turns one Go value into another by way of JSON.
func (w *walkthrough) remarshal(from, into any) {
	w.t.Helper()
	text, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// checkResults looks for the keys that programs may count on.
func (w *walkthrough) checkResults() {
	w.t.Helper()
	for name, keys := range map[string]string{
		"train":        "top1_max top1_min weights_sha256",
		"eval":         "top1 images macs params",
		"fit accuracy": "samples heldout.rmse heldout.kendall_tau heldout.spearman heldout.within_10pct",
		"fit latency":  "samples heldout.mape heldout.kendall_tau heldout.spearman heldout.within_10pct",
		"search":       "evaluations seconds winners",
		"prune":        "manifest parent method structure sparsity val_top1 before.top1 before.latency_ms after.top1 after.file_bytes after.nonzero_weights",
		"front":        "evaluations seconds winners fronts",
	} {
		for _, key := range strings.Fields(keys) {
			outer, inner, nested := strings.Cut(key, ".")
			v := w.results[name][outer]
			if object, ok := v.(map[string]any); nested && ok {
				v = object[inner]
			}
			if v == nil {
				w.t.Errorf("tailor %s --json has no %s: %v", name, key, w.results[name])
			}
		}
	}
	for _, winner := range w.results["search"]["winners"].([]any) {
		for _, key := range []string{"arch", "predicted", "measured", "manifest"} {
			if winner.(map[string]any)[key] == nil {
				w.t.Errorf("a winner has no %s: %v", key, winner)
			}
		}
	}
}
