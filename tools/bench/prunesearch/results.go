package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/tailor-nas/tailor/internal/textfile"
	"github.com/tailor-nas/tailor/trainer/prune"
)

// row is a network, or why there is none.
type row struct {
	BudgetMS float64 `json:"budget_ms"`
	way
	Seed   uint64 `json:"seed"`
	Epochs int    `json:"epochs"` // of training after the search
	// of it; its sparsity is 0, as the budget decides
	Config *prune.Config `json:"config,omitempty"`

	Top1    float64 `json:"test_top1"`
	Images  int     `json:"test_images"`
	ValTop1 float64 `json:"val_top1"`
	// share of the weights that pruning may remove that it did
	Sparsity      float64 `json:"sparsity,omitempty"`
	LatencyMS     float64 `json:"latency_ms"`
	LatencyLowMS  float64 `json:"latency_ci_low_ms"` // 95 % interval
	LatencyHighMS float64 `json:"latency_ci_high_ms"`
	// the machine was too noisy to trust the latency
	Unstable  bool  `json:"unstable,omitempty"`
	FileBytes int64 `json:"file_bytes"`
	Weights   int64 `json:"weights"`
	NonZero   int64 `json:"nonzero_weights"`
	Params    int64 `json:"params"`

	// Failed says why there is no network: the budget is out of reach, or training diverged.
	Failed string `json:"failed,omitempty"`
	Device string `json:"device"`
	// Runtime is what was measured.
	Runtime string `json:"runtime"`
	Session string `json:"session"` // when the networks of the budget were measured together
	// Weights of the supernet, and predictors: sha256.
	Inputs inputs `json:"inputs"`
}

type inputs struct {
	Weights  string `json:"weights"`
	Accuracy string `json:"accuracy"`
	Latency  string `json:"latency"`
}

// key is what a network is told from others by.
type key struct {
	budget float64
	way    way
	seed   uint64
	epochs int
}

func (r row) key() key { return key{r.BudgetMS, r.way, r.Seed, r.Epochs} }

// results are the networks of a file, in the order in which they first came.
type results struct {
	path string
	rows []row
	at   map[key]int
}

// openResults reads a file. Of lines for one network the last counts.
func openResults(path string) (*results, error) {
	r := &results{path: path, at: map[key]int{}}
	err := textfile.FileValues(path, func(text []byte) error {
		var one row
		if err := json.Unmarshal(text, &one); err != nil {
			return err
		}
		r.keep(one)
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return r, nil
}

func (r *results) keep(one row) {
	if i, ok := r.at[one.key()]; ok {
		r.rows[i] = one
		return
	}
	r.at[one.key()] = len(r.rows)
	r.rows = append(r.rows, one)
}

// known says whether a network is there. One that came about otherwise is an error.
func (r *results) known(want row) (bool, error) {
	i, ok := r.at[want.key()]
	if !ok {
		return false, nil
	}
	have := r.rows[i]
	if have.Inputs != want.Inputs || (have.Config == nil) != (want.Config == nil) ||
		have.Config != nil && *have.Config != *want.Config {
		return false, fmt.Errorf(
			"%s has a network of %g ms, %s, seed %d, of another run, other predictors or other settings; choose another --out and --work",
			r.path, want.BudgetMS, want.name(want.Epochs), want.Seed)
	}
	return true, nil
}

// add appends networks that were measured together.
func (r *results) add(rows []row) error {
	f, err := os.OpenFile(r.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(f)
	for _, one := range rows {
		if err := enc.Encode(one); err != nil {
			return errors.Join(err, f.Close())
		}
		r.keep(one)
	}
	return f.Close()
}
