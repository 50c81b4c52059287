package pipeline

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/internal/ship"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

// ExportJob asks for the network of a manifest as files for other programs.
type ExportJob struct {
	Manifest string // the file, or the folder that it is in
	ONNX     string // the file to write; none if empty
	TFLite   string // the same
	Version  string // of this tailor

	Preprocessing bool // see export.Options
	Opset         int  // 0 for the default
}

// Exported says what was written, and what the files take and give.
type Exported struct {
	Manifest      string         `json:"manifest"`
	Preprocessing bool           `json:"preprocessing"`
	Classes       int            `json:"classes"`
	Files         []ExportedFile `json:"files"`
}

// ExportedFile is one of them.
type ExportedFile struct {
	Format string `json:"format"` // "onnx" or "tflite"
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	Opset  int    `json:"opset,omitempty"`
	Input  []int  `json:"input"`  // shape
	Output string `json:"output"` // name: "logits" or "probabilities"
	data   []byte
}

// Export writes the network of a manifest for other programs.
func Export(j ExportJob) (*Exported, error) {
	path := manifest.Path(j.Manifest)
	m, net, err := manifest.Open(path)
	if err != nil {
		return nil, err
	}
	if net == nil {
		return nil, fmt.Errorf(
			"%s has no weights to export: it was searched without a training run; "+
				"search with --run", path)
	}
	meta, err := ship.MetaOf(m)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	meta.Version = j.Version
	meta.Options = export.Options{Preprocessing: j.Preprocessing, Opset: j.Opset}
	last := net.Blocks[len(net.Blocks)-1]
	done := &Exported{Manifest: path, Preprocessing: j.Preprocessing, Classes: last.Out.C}
	if done.Files, err = exported(j, net, meta); err != nil {
		return nil, fmt.Errorf("export %s: %w", path, err)
	}
	if err := store.WriteFiles(contentsOf(done.Files)); err != nil {
		return nil, fmt.Errorf("export %s: %w", path, err)
	}
	return done, nil
}

// exported makes the files that are asked for, all of them before the first is written.
func exported(j ExportJob, net *supernet.Subnet, m export.Meta) (all []ExportedFile, err error) {
	for i, path := range []string{j.ONNX, j.TFLite} {
		if path == "" {
			continue
		}
		e, data, err := ship.Make(ship.Formats()[i], net, m)
		if err != nil {
			return nil, err
		}
		all = append(all, ExportedFile{Format: e.Format, Path: path, Bytes: int64(len(data)),
			SHA256: hashOf(data), Opset: e.Opset, Input: e.Input, Output: e.Output,
			data: data})
	}
	return all, nil
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// contentsOf are the files as they are written.
func contentsOf(files []ExportedFile) (all []store.Content) {
	for _, f := range files {
		all = append(all, store.Content{Path: f.Path, Write: func(w io.Writer) error {
			_, err := io.Copy(w, bytes.NewReader(f.data))
			return err
		}})
	}
	return all
}
