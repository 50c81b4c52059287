package genesearch

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor/genes"
)

// FitJob asks for a predictor of what is in files.
type FitJob struct {
	Space    *genes.Space
	Quantity genes.Quantity
	Files    []string // with measurements
	Value    string   // key, or heading, of the values
	Seed     uint64
	Progress func(done, total int)
}

// Fit fits it, and says how many measurements failed. It notes the files in the predictor's inputs.
func Fit(ctx context.Context, j FitJob) (p *genes.Predictor, failed int, err error) {
	measured, failed, err := genes.ReadMeasured(j.Files, j.Space, j.Value, j.Quantity)
	if err != nil {
		return nil, 0, err
	}
	p, err = genes.Fit(ctx, j.Space, j.Quantity, measured,
		genes.Settings{Seed: j.Seed, Progress: j.Progress})
	if err != nil && failed > 0 {
		err = fmt.Errorf("%w (%d measurements failed and are left out)", err, failed)
	}
	if err != nil {
		return nil, 0, err
	}
	p.Inputs = map[string]store.Input{}
	for i, path := range j.Files {
		role := "measured"
		if len(j.Files) > 1 {
			role = fmt.Sprintf("measured %d %s", i+1, filepath.Base(path))
		}
		if p.Inputs[role], err = inputOf(path); err != nil {
			return nil, 0, err
		}
	}
	return p, failed, nil
}

// inputOf names a file that is no document.
func inputOf(path string) (store.Input, error) {
	sha, err := store.HashFile(path)
	return store.Input{Path: filepath.Base(path), SHA256: sha}, err
}

// NewDocument begins the document of a search in a space.
func NewDocument(s *genes.Space, seed uint64) *Document {
	d := &Document{SpaceName: s.Name, SpaceSHA256: s.SHA256(), Genes: s.Genes, Seed: seed}
	d.Inputs = map[string]store.Input{}
	return d
}

// From notes a predictor that was used.
func (d *Document) From(role, path string, p *genes.Predictor) {
	d.Inputs[role] = store.Input{Path: filepath.Base(path), SHA256: p.SHA256}
}

// FromResults notes the file of results of runs.
func (d *Document) FromResults(path string) (err error) {
	d.Inputs["measured"], err = inputOf(path)
	return err
}
