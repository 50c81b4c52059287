package trainer

import (
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/store"
)

// Record is what is written of a run besides weights, for those who show it.
type Record struct {
	Info Info
	// State is the last checkpoint's; zero before the first.
	State   State
	Metrics []Metric
	Broken  int // lines of the metrics that cannot be read
}

// ReadRecord reads the record of the run in a folder, of one that trains at the moment too.
func ReadRecord(dir string) (*Record, error) {
	var r Record
	if err := r.Info.read(dir); err != nil {
		return nil, err
	}
	var err error
	for range dropsWhileReading {
		if r.State, err = lastState(dir, &r.Info); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	r.Metrics, r.Broken, err = store.ReadLines[Metric](filepath.Join(dir, metricsFile))
	if errors.Is(err, fs.ErrNotExist) { // nothing trained, or not yet
		err = nil
	}
	return &r, err
}
