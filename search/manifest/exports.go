package manifest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/supernet"
)

// The formats of [Export].
const (
	FormatONNX   = "onnx"
	FormatTFLite = "tflite"
)

// exportFiles are the names that exported networks have beside their manifest.
var exportFiles = []string{ExportFile(FormatONNX), ExportFile(FormatTFLite)}

// ExportFile is the name of a network's file in a format, beside its manifest.
func ExportFile(format string) string { return "network." + format }

// Export is the network in a file of another program's format, beside the manifest.
type Export struct {
	Format string `json:"format"` // FormatONNX or FormatTFLite
	File   string `json:"file"`
	SHA256 string `json:"sha256"` // of the file's bytes
	Bytes  int64  `json:"bytes"`
	Opset  int    `json:"opset,omitempty"` // of ONNX: the version of its operators
	Input  []int  `json:"input"`           // shape of what it takes
	Output string `json:"output"`          // name of what it gives: "logits"
}

// Exporter makes a file for other programs of a network whose weights are written, so that the
// manifest has their hash. Save fills in the name, the hash and the size.
type Exporter func(m *Manifest, net *supernet.Subnet) (Export, []byte, error)

// saveExports writes what the exporters make.
func (m *Manifest) saveExports(dir string, net *supernet.Subnet, exporters []Exporter) error {
	for _, make := range exporters {
		e, data, err := make(m, net)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		e.File, e.SHA256, e.Bytes = ExportFile(e.Format), hex.EncodeToString(sum[:]),
			int64(len(data))
		m.Exports = append(m.Exports, e)
		err = store.WriteFile(filepath.Join(dir, e.File), func(w io.Writer) error {
			_, err := io.Copy(w, bytes.NewReader(data))
			return err
		})
		if err != nil {
			return err
		}
	}
	return m.checkExports()
}

// HasStranger says whether a manifest's folder holds a file with the name of an exported network
// that the manifest does not name: somebody else's.
func HasStranger(dir string) bool {
	m, err := Read(filepath.Join(dir, File))
	if err != nil {
		return false // it is damaged, and says nothing of anybody's
	}
	return slices.ContainsFunc(exportFiles, func(name string) bool {
		_, err := os.Lstat(filepath.Join(dir, name))
		return err == nil && !slices.ContainsFunc(m.Exports,
			func(e Export) bool { return e.File == name })
	})
}

// checkExports wants each format at most once, under its own name.
func (m *Manifest) checkExports() error {
	seen := map[string]bool{}
	for _, e := range m.Exports {
		switch {
		case !slices.Contains(exportFiles, e.File) || e.File != ExportFile(e.Format):
			return fmt.Errorf("exported file %q of format %q is unknown; expected %q", e.File,
				e.Format, exportFiles)
		case seen[e.File]:
			return fmt.Errorf("exported file %q is there twice", e.File)
		case m.Weights == nil:
			return fmt.Errorf("a network without weights has the exported file %q", e.File)
		}
		seen[e.File] = true
	}
	return nil
}
