package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// OpenTrained reads a trained network that a run can begin with: the folder of a run or, of a
// winner, its folder, its manifest or the file of its weights beside that.
func OpenTrained(path string) (*trainer.Trained, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("--init: %w", err)
	}
	_, err := trainer.ReadInfo(path)
	if err == nil {
		run, err := trainer.OpenRun(path)
		if err != nil {
			return nil, err
		}
		return run.Trained()
	}
	if !errors.Is(err, fs.ErrNotExist) && isFolder(path) {
		return nil, err
	}
	return trainedWinner(path)
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// trainedWinner reads the network of a manifest.
func trainedWinner(path string) (*trainer.Trained, error) {
	file := manifest.Path(path)
	if filepath.Ext(path) == ".safetensors" {
		file = filepath.Join(filepath.Dir(path), manifest.File)
	}
	if _, err := os.Stat(file); err != nil || filepath.Ext(file) != ".json" {
		return nil, fmt.Errorf("%s is neither a run nor a winner: give the folder that train or import wrote, or the folder of a manifest with weights", path)
	}
	m, net, err := manifest.Open(file)
	if err != nil {
		return nil, err
	}
	if net == nil {
		return nil, fmt.Errorf("%s has no weights to begin with: it was searched without a training run; search with --run", file)
	}
	t := &trainer.Trained{SHA256: m.Weights.SHA256, Tensors: net.Tensors(), Classes: m.Classes,
		Mean: m.Mean, Std: m.Std, Part: 1}
	t.Space = shippedSpace(m)
	return t, nil
}

// shippedSpace is the space of a manifest, if it ships with tailor; else nil. The network may have
// other classes than the run that it is from, and the space's hash is of that.
func shippedSpace(m *manifest.Manifest) *supernet.Space {
	s, err := supernet.LoadSpace(m.SpaceName)
	if err != nil {
		return nil
	}
	last := len(m.Blocks) - 1
	of := s.For(m.Blocks[last].Out.C, m.Blocks[0].In.C)
	if of.SHA256() != m.SpaceSHA256 && m.Finetuned == nil {
		return nil
	}
	return s
}
