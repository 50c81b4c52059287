package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/tailor-nas/tailor/internal/textfile"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// result is a row with a seed: a line of the output.
type result struct {
	Name        string         `json:"name"`
	Seed        uint64         `json:"seed"`
	Config      trainer.Config `json:"config"`
	Space       string         `json:"space"`
	SpaceSHA256 string         `json:"space_sha256"`
	DataSHA256  string         `json:"data_sha256"`
	Weights     string         `json:"weights_sha256"`
	ImageMACs   float64        `json:"image_macs"` // what training cost
	Seconds     float64        `json:"seconds"`    // that it took here
	Measure     measure        `json:"measure"`
	ValImages   int            `json:"val_images"`
	TestImages  int            `json:"test_images"`
	Points      []point        `json:"points"`
	Validations []validation   `json:"validations"` // after each epoch
}

// measure says how networks were tested.
type measure struct {
	Points      int `json:"points"`
	Random      int `json:"random"`
	Top         int `json:"top"`
	Samples     int `json:"samples"`
	Calibration int `json:"calibration"`
}

// point is what networks of some number of MACs reach.
type point struct {
	MACs       int64     `json:"macs"`
	Best       network   `json:"best"` // that a search found within them
	Random     []network `json:"random"`
	RandomMACs float64   `json:"random_macs"` // their means
	RandomTop1 float64   `json:"random_test_top1"`
}

func bestTop1(p point) float64 { return p.Best.TestTop1 }

func randomTop1(p point) float64 { return p.RandomTop1 }

type network struct {
	Arch     supernet.Spec `json:"arch"`
	MACs     int64         `json:"macs"`
	ValTop1  float64       `json:"val_top1,omitempty"`
	TestTop1 float64       `json:"test_top1"`
}

// validation is the accuracies of the largest and the smallest network after an epoch.
type validation struct {
	Epoch float64 `json:"epoch"`
	Max   float64 `json:"val_top1_max"`
	Min   float64 `json:"val_top1_min"`
}

// validations reads those of a run.
func validations(dir string) (all []validation, err error) {
	err = textfile.FileValues(filepath.Join(dir, "metrics.jsonl"), func(text []byte) error {
		var m trainer.Metric
		if err := json.Unmarshal(text, &m); err != nil {
			return err
		}
		if m.Top1Max != nil && m.Top1Min != nil {
			all = append(all, validation{m.Epoch, *m.Top1Max, *m.Top1Min})
		}
		return nil
	})
	return all, err
}

// drop is by how much the largest network was worse in the two epochs after shrinking began than
// right before; false where that is not seen.
func (r *result) drop() (points float64, ok bool) {
	begins := r.Config.WarmupEpochs - r.Config.EpsilonEpochs
	if r.Config.Strategy != trainer.DepS {
		return 0, false
	}
	before, after := 0.0, 1.0
	for _, v := range r.Validations {
		switch {
		case v.Epoch <= begins:
			before = v.Max
		case v.Epoch <= begins+2:
			after = min(after, v.Max)
		}
	}
	return before - after, before > 0 && after < 1
}

// results are the rows of a file.
type results struct {
	path string
	rows []result
}

// openResults reads a file. Of lines for one row and seed the last counts.
func openResults(path string) (*results, error) {
	r := &results{path: path}
	err := textfile.FileValues(path, func(text []byte) error {
		var one result
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

// only keeps results of some rows.
func (r *results) only(rows []row) {
	r.rows = slices.DeleteFunc(r.rows, func(one result) bool {
		return !slices.ContainsFunc(rows, func(w row) bool { return w.Name == one.Name })
	})
}

func (r *results) keep(one result) {
	for i, have := range r.rows {
		if have.Name == one.Name && have.Seed == one.Seed {
			r.rows[i] = one
			return
		}
	}
	r.rows = append(r.rows, one)
}

// known says whether a result is there, of the same weights and measured in the same way.
func (r *results) known(one result) bool {
	for _, have := range r.rows {
		if have.Name == one.Name && have.Seed == one.Seed && have.Weights == one.Weights &&
			have.Measure == one.Measure {
			return true
		}
	}
	return false
}

// add appends a result.
func (r *results) add(one result) error {
	f, err := os.OpenFile(r.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	r.keep(one)
	return errors.Join(json.NewEncoder(f).Encode(one), f.Close())
}
