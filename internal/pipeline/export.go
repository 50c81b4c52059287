package pipeline

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/internal/onnx"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/internal/tflite"
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
	meta, err := metaOf(m, j)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	last := net.Blocks[len(net.Blocks)-1]
	done := &Exported{Manifest: path, Preprocessing: j.Preprocessing, Classes: last.Out.C}
	if done.Files, err = exported(j, net, meta); err != nil {
		return nil, fmt.Errorf("export %s: %w", path, err)
	}
	for _, f := range done.Files {
		if err := f.write(); err != nil {
			return nil, fmt.Errorf("export %s: %w", path, err)
		}
	}
	return done, nil
}

// exported makes the files that are asked for, all of them before the first is written.
func exported(j ExportJob, net *supernet.Subnet, m export.Meta) (all []ExportedFile, err error) {
	for _, format := range []struct {
		path string
		make func(*supernet.Subnet, export.Meta) (ExportedFile, error)
	}{{j.ONNX, exportONNX}, {j.TFLite, exportTFLite}} {
		if format.path == "" {
			continue
		}
		f, err := format.make(net, m)
		if err != nil {
			return nil, err
		}
		f.Path, f.Bytes, f.SHA256 = format.path, int64(len(f.data)), hashOf(f.data)
		f.Output = m.Output()
		all = append(all, f)
	}
	return all, nil
}

// metaOf is what a manifest says of its network.
func metaOf(m *manifest.Manifest, j ExportJob) (export.Meta, error) {
	arch, err := json.Marshal(m.Arch)
	if err != nil {
		return export.Meta{}, err
	}
	return export.Meta{
		Name: m.SpaceName, Labels: m.Classes, Mean: m.Mean, Std: m.Std, Arch: string(arch),
		ManifestSHA256: m.SHA256, WeightsSHA256: m.Weights.SHA256, Version: j.Version,
		Options: export.Options{Preprocessing: j.Preprocessing, Opset: j.Opset},
	}, nil
}

func exportONNX(net *supernet.Subnet, m export.Meta) (ExportedFile, error) {
	if m.Opset == 0 {
		m.Opset = onnx.DefaultOpset
	}
	data, err := onnx.Marshal(net, m)
	if err != nil {
		return ExportedFile{}, err
	}
	in := net.Blocks[0].In
	f := ExportedFile{Format: "onnx", Opset: m.Opset, Input: []int{1, in.C, in.H, in.W}, data: data}
	if m.Preprocessing {
		f.Input = []int{1, in.H, in.W, in.C}
	}
	return f, nil
}

func exportTFLite(net *supernet.Subnet, m export.Meta) (ExportedFile, error) {
	data, err := tflite.Marshal(net, m)
	in := net.Blocks[0].In
	return ExportedFile{Format: "tflite", Input: []int{1, in.H, in.W, in.C}, data: data}, err
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func (f ExportedFile) write() error {
	return store.WriteFile(f.Path, func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(f.data))
		return err
	})
}
