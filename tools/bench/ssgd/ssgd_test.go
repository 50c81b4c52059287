package main

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer/prune"
)

func TestShares(t *testing.T) {
	got, err := shares("0.5,68x")
	if err != nil || len(got) != 2 || got[0] != 0.5 || math.Abs(got[1]-67.0/68) > 1e-12 {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "1", "-0.5", "0x", "1x", "half"} {
		if _, err := shares(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

// TestInterval: the textbook's 95 % interval of 1, 2, 3: Student's t with two degrees of freedom is
// 4.3027.
func TestInterval(t *testing.T) {
	if got, want := interval([]float64{1, 2, 3}), 4.3027/math.Sqrt(3); math.Abs(got-want) > 1e-4 {
		t.Errorf("%g, want %g", got, want)
	}
	if !math.IsNaN(interval([]float64{1})) {
		t.Error("one value has an interval")
	}
}

// TestSettings: every recipe tries equally many, and each has a name of its own.
func TestSettings(t *testing.T) {
	for _, r := range recipesFor("lenet-300-100", supernet.Weights) {
		names := map[string]bool{}
		for _, s := range r.settings {
			names[s.name] = true
		}
		if len(names) != 6 {
			t.Errorf("%s has %d settings, want 6", r.name, len(names))
		}
	}
}

// TestBest: the setting that did best where sparsity was nearest, by what is left, is taken;
// results come back from their file.
func TestBest(t *testing.T) {
	b := &bench{network: "lenet-300-100", structure: supernet.Weights, epochs: 3,
		tune: []float64{0.8, 0.99}, out: filepath.Join(t.TempDir(), "out.jsonl")}
	c := &comparison{bench: b, name: b.network}
	var err error
	if c.results, err = openResults(b.out); err != nil {
		t.Fatal(err)
	}
	r := recipesFor(b.network, b.structure)[0]
	for i, s := range r.settings {
		for _, sparsity := range b.tune {
			one := row{Network: b.network, Structure: b.structure, Recipe: r.name, Setting: s.name,
				Sparsity: sparsity, Epochs: 3, Tuning: true, ValError: 0.1,
				Config: c.config(r, s, sparsity, 0)}
			if i == 2 && sparsity == 0.8 || i == 4 && sparsity == 0.99 {
				one.ValError = 0.05
			}
			if err := c.results.add(one); err != nil {
				t.Fatal(err)
			}
		}
	}
	if c.results, err = openResults(b.out); err != nil {
		t.Fatal(err)
	}
	for sparsity, want := range map[float64]int{0.5: 2, 0.9: 2, 0.98: 4, 0.99: 4} {
		if got := c.best(r, sparsity); got.name != r.settings[want].name {
			t.Errorf("at %g: %s, want %s", sparsity, got.name, r.settings[want].name)
		}
	}
	c.criterion = string(prune.Fisher)
	if got := c.best(r, 0.8); got.name != r.settings[0].name {
		t.Errorf("%s did best with another criterion, and is taken", got.name)
	}
}

// TestTable: means over seeds with their interval; what was only tried is not in it.
func TestTable(t *testing.T) {
	b := &bench{out: filepath.Join(t.TempDir(), "out.jsonl")}
	r, err := openResults(b.out)
	if err != nil {
		t.Fatal(err)
	}
	for seed, e := range []float64{0.9, 0.01, 0.02, 0.03} {
		if err := r.add(row{Recipe: "ssgd", Setting: "s", Sparsity: 0.9, Seed: uint64(seed),
			Weights: 100, Left: 10, TestError: e, Tuning: seed == 0}); err != nil {
			t.Fatal(err)
		}
	}
	var text strings.Builder
	if err := b.printTable(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| ssgd | 2.00 +- 2.48 |", "3 seeds, one weight in 10.0 left"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
}

// TestTableTellsApart: runs that differ in more than their seed are not averaged.
func TestTableTellsApart(t *testing.T) {
	b := &bench{out: filepath.Join(t.TempDir(), "out.jsonl")}
	r, err := openResults(b.out)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []row{
		{Recipe: "ssgd", Setting: "s", TestError: 0.01},
		{Recipe: "magnitude", Setting: "s", TestError: 0.02, Config: prune.Config{Criterion: "fisher"}},
		{Recipe: "magnitude", Setting: "s", TestError: 0.03, Config: prune.Config{Criterion: "lamp"}},
		{Recipe: "l1", Setting: "s", TestError: 0.04},
		{Recipe: "l1", Setting: "t", TestError: 0.05},
	} {
		one.Sparsity, one.Seed, one.Epochs = 0.9, 1, 1
		if err := r.add(one); err != nil {
			t.Fatal(err)
		}
	}
	var text strings.Builder
	if err := b.printTable(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| ssgd | 1.00 |", "| magnitude, fisher | 2.00 |",
		"| magnitude, lamp | 3.00 |", "| l1, s | 4.00 |", "| l1, t | 5.00 |"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
}
