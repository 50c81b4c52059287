package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tailor-nas/tailor/internal/textfile"
	"github.com/tailor-nas/tailor/trainer"
)

// row is a training: what it has different from DepS as it is. A file of rows:
//
//	tailor: deps-rows/1
//	rows:
//	  - {name: deps}
//	  - {name: bignas, strategy: bignas, budget: 1.4815}
//	  - {name: compofa at equal cost, strategy: compofa, equal_cost: true}
type row struct {
	Name     string           `yaml:"name"`
	Strategy trainer.Strategy `yaml:"strategy"` // default deps
	// Budget is its epochs in those of DepS; default 1.
	Budget float64 `yaml:"budget"`
	// EqualCost has it as many epochs as come nearest to the cost of DepS, in MACs times images.
	EqualCost bool `yaml:"equal_cost"`

	Warmup        *float64               `yaml:"warmup"` // W, a share of the epochs
	EpsilonEpochs *float64               `yaml:"epsilon_epochs"`
	Networks      int                    `yaml:"networks"` // K; default that of DepS
	Temperature   float64                `yaml:"temperature"`
	LR            float64                `yaml:"lr"` // default that of DepS
	Sampling      trainer.Sampling       `yaml:"sampling"`
	Distill       trainer.Distill        `yaml:"distill"`
	Aggregation   trainer.Aggregation    `yaml:"aggregation"`
	Resolution    trainer.StepResolution `yaml:"resolution"`
	Phases        string                 `yaml:"phases"` // a file, as for tailor train --phases
}

// rowsKind is what a file of rows begins with.
const rowsKind = "deps-rows/1"

// Epochs that the papers give, of which DepS has 270 on ImageNet (Annavajjala et al., ECCV 2024).
const (
	depsEpochs    = 270
	ofaEpochs     = 605
	bignasEpochs  = 400
	compofaEpochs = 330
)

// sets are the rows of a name.
func sets() map[string][]row {
	share := func(v float64) *float64 { return &v }
	deps := row{Name: "deps", Strategy: trainer.DepS, Budget: 1}
	rivals := func(ending string, change func(*row, float64)) []row {
		all := []row{deps}
		for _, r := range []struct {
			strategy trainer.Strategy
			epochs   float64
		}{{trainer.Progressive, ofaEpochs}, {trainer.BigNAS, bignasEpochs},
			{trainer.CompOFA, compofaEpochs}} {
			one := row{Name: string(r.strategy) + ending, Strategy: r.strategy}
			change(&one, r.epochs/depsEpochs)
			all = append(all, one)
		}
		return all
	}
	ablation := func(name string, change func(*row)) row {
		one := deps
		one.Name = name
		change(&one)
		return one
	}
	return map[string][]row{
		"budgets": rivals("", func(r *row, budget float64) { r.Budget = budget }),
		"equal":   rivals(", equal cost", func(r *row, _ float64) { r.EqualCost = true }),
		"ablations": {deps,
			ablation("deps, W 25 %", func(r *row) { r.Warmup = share(0.25) }),
			ablation("deps, W 75 %", func(r *row) { r.Warmup = share(0.75) }),
			ablation("deps, no ramp", func(r *row) { r.EpsilonEpochs = share(0) }),
			ablation("deps, no distillation", func(r *row) { r.Distill = trainer.NoDistill }),
			ablation("deps, K 2", func(r *row) { r.Networks = 2 }),
			ablation("deps, compound", func(r *row) { r.Sampling = trainer.Compound }),
		},
	}
}

// readRows gathers sets and files, each row once.
func readRows(names []string) (all []row, err error) {
	seen := map[string]bool{}
	for _, name := range names {
		some, ok := sets()[name]
		if !ok {
			if some, err = readFile(name); err != nil {
				return nil, fmt.Errorf("--rows %s: %w (sets are budgets, equal and ablations)", name,
					err)
			}
		}
		for _, r := range some {
			if !seen[r.Name] {
				seen[r.Name] = true
				all = append(all, r)
			}
		}
	}
	return all, nil
}

func readFile(path string) ([]row, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	y, err := textfile.ParseYAML(text, textfile.Limits{Bytes: 1 << 16, Depth: 8})
	if err != nil {
		return nil, err
	}
	var doc struct {
		Tailor string `yaml:"tailor"`
		Rows   []row  `yaml:"rows"`
	}
	if err := y.Decode(&doc, true); err != nil {
		return nil, err
	}
	if doc.Tailor != rowsKind {
		return nil, fmt.Errorf("tailor is %.40q, expected %s", doc.Tailor, rowsKind)
	}
	for i := range doc.Rows {
		if err := doc.Rows[i].complete(filepath.Dir(path)); err != nil {
			return nil, fmt.Errorf("row %d: %w", i+1, err)
		}
	}
	return doc.Rows, nil
}

// complete puts defaults in place; files are looked for beside that of the rows.
func (r *row) complete(dir string) error {
	if r.Name == "" || strings.ContainsAny(r.Name, `/\`) {
		return fmt.Errorf("name %.40q: expected one without slashes", r.Name)
	}
	if r.Strategy == "" {
		r.Strategy = trainer.DepS
	}
	if r.Budget == 0 {
		r.Budget = 1
	}
	if !(r.Budget > 0 && r.Budget <= 100) {
		return fmt.Errorf("budget is %g, expected above 0, at most 100", r.Budget)
	}
	if r.Phases != "" && !filepath.IsAbs(r.Phases) {
		r.Phases = filepath.Join(dir, r.Phases)
	}
	return nil
}
