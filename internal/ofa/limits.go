package ofa

import (
	"context"
	"errors"
	"fmt"

	"github.com/tailor-nas/tailor/internal/store"
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

// readFile reads a file of at most so many bytes.
func readFile(path string, most int64, class error) ([]byte, error) {
	data, err := store.ReadAll(context.Background(), path, most)
	switch {
	case errors.Is(err, store.ErrNotRegular):
		return nil, fmt.Errorf("%w (%w)", err, class)
	case errors.Is(err, store.ErrTooLarge):
		return nil, fmt.Errorf("%s: %w: expected a file of at most %d bytes", path, class, most)
	}
	return data, err
}
