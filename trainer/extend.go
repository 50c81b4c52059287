package trainer

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/store"
)

// Extension is a length that a run had before it was given more epochs. Until FromStep, its
// learning rate was that of a run of so many epochs.
type Extension struct {
	FromStep  int    `json:"from_step"`
	Epochs    int    `json:"epochs"`
	RunSHA256 string `json:"run_sha256"` // of run.json as it was: checkpoints of then name it
}

// continuing is the job of a run that goes on: what was decided when it began stays so.
func (j Job) continuing(have *Info) Job {
	if j.Space == nil {
		j.Space = have.Space
	}
	if j.Config.LR == Auto && have.Start != nil {
		j.Config.LR = have.Config.LR
	}
	if c := &j.Config; c.Epochs >= have.Config.Epochs {
		if c.WarmupEpochs == Auto {
			c.WarmupEpochs = have.Config.WarmupEpochs
		}
		if c.EpsilonEpochs == Auto {
			c.EpsilonEpochs = have.Config.EpsilonEpochs
		}
	}
	return j
}

// resumed is a run that is there, if it is the one that is asked for; with more epochs than it had,
// if that is what is asked for. Nothing is written: extended says whether run.json must be.
func resumed(j Job, have *Info) (info *Info, d *data.Dataset, extended bool, err error) {
	if err := have.checkOrigin(j.Dir, j.From); err != nil {
		return nil, nil, false, err
	}
	want, d, err := newInfo(j, have)
	if err != nil {
		return nil, nil, false, err
	}
	as := *want
	as.Config.Epochs = have.Config.Epochs
	longer := want.Config.Epochs > have.Config.Epochs
	if longer && have.Config.Strategy.phased() {
		return nil, nil, false, fmt.Errorf("%w: run %s is trained in phases of %d epochs, which more epochs would move: resume it with --epochs %d, or begin another with --init %s",
			ErrConfig, j.Dir, have.Config.Epochs, have.Config.Epochs, j.Dir)
	}
	if longer && have.same(j.Dir, &as) == nil {
		longest, err := have.extend(j.Dir, want.Config.Epochs)
		return longest, d, true, err
	}
	return have, d, false, have.same(j.Dir, want)
}

// extend is the run with more epochs, from its last checkpoint on.
func (i *Info) extend(dir string, epochs int) (*Info, error) {
	state, err := lastState(dir, i)
	if err != nil {
		return nil, err
	}
	longer := *i
	longer.Extended = append(i.Extended[:len(i.Extended):len(i.Extended)],
		Extension{state.Step, i.Config.Epochs, i.SHA256})
	longer.Config.Epochs = epochs
	return &longer, nil
}

// lastState is that of a run's last checkpoint; zero without one.
func lastState(dir string, i *Info) (State, error) {
	all, err := checkpoints(dir)
	if err != nil || len(all) == 0 {
		return State{}, err
	}
	return loadState(all[len(all)-1], i)
}

// owns says whether a checkpoint that names a run.json by its hash is of this run.
func (i *Info) owns(sha string) bool {
	for _, e := range i.Extended {
		if e.RunSHA256 == sha {
			return true
		}
	}
	return i.SHA256 == sha
}

// done says whether a state is the end of the run: it was, perhaps, before the run was extended.
func (i *Info) done(s State) bool {
	last := len(i.Extended) - 1
	return s.Done && (last < 0 || s.Step > i.Extended[last].FromStep)
}

// schedule is that of the run, with the lengths that it had.
func (i *Info) schedule(perEpoch int) schedule {
	s := newSchedule(i.Config, perEpoch)
	for _, e := range i.Extended {
		s.shorter = append(s.shorter, stretch{e.FromStep, e.Epochs * perEpoch})
	}
	return s
}

// checkExtended refuses lengths that no run can have had.
func (i *Info) checkExtended() error {
	step, epochs := 0, 0
	for _, e := range i.Extended {
		if e.FromStep < step || e.Epochs <= epochs || e.Epochs >= i.Config.Epochs {
			return fmt.Errorf("is damaged: a run of %d epochs was not extended from %d at step %d",
				i.Config.Epochs, e.Epochs, e.FromStep)
		}
		step, epochs = e.FromStep, e.Epochs
	}
	return nil
}

// continued reads the run in the job's folder if there is one and it is to go on; nil if not.
func (j Job) continued() (*Info, error) {
	if j.Dir == "" {
		return nil, nil
	}
	var have Info
	switch err := have.read(j.Dir); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case have.Imported != nil:
		return nil, fmt.Errorf("%s holds an imported network, and no training to go on with: begin another with --init: %w",
			j.Dir, fs.ErrExist)
	case !j.Resume:
		return nil, fmt.Errorf(
			"%s already holds a run; add --resume to go on with it, or choose another folder: %w",
			j.Dir, fs.ErrExist)
	}
	return &have, nil
}

// ReadInfo reads what the run in a folder is; an error of [fs.ErrNotExist] without one.
func ReadInfo(dir string) (*Info, error) {
	var i Info
	return &i, i.read(dir)
}

// write writes run.json, or replaces it where a run is extended.
func (i *Info) write(dir string) error {
	return store.WriteDocument(filepath.Join(dir, runFile), runKind, runVersion, i)
}
