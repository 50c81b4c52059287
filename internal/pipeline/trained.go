package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// OpenTrained reads a trained network that a run can begin with: the folder of a run; of a winner,
// its folder, its manifest or the file of its weights beside that; or a file that [Adopt] reads, as
// it does where no flag says more. What was then taken for granted is told to say.
func OpenTrained(ctx context.Context, path string, say func(format string, args ...any)) (
	*trainer.Trained, error) {
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
	if isForeign(path) {
		return trainedFile(ctx, path, say)
	}
	return trainedWinner(path)
}

// isForeign says whether a path is a file that is no part of a winner.
func isForeign(path string) bool {
	if isFolder(path) || filepath.Ext(path) == ".json" {
		return false
	}
	_, err := os.Stat(filepath.Join(filepath.Dir(path), manifest.File))
	return err != nil || filepath.Ext(path) != ".safetensors"
}

// trainedFile reads somebody else's network.
func trainedFile(ctx context.Context, path string, say func(format string, args ...any)) (
	*trainer.Trained, error) {
	r, labels, err := readAdopted(ctx, path, AdoptSettings{})
	if err != nil {
		return nil, fmt.Errorf("--init: %w (tailor adopt %s has flags for what a file does not say; begin with the run that it writes)",
			err, path)
	}
	f := r.Adopted.Facts
	text := fmt.Sprintf("%s is read as %s: %d px, mean %v, std %v, batch norm epsilon %g, padding %s",
		path, f.Family, f.Resolution.Value, f.Mean.Value, f.Std.Value, f.BNEps.Value,
		r.Padding())
	if r.Invented {
		text += ", batch norm put back with invented images"
	}
	if len(f.Left) > 0 {
		text += "; " + LeftText(f.Taken, f.Left)
	}
	say("%s; if that is wrong, begin with what tailor adopt makes of it", text)
	return &trainer.Trained{SHA256: r.Adopted.SHA256, Space: r.net.Space, Tensors: r.net.Tensors(),
		Classes: labels, Mean: f.Mean.Value, Std: f.Std.Value, Part: 1}, nil
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
		return nil, fmt.Errorf("%s is neither a run nor a winner: give the folder that train, adopt or import wrote, the folder of a manifest with weights, or a file that adopt reads", path)
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
	if t.Space = shippedSpace(m); t.Space == nil {
		t.Space = runSpace(file, m)
	}
	return t, nil
}

// mostParents bounds how often a network was pruned and fine-tuned since it was cut out.
const mostParents = 20

// runSpace is the space of the run that a manifest's network was cut from, where that is still
// there; else nil.
func runSpace(file string, m *manifest.Manifest) *supernet.Space {
	sha := m.SpaceSHA256
	for range mostParents {
		if weights, ok := m.Inputs["weights"]; ok {
			info, err := trainer.ReadInfo(data.Resolve(filepath.Dir(file), weights.Path))
			if err != nil || info.SpaceSHA256 != sha || info.Space.SHA256() != sha {
				return nil
			}
			return info.Space
		}
		parent, ok := m.Inputs[manifest.ParentRole]
		if !ok {
			return nil
		}
		file = data.Resolve(filepath.Dir(file), parent.Path)
		var err error
		if m, err = manifest.Read(file); err != nil {
			return nil
		}
	}
	return nil
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
