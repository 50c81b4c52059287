package trainer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tailor-nas/tailor/internal/safetensors"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/provenance"
)

const (
	// Version 1 lacks teachers.
	checkpointKind, checkpointVersion, oldestCheckpoint = "checkpoint", 2, 1

	checkpointsDir  = "checkpoints"
	weightsFile     = "weights.safetensors"
	momentumFile    = "momentum.safetensors"
	stateFile       = "state.json"
	checkpointsKept = 2
)

// State is where a run stands: the document state.json of a checkpoint. Everything random follows
// from the seed and the step, so that there is no generator to save.
type State struct {
	provenance.Header
	Step           int     `json:"step"` // steps done
	Done           bool    `json:"done"`
	Seconds        float64 `json:"seconds"` // of training, over all resumptions
	MetricsBytes   int64   `json:"metrics_bytes"`
	Validated      int     `json:"validated"` // step of the last line of metrics with accuracies
	WeightsSHA256  string  `json:"weights_sha256"`
	MomentumSHA256 string  `json:"momentum_sha256"`
	// TeacherSHA256 is of teacher.safetensors in the run's folder; empty while there is none.
	TeacherSHA256 string `json:"teacher_sha256,omitempty"`
}

func checkpointDir(run string, step int) string {
	return filepath.Join(run, checkpointsDir, fmt.Sprintf("step-%09d", step))
}

// saveCheckpoint writes the folder of a checkpoint, whole or not at all, and then drops the oldest
// ones. One of the same step is replaced if the run has come further since: to the end of its
// epoch, which is not a step.
func saveCheckpoint(run string, info *Info, net *supernet.Supernet, s State) (State, error) {
	s.Inputs = map[string]provenance.Input{"run": {Path: runFile, SHA256: info.SHA256}}
	dir := checkpointDir(run, s.Step)
	if _, err := os.Stat(dir); err == nil {
		if have, err := loadState(dir, info); err != nil || have.same(s) {
			return have, err
		}
	}
	err := store.ReplaceDir(dir, isCheckpointFile, func(tmp string) error {
		var err error
		if s.WeightsSHA256, err = safetensors.Write(filepath.Join(tmp, weightsFile), net.Tensors(),
			nil); err != nil {
			return err
		}
		if s.MomentumSHA256, err = safetensors.Write(filepath.Join(tmp, momentumFile),
			weights.Momentum(net), nil); err != nil {
			return err
		}
		return store.WriteDocument(filepath.Join(tmp, stateFile), checkpointKind, checkpointVersion,
			&s)
	})
	if err != nil {
		return s, fmt.Errorf("save checkpoint: %w", err)
	}
	return s, dropOldCheckpoints(run)
}

func dropOldCheckpoints(run string) error {
	all, err := checkpoints(run)
	if err != nil {
		return err
	}
	for _, old := range all[:max(0, len(all)-checkpointsKept)] {
		if err := store.RemoveDir(old); err != nil {
			return fmt.Errorf("drop old checkpoint: %w", err)
		}
	}
	return nil
}

// same says whether nothing but the clock tells two states of a step apart.
func (s State) same(other State) bool {
	return s.Step == other.Step && s.Done == other.Done && s.Validated == other.Validated &&
		s.MetricsBytes == other.MetricsBytes
}

func isCheckpointFile(name string) bool {
	return name == weightsFile || name == momentumFile || name == stateFile
}

// checkpoints lists the folders of a run's checkpoints, oldest first.
func checkpoints(run string) ([]string, error) {
	dir := filepath.Join(run, checkpointsDir)
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list checkpoints: %w", err)
	}
	var all []string // in the order of their names, which is that of their steps
	for _, e := range entries {
		if IsCheckpoint(e.Name()) {
			all = append(all, filepath.Join(dir, e.Name()))
		}
	}
	return all, nil
}

// IsCheckpoint says whether a folder's name is that of a checkpoint: "step-" and nine digits.
func IsCheckpoint(name string) bool {
	digits, ok := strings.CutPrefix(name, "step-")
	return ok && len(digits) == 9 && strings.Trim(digits, "0123456789") == ""
}

func loadState(dir string, info *Info) (State, error) {
	var s State
	path := filepath.Join(dir, stateFile)
	if err := store.ReadDocumentSince(path, checkpointKind, oldestCheckpoint, checkpointVersion,
		&s); err != nil {
		return s, err
	}
	if info.owns(s.Inputs["run"].SHA256) {
		s.Done = info.done(s)
		return s, nil
	}
	return s, s.Check(path, "run", info.SHA256)
}

// loadCheckpoint reads the last checkpoint of a run into net, with the optimiser's state if
// training goes on. A run without a checkpoint gives the zero State.
func loadCheckpoint(run string, info *Info, net *supernet.Supernet, training bool) (State, error) {
	all, err := checkpoints(run)
	if err != nil || len(all) == 0 {
		return State{}, err
	}
	dir := all[len(all)-1]
	s, err := loadState(dir, info)
	if err == nil {
		err = loadTensors(filepath.Join(dir, weightsFile), s.WeightsSHA256, net, weights.Load)
	}
	if err == nil && training {
		err = loadTensors(filepath.Join(dir, momentumFile), s.MomentumSHA256, net,
			weights.LoadMomentum)
	}
	if err != nil {
		return s, fmt.Errorf(
			"last checkpoint is damaged (to go back to the one before, delete %s): %w", dir, err)
	}
	return s, nil
}

func loadTensors(path, sha string, net *supernet.Supernet,
	load func(weights.Network, []safetensors.Tensor) error) error {
	f, err := safetensors.Read(path)
	if err != nil {
		return err
	}
	if f.SHA256 != sha {
		return fmt.Errorf("%s is not the file that its checkpoint was saved with: sha256 %.12s, expected %.12s", path, f.SHA256, sha)
	}
	if err := load(net, f.Tensors); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
