package trainer

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Metric is a line of metrics.jsonl: one every few steps, and one at the end of an epoch, which has the accuracies.
type Metric struct {
	Step    int      `json:"step"`
	Epoch   float64  `json:"epoch"`
	LR      float64  `json:"lr"`
	Epsilon float64  `json:"epsilon"`            // weight β of the sub-networks' gradients
	LossMax float64  `json:"loss_max,omitempty"` // largest network on the labels; not at an epoch's end
	LossSub float64  `json:"loss_sub,omitempty"` // mean of the sub-networks on the largest network's softmax
	Top1Max *float64 `json:"val_top1_max,omitempty"`
	Top1Min *float64 `json:"val_top1_min,omitempty"`
}

// metricsLog appends to metrics.jsonl. It is cut back to what the checkpoint knew when a run resumes.
type metricsLog struct {
	f    *os.File
	w    *bufio.Writer
	size int64
}

func openMetrics(dir string, size int64) (*metricsLog, error) {
	f, err := os.OpenFile(filepath.Join(dir, metricsFile), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open metrics: %w", err)
	}
	if err := f.Truncate(size); err != nil {
		f.Close()
		return nil, fmt.Errorf("cut back metrics: %w", err)
	}
	if _, err := f.Seek(size, 0); err != nil {
		f.Close()
		return nil, fmt.Errorf("open metrics: %w", err)
	}
	return &metricsLog{f: f, w: bufio.NewWriter(f), size: size}, nil
}

func (m *metricsLog) add(line Metric) error {
	text, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	n, err := m.w.Write(append(text, '\n'))
	m.size += int64(n)
	if err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	return nil
}

// flush brings everything to the disk and gives the size.
func (m *metricsLog) flush() (int64, error) {
	if err := m.w.Flush(); err != nil {
		return 0, fmt.Errorf("write metrics: %w", err)
	}
	if err := m.f.Sync(); err != nil {
		return 0, fmt.Errorf("write metrics: %w", err)
	}
	return m.size, nil
}

func (m *metricsLog) close() error {
	_, err := m.flush()
	if closeErr := m.f.Close(); err == nil && closeErr != nil {
		err = fmt.Errorf("write metrics: %w", closeErr)
	}
	return err
}
