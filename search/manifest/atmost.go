package manifest

import (
	"errors"
	"fmt"
	"os"

	"github.com/tailor-nas/tailor/supernet"
)

// Bounds of the files beside a manifest.
const (
	fileOverhead      = 16 << 20 // headers, names, graphs
	bytesPerParameter = 9        // the value, a statistic of batch norm, where a value is not zero
)

// ErrFileTooLarge says that a file has more bytes than the network of its manifest can take.
var ErrFileTooLarge = errors.New("too large for the network of its manifest")

// fileAtMost is more bytes than any file with the network of the manifest's blocks has, so that no
// larger one need be read to know that it is another. The network's labels may be in it.
func (m *Manifest) fileAtMost() (int64, error) {
	if err := supernet.CheckBlocks(m.Blocks); err != nil {
		return 0, err
	}
	most := fileOverhead + bytesPerParameter*supernet.Params(m.Blocks)
	for _, label := range m.Classes {
		most += 2 * int64(len(label))
	}
	return most, nil
}

// CheckFile refuses a file that is too large for the network, before anybody reads it.
func (m *Manifest) CheckFile(path string) error {
	most, err := m.fileAtMost()
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() > most {
		return fmt.Errorf("%s: %w: it has %d bytes, expected at most %d: it is another "+
			"network's, or damaged: copy it again", path, ErrFileTooLarge, info.Size(), most)
	}
	return nil
}
