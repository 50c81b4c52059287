package manifest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/supernet"
)

// File is the name of a manifest in its folder.
const File = "manifest.json"

const weightsFile = "weights.safetensors"

// IsFile says whether a file name is one that [Manifest.Save] writes into a folder.
func IsFile(name string) bool {
	return name == File || name == weightsFile || slices.Contains(exportFiles, name)
}

// Save writes the manifest, and the weights if there are any, as a folder, whole or not at all, and
// gives the manifest's path. The folder must not exist. It fills in Weights, Exports with what the
// exporters give, and of After, in Pruned or Finetuned, what follows from the network and its file.
func (m *Manifest) Save(dir string, net *supernet.Subnet, exporters ...Exporter) (string, error) {
	if err := store.WriteDir(dir, m.fill(net, exporters)); err != nil {
		return "", fmt.Errorf("write manifest: %w", err)
	}
	return filepath.Join(dir, File), nil
}

// Replace is [Manifest.Save] where the folder may be an earlier manifest's. Whenever the process is
// killed, the one or the other is there, whole.
func (m *Manifest) Replace(dir string, net *supernet.Subnet, exporters ...Exporter) (string,
	error) {
	if err := store.ReplaceDir(dir, IsFile, m.fill(net, exporters)); err != nil {
		return "", fmt.Errorf("write manifest: %w", err)
	}
	return filepath.Join(dir, File), nil
}

// fill gives the function that writes the folder's store.
func (m *Manifest) fill(net *supernet.Subnet, exporters []Exporter) func(tmp string) error {
	return func(tmp string) error {
		m.Exports = nil
		if net != nil {
			if err := m.saveWeights(filepath.Join(tmp, weightsFile), net); err != nil {
				return err
			}
			if err := m.saveExports(tmp, net, exporters); err != nil {
				return err
			}
		}
		if err := m.checkParent(net); err != nil {
			return err
		}
		return store.WriteDocument(filepath.Join(tmp, File), Kind, version, m)
	}
}

// saveWeights writes them compactly where a tenth of them is zero. Other networks' files do not
// depend on which of their values happen to be zero.
func (m *Manifest) saveWeights(path string, net *supernet.Subnet) error {
	if !slices.Equal(m.Blocks, net.Blocks) {
		return fmt.Errorf("the manifest's blocks are not those of the network: take them from it")
	}
	if err := net.CheckZeros(); err != nil { // it could not be loaded
		return err
	}
	write := safetensors.Write
	if compact(net) {
		write = safetensors.WriteCompact
	}
	sha, err := write(path, net.Tensors(), nil)
	if err != nil {
		return err
	}
	m.Weights = &WeightsFile{weightsFile, sha}
	after := m.after()
	if after == nil {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	after.FileBytes = info.Size()
	after.Count(net)
	return nil
}

// compact says whether a tenth of the weights is zero.
func compact(net *supernet.Subnet) bool {
	weights, nonZero := net.NonZero()
	return 10*(weights-nonZero) >= weights
}

// WeightsBytes is how large the weights file is that [Manifest.Save] writes for a network.
func WeightsBytes(net *supernet.Subnet) (int64, error) {
	encode := safetensors.Encode
	if compact(net) {
		encode = safetensors.EncodeCompact
	}
	var n byteCount
	err := encode(&n, net.Tensors(), nil)
	return int64(n), err
}

// byteCount counts what is written to it.
type byteCount int64

func (n *byteCount) Write(p []byte) (int, error) {
	*n += byteCount(len(p))
	return len(p), nil
}
