package main

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

func tiny(t *testing.T) *bench {
	t.Helper()
	s, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{config: trainer.Defaults(), space: s, points: 6, random: 10, samples: 30}
	b.config.Epochs = depsEpochs
	return b
}

// TestBudgets: with as many epochs as DepS has in its paper, rivals have those of theirs.
func TestBudgets(t *testing.T) {
	b := tiny(t)
	want := map[trainer.Strategy]int{trainer.DepS: 270, trainer.Progressive: 605,
		trainer.BigNAS: 400, trainer.CompOFA: 330}
	for _, r := range sets()["budgets"] {
		c, err := b.settings(r, 1, 10)
		if err != nil {
			t.Fatal(err)
		}
		if c.Epochs != want[r.Strategy] {
			t.Errorf("%s has %d epochs, want %d", r.Name, c.Epochs, want[r.Strategy])
		}
	}
}

// TestEqualCost: the cost of rivals is that of DepS but for less than an epoch.
func TestEqualCost(t *testing.T) {
	b := tiny(t)
	b.config.Epochs = 30
	deps, err := b.config.ImageMACs(b.space, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range sets()["equal"] {
		c, err := b.settings(r, 1, 10)
		if err != nil {
			t.Fatal(err)
		}
		cost, err := c.ImageMACs(b.space, 10)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(cost/deps-1) > 0.05 {
			t.Errorf("%s costs %.3f of DepS", r.Name, cost/deps)
		}
	}
}

func TestReadRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("tailor: deps-rows/1\nrows:\n" +
		"  - {name: deps}\n  - {name: other, strategy: compofa, budget: 2, warmup: 0.25, phases: p.yaml}\n")
	rows, err := readRows([]string{"ablations", path})
	if err != nil {
		t.Fatal(err)
	}
	quarter := 0.25
	last := rows[len(rows)-1]
	want := row{Name: "other", Strategy: trainer.CompOFA, Budget: 2, Warmup: &quarter,
		Phases: filepath.Join(filepath.Dir(path), "p.yaml")}
	if len(rows) != len(sets()["ablations"])+1 || !reflect.DeepEqual(last, want) {
		t.Errorf("%d rows, the last %+v, want %+v", len(rows), last, want)
	}
	for text, want := range map[string]string{
		"rows: []": "expected deps-rows/1",
		"tailor: deps-rows/1\nrows: [{name: a/b}]":           "without slashes",
		"tailor: deps-rows/1\nrows: [{nam: a}]":              "nam",
		"tailor: deps-rows/1\nrows: [{name: a, budget: -1}]": "budget is -1",
	} {
		write(text)
		if _, err := readRows([]string{path}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

// TestNear: random networks have about as many MACs as they should, and are different ones; those
// of a compound training are of its family.
func TestNear(t *testing.T) {
	b := tiny(t)
	for _, sampling := range []trainer.Sampling{trainer.Uniform, trainer.Compound} {
		c := b.config
		c.Sampling = sampling
		n := b.networks(c)
		for i, target := range n.targets() {
			found := n.near(target, b.random)
			if ends := i == 0 || i == b.points-1; len(found) < b.random && !ends &&
				sampling == trainer.Uniform || len(found) == 0 {
				t.Errorf("%s: %d networks of %d MACs", sampling, len(found), target)
			}
			for j, a := range found {
				if len(found) > 1 && n.off(a, target) > nearShare || slices.Contains(found[:j], a) {
					t.Errorf("%s: network %v of %d MACs for %d", sampling, b.space.Spec(a),
						b.macs(a), target)
				}
			}
			if !slices.Equal(found, n.near(target, b.random)) {
				t.Error("other networks the second time")
			}
		}
	}
}

// TestResults: what was written is read, the last line of a row and seed counts, and a row is known
// by its weights and how it was measured.
func TestResults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.jsonl")
	r, err := openResults(path)
	if err != nil {
		t.Fatal(err)
	}
	one := result{Name: "deps", Seed: 1, Weights: "a", ImageMACs: 2, TestImages: 100,
		Config: trainer.Defaults(), Points: []point{{MACs: 5, Best: network{TestTop1: 0.5}}}}
	one.Points[0].Best.Arch = supernet.Spec{KS: []int{3}, E: []float64{2}, D: []int{1},
		R: []int{8}}
	again := one
	again.Weights = "b"
	for _, x := range []result{one, again} {
		if err := r.add(x); err != nil {
			t.Fatal(err)
		}
	}
	read, err := openResults(path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(read.rows, []result{again}) || !read.known(again) || read.known(one) {
		t.Errorf("read %+v", read.rows)
	}
	other := again
	other.Measure.Random = 3
	if read.known(other) {
		t.Error("a row measured otherwise is known")
	}
	var text strings.Builder
	printTables(&text, read.rows)
	if !strings.Contains(text.String(), "| deps | 20 | 1.00 | 0.00 | 1 | 50.00 | 50.00 |") {
		t.Errorf("table:\n%s", text.String())
	}
}

// TestDrop: the largest network before and after shrinking begins.
func TestDrop(t *testing.T) {
	r := result{Config: trainer.Defaults(), Validations: []validation{{1, 0.1, 0}, {8, 0.6, 0},
		{9, 0.7, 0}, {10, 0.65, 0}, {11, 0.68, 0}, {12, 0.2, 0}}}
	r.Config.WarmupEpochs, r.Config.EpsilonEpochs = 10, 1
	if drop, ok := r.drop(); !ok || math.Abs(drop-0.05) > 1e-12 {
		t.Errorf("drop is %g, want 0.05", drop)
	}
}
