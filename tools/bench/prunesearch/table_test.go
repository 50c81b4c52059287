package main

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer/prune"
)

func TestInterpolate(t *testing.T) {
	curve := []point{{4, 0.8}, {2, 0.6}, {3, 0.75}} // in no order
	for _, c := range []struct {
		name       string
		curve      []point
		ms, want   float64
		beyond, ok bool
	}{
		{"at a point", curve, 3, 0.75, false, true},
		{"at an end", curve, 2, 0.6, false, true},
		{"on the first line", curve, 2.5, 0.675, false, true},
		{"on the second line", curve, 3.8, 0.79, false, true},
		{"a little faster", curve, 1.9, 0.585, true, true},
		{"a little slower", curve, 4.2, 0.81, true, true},
		{"too fast", curve, 1.7, 0, false, false},
		{"too slow", curve, 4.5, 0, false, false},
		{"one point", curve[:1], 4, 0, false, false},
		{"none", nil, 4, 0, false, false},
		{"one network twice makes no slope", []point{{2, 0.6}, {2.01, 0.62}, {3.005, 0.8}}, 2.505,
			0.705, false, true},
		{"alike points alone", []point{{2, 0.6}, {2.01, 0.8}}, 2.005, 0, false, false},
	} {
		got, beyond, ok := interpolate(c.curve, c.ms)
		if math.Abs(got-c.want) > 1e-12 || beyond != c.beyond || ok != c.ok {
			t.Errorf("%s: %g, beyond %v, ok %v; want %g, %v, %v", c.name, got, beyond, ok, c.want,
				c.beyond, c.ok)
		}
	}
}

// rows are two budgets with two seeds: search, the same trained on, and a pruned network that is 2
// points ahead of that on its line, but at least 2.3 ms of the smaller budget with seed 2.
func rows() (all []row) {
	cut := way{How: pruned, Structure: supernet.Channels, Method: prune.SSGD, ParentMS: 4,
		Parent: "2x"}
	for seed := uint64(1); seed <= 2; seed++ {
		more := float64(seed-1) / 100
		for _, budget := range []float64{2, 4} {
			add := func(w way, epochs int, ms, top1 float64) {
				all = append(all, row{
					BudgetMS: budget, way: w, Seed: seed, Epochs: epochs, LatencyMS: ms,
					Top1: top1 + more, Images: 10000, Params: 1100, Weights: 1000, NonZero: 900,
					FileBytes: 4400, Runtime: "native/3 threads=1", Device: "0123456789abcdef",
				})
			}
			add(way{How: searched}, 0, budget, 0.5+budget/100)
			add(way{How: trained}, 5, budget, 0.6+budget/100)
			add(cut, 5, budget-0.1, 0.62+(budget-0.1)/100)
		}
	}
	for i, r := range all {
		if r.How == pruned && r.BudgetMS == 2 && r.Seed == 2 {
			all[i] = row{BudgetMS: 2, way: cut, Seed: 2, Epochs: 5, Failed: "at least 2.3 ms",
				Runtime: r.Runtime, Device: r.Device}
		}
	}
	return all
}

func TestTables(t *testing.T) {
	var text strings.Builder
	if err := printTables(&text, rows()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"10000 test images", "mean of 2 seeds", "+-1.0 points",
		"Runtime native/3 threads=1, device 0123456789ab.",
		"| way | 2 ms | 4 ms |\n|---|---|---|\n",
		"| search | 52.50 (52.00 to 53.00) at 2 ms | 54.50 (54.00 to 55.00) at 4 ms |",
		"| search, 5 epochs | 62.50 (62.00 to 63.00) at 2 ms |",
		"| prune channels of 2x, ssgd, 5 epochs | 63.90 at 1.9 ms [1 seed] | 66.40 (65.90 to 66.90) at 3.9 ms |",
		"ahead of *search* at the same latency",
		"| prune channels of 2x, ssgd, 5 epochs | +12.00 ~ [1 seed] | +12.00 (+12.00 to +12.00) |",
		"ahead of *search, 5 epochs* at the same latency",
		"| prune channels of 2x, ssgd, 5 epochs | +2.00 ~ [1 seed] | +2.00 (+2.00 to +2.00) |",
		"| search | 4.4 kB, 1 k | 4.4 kB, 1 k |",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the tables lack %q:\n%s", want, text.String())
		}
	}
	if err := draw(filepath.Join(t.TempDir(), "plot.svg"), rows()); err != nil {
		t.Error(err)
	}
}

// TestFailures: a way that no seed comes to says why, and no table divides by nothing.
func TestFailures(t *testing.T) {
	var text strings.Builder
	if err := printTables(&text,
		[]row{{BudgetMS: 2, way: way{How: pruned, Structure: supernet.Channels, Method: prune.SSGD,
			Parent: "2x"}, Failed: "diverged"}}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.String(), "| diverged |") || strings.Contains(text.String(), "NaN") {
		t.Error(text.String())
	}
}

// TestResults: lines come back, the last for a network counts, and one that came about otherwise is
// refused.
func TestResults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.jsonl")
	all := rows()
	c := prune.Defaults(prune.SSGD, supernet.Channels)
	all[1].Config = &c
	r, err := openResults(path)
	if err != nil {
		t.Fatal(err)
	}
	again := all[3]
	again.LatencyMS = 9
	if err := r.add(all); err != nil {
		t.Fatal(err)
	}
	if err := r.add([]row{again}); err != nil {
		t.Fatal(err)
	}
	read, err := openResults(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(read.rows) != len(all) || read.rows[3].LatencyMS != 9 || *read.rows[1].Config != c ||
		read.rows[2].way != all[2].way {
		t.Errorf("%d rows come back, want %d: %+v", len(read.rows), len(all), read.rows)
	}
	if known, err := read.known(all[1]); !known || err != nil {
		t.Errorf("a network that is there: known %v, %v", known, err)
	}
	if known, err := read.known(row{BudgetMS: 7}); known || err != nil {
		t.Errorf("one that is not: known %v, %v", known, err)
	}
	other, c2 := all[1], c
	c2.LR *= 2
	other.Config = &c2
	if _, err := read.known(other); err == nil {
		t.Error("other settings: no error")
	}
	other = all[0]
	other.Inputs.Latency = "other"
	if _, err := read.known(other); err == nil {
		t.Error("another predictor: no error")
	}
}
