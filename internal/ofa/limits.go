package ofa

import (
	"fmt"
	"io"
	"os"

	"github.com/tailor-nas/tailor/internal/textfile"
)

// The budget of a file. The published tables have 15 kB and a depth of 2, the published predictor
// 1.5 MB and 4 layers.
const (
	maxTable     = 256 << 10
	maxPredictor = 16 << 20
	maxLayers    = 32
)

// tableLimits are what a table may ask the YAML reader for, whose time grows with the square of the
// depth.
var tableLimits = textfile.Limits{Bytes: maxTable, Depth: 8}

// readFile reads a file of at most so many bytes. Opening a pipe could wait for ever, so it looks
// first.
func readFile(path string, most int64, class error) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, fmt.Errorf("%s: %w: expected a file of at most %d bytes", path, class, most)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, most))
}
