package main

import (
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer/prune"
)

func example() plan {
	return plan{
		budgets: []float64{2, 3}, larger: []float64{1.5, 2}, largest: true,
		teacher: true, seeds: []uint64{1},
		epochs:     4,
		structures: []supernet.Structure{supernet.Channels, supernet.Vectors16},
		methods:    []prune.Method{prune.Magnitude, prune.SSGD},
	}
}

// TestParents: the largest winner is one more parent, where it is no multiple of the budget.
func TestParents(t *testing.T) {
	p := example()
	if got, want := p.parents(2), []parent{{"1.5x", 3}, {"2x", 4}, {"largest", 6}}; !slices.Equal(
		got, want) {
		t.Errorf("parents of 2 ms are %v, want %v", got, want)
	}
	if got, want := p.parents(3), []parent{{"1.5x", 4.5}, {"2x", 6}}; !slices.Equal(got, want) {
		t.Errorf("parents of 3 ms are %v, want %v", got, want)
	}
	if got, want := p.searches(), []float64{2, 3, 4, 4.5, 6}; !slices.Equal(got, want) {
		t.Errorf("searches are for %v, want %v", got, want)
	}
	p.largest = false
	if got := p.parents(2); len(got) != 2 {
		t.Errorf("parents are %v, want the multiples alone", got)
	}
}

// TestWays: all networks of a budget have names and folders of their own, the teacher is the winner
// of the largest multiple, and what is trained has the same settings as what is pruned, but for
// what makes a method.
func TestWays(t *testing.T) {
	b := &bench{plan: example(), batch: 64, distill: 0.3}
	ways := b.ways(2)
	if want := 3 + 3*2*2; len(ways) != want {
		t.Errorf("%d ways, want %d", len(ways), want)
	}
	names, folders := map[string]bool{}, map[string]bool{}
	for _, w := range ways {
		names[w.name(4)], folders[w.folder(4)] = true, true
		if w.How == taught && w.ParentMS != 4 {
			t.Errorf("the teacher is the winner for %g ms, want 4", w.ParentMS)
		}
		c := b.config(w, 7)
		if c.Epochs != 4 || c.Batch != 64 || c.Distill != 0.3 || c.Seed != 7 || c.Sparsity != 0 {
			t.Errorf("%s has the settings %+v", w.name(4), c)
		}
		plain := b.config(way{How: trained}, 7)
		if c.LR != plain.LR || c.Hold != plain.Hold || c.Shift != plain.Shift ||
			c.Flip != plain.Flip || c.Optimizer.WeightDecay != plain.Optimizer.WeightDecay {
			t.Errorf("%s is trained otherwise than what is not pruned: %+v, %+v", w.name(4), c,
				plain)
		}
	}
	if len(names) != len(ways) || len(folders) != len(ways) {
		t.Errorf("%d names and %d folders for %d ways", len(names), len(folders), len(ways))
	}
}

func TestParse(t *testing.T) {
	good := lists{"2ms,2.5ms", "1.5,2", "channels,weights", "ssgd", "1,2"}
	parse := func(l lists) (*bench, error) {
		b := &bench{run: "r", accuracy: "a", latency: "l", work: "w", out: "o"}
		return b, b.parse(l)
	}
	b, err := parse(good)
	if err != nil || !slices.Equal(b.budgets, []float64{2, 2.5}) ||
		!slices.Equal(b.seeds, []uint64{1, 2}) {
		t.Errorf("%+v, %v", b, err)
	}
	for name, change := range map[string]func(*lists){
		"budget 0":          func(l *lists) { l.budgets = "0ms" },
		"no unit":           func(l *lists) { l.budgets = "2" },
		"twice":             func(l *lists) { l.budgets = "2ms,2000us" },
		"not larger":        func(l *lists) { l.larger = "1" },
		"no number":         func(l *lists) { l.larger = "NaN" },
		"unknown structure": func(l *lists) { l.structures = "rows" },
		"unknown method":    func(l *lists) { l.methods = "auto" },
		"no seeds":          func(l *lists) { l.seeds = "" },
	} {
		l := good
		change(&l)
		if _, err := parse(l); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
