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
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

// ExportJob asks for the network of a manifest as files for other programs.
type ExportJob struct {
	Manifest string // the file, or the folder that it is in
	ONNX     string // the file to write
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
	Format string `json:"format"` // "onnx"
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	Opset  int    `json:"opset,omitempty"`
	Input  []int  `json:"input"`  // shape
	Output string `json:"output"` // name: "logits" or "probabilities"
}

// Export writes the network of a manifest for other programs.
func Export(j ExportJob) (*Exported, error) {
	path := manifest.Path(j.Manifest)
	m, net, err := manifest.Open(path)
	if err != nil {
		return nil, err
	}
	if net == nil {
		return nil, fmt.Errorf("%s has no weights to export: it was searched without a training run; "+
			"search with --run", path)
	}
	meta, err := metaOf(m, j)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	last := net.Blocks[len(net.Blocks)-1]
	done := &Exported{Manifest: path, Preprocessing: j.Preprocessing, Classes: last.Out.C}
	file, err := exportONNX(j.ONNX, net, meta)
	if err != nil {
		return nil, fmt.Errorf("export %s: %w", path, err)
	}
	done.Files = append(done.Files, file)
	return done, nil
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

func exportONNX(path string, net *supernet.Subnet, m export.Meta) (ExportedFile, error) {
	if m.Opset == 0 {
		m.Opset = onnx.DefaultOpset
	}
	data, err := onnx.Marshal(net, m)
	if err != nil {
		return ExportedFile{}, err
	}
	in := net.Blocks[0].In
	f := ExportedFile{Format: "onnx", Opset: m.Opset, Input: []int{1, in.C, in.H, in.W}}
	if m.Preprocessing {
		f.Input = []int{1, in.H, in.W, in.C}
	}
	return f.write(path, data, m)
}

// write writes the file and says so.
func (f ExportedFile) write(path string, data []byte, m export.Meta) (ExportedFile, error) {
	sum := sha256.Sum256(data)
	f.Path, f.Bytes, f.SHA256 = path, int64(len(data)), hex.EncodeToString(sum[:])
	f.Output = m.Output()
	return f, store.WriteFile(path, func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(data))
		return err
	})
}
