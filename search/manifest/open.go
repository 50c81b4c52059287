package manifest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/supernet"
)

// NetworkDir is the folder of a manifest in the folder that pruning wrote.
const NetworkDir = "network"

// Path is the manifest's file, given it, the folder that it is in, or the folder that pruning
// wrote.
func Path(path string) string {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return path
	}
	here, pruned := filepath.Join(path, File), filepath.Join(path, NetworkDir, File)
	if _, err := os.Stat(here); err != nil {
		if _, err := os.Stat(pruned); err == nil {
			return pruned
		}
	}
	return here
}

// Open reads a manifest, given anything that [Path] takes, and the network it describes, which is
// nil if it has no weights. What is damaged, or not what was written together, is refused. Files
// for other programs ([Manifest.Exports]) are not read, and may be missing.
func Open(path string) (*Manifest, *supernet.Subnet, error) {
	path = Path(path)
	m, err := Read(path)
	if err != nil {
		return nil, nil, err
	}
	net, err := m.loadWeights(path)
	if err != nil {
		return nil, nil, err
	}
	if err := m.checkParent(net); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, net, nil
}

// Read reads the document alone, given its path: whether the files beside it are those that it
// names, [Open] looks at.
func Read(path string) (*Manifest, error) {
	var m Manifest
	if err := store.ReadDocumentSince(path, Kind, oldest, version, &m); err != nil {
		return nil, ofRun(path, err)
	}
	if err := errors.Join(m.checkExports(), m.Measured.check()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &m, nil
}

// WeightsFiles are the files of weights that [Open] reads besides the manifest: none if there are
// none, or the manifest cannot be read.
func WeightsFiles(path string) []string {
	path = Path(path)
	m, err := Read(path)
	if err != nil || m.Weights == nil {
		return nil
	}
	return []string{filepath.Join(filepath.Dir(path), m.Weights.File)}
}

// loadWeights reads the file beside a manifest, if there is one.
func (m *Manifest) loadWeights(path string) (*supernet.Subnet, error) {
	if m.Weights == nil {
		return nil, nil
	}
	if m.Weights.File != filepath.Base(m.Weights.File) {
		return nil, fmt.Errorf("%s: weights file %q must be beside the manifest", path,
			m.Weights.File)
	}
	file := filepath.Join(filepath.Dir(path), m.Weights.File)
	// A missing file, or one that cannot be read, safetensors has better words for.
	if err := m.CheckFile(file); errors.Is(err, ErrFileTooLarge) {
		return nil, err
	}
	tensors, err := safetensors.Read(file)
	if err != nil {
		return nil, err
	}
	if tensors.SHA256 != m.Weights.SHA256 {
		return nil, fmt.Errorf(
			"%s is not the file that %s was written with: sha256 %.12s, expected %.12s", file, path,
			tensors.SHA256, m.Weights.SHA256)
	}
	net, err := supernet.LoadSubnet(m.Blocks, m.BNEps, tensors.Tensors)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return net, nil
}

// runFile is what a training run has in the place of a manifest.
const runFile = "run.json"

// ofRun adds to the error about a missing manifest what to do where a run is named for a winner.
func ofRun(path string, err error) error {
	dir := filepath.Dir(path)
	if filepath.Base(path) == runFile {
		err = fs.ErrNotExist
	}
	if _, found := os.Stat(filepath.Join(dir, runFile)); !errors.Is(err, fs.ErrNotExist) ||
		found != nil {
		return err
	}
	images := imagesFor(filepath.Join(dir, runFile))
	return fmt.Errorf("%s is a training run, which holds many networks, and a manifest is of one: "+
		"cut one out with tailor fit accuracy --run %s%s --out accuracy.json, then tailor search "+
		"--run %s%s --accuracy accuracy.json --max-macs 1G --out winners, and name the folder that "+
		"it writes: %w", dir, dir, images, dir, images, err)
}

// maxRun bounds the file of a run that is looked into.
const maxRun = 16 << 20

// imagesFor asks for images in a command about a run that has none: its weights are of others.
func imagesFor(file string) string {
	text, err := store.ReadAll(context.Background(), file, maxRun)
	if err != nil {
		return ""
	}
	var r struct {
		Imported *struct{} `json:"imported"`
	}
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&r); err != nil || r.Imported == nil {
		return ""
	}
	return " --data DIR"
}
