package trainer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/provenance"
)

const (
	// Version 1 lacks how images are prepared, and what was skipped; 2 lacks imported networks,
	// what a run began with, the lengths that it had, and how training images change; 3 lacks how
	// networks are drawn, weighed and taught, and phases.
	runKind, runVersion, oldestRun = "run", 4, 1

	runFile     = "run.json"
	metricsFile = "metrics.jsonl"
)

// Info is what a run is: the document run.json, written once when it starts.
type Info struct {
	provenance.Header
	Space       *supernet.Space `json:"space"`
	SpaceSHA256 string          `json:"space_sha256"`
	Data        DataInfo        `json:"data"`
	Config      Config          `json:"config,omitzero"`
	// Imported says that the weights are of others, and of what; nil after a training.
	Imported *ImportInfo `json:"imported,omitempty"`
	Start    *Start      `json:"start,omitempty"` // nil: random weights
	// Extended are the lengths that the run had before the one that Config has.
	Extended []Extension `json:"extended,omitempty"`
}

// DataInfo says which data a run trains on and how to open it again in the same way. Of an imported
// run's file it says how to prepare any images, and [Run.OpenData] fills in the rest.
type DataInfo struct {
	Path     string   `json:"path,omitempty"`
	Name     string   `json:"name,omitempty"`
	SHA256   string   `json:"sha256,omitempty"`
	Classes  []string `json:"classes,omitempty"` // nil where an imported file does not name them
	Channels int      `json:"channels"`
	Size     int      `json:"size"`
	// as DataOptions has it: 0 is the data's default, -1 is none
	Holdout int    `json:"holdout"`
	Seed    uint64 `json:"seed"`
	// synthetic data: number of images; none is the default's
	Train int `json:"train,omitempty"`
	Test  int `json:"test,omitempty"`

	SkipDamaged bool     `json:"skip_damaged,omitempty"` // images that cannot be read were left out
	Skipped     []string `json:"skipped,omitempty"`      // which, and class folders without images
	Subset      bool     `json:"subset,omitempty"`       // there are other classes than these
	// Cache is the folder of prepared images that do not fit the memory, as Path is kept; empty
	// without.
	Cache string `json:"cache,omitempty"`
	// Preparation is how images are prepared; nil in a run that an older tailor made.
	Preparation *Preparation `json:"preparation,omitempty"`
}

func (d DataInfo) options() DataOptions {
	o := DataOptions{Size: d.Size, Holdout: d.Holdout, Seed: d.Seed, Train: d.Train,
		Test: d.Test, SkipDamaged: d.SkipDamaged}
	if p := d.Preparation; p != nil {
		o.Mean, o.Std = p.Mean, p.Std
	}
	if d.Subset {
		o.Only = d.Classes
	}
	return o
}

// openOptions are those for the data of a run in a folder.
func (d DataInfo) openOptions(dir string) data.Options {
	o := d.options().internal()
	o.Cache = d.cacheDir(dir)
	return o
}

// Run is a training run as others read it: what it is, and the weights of its last checkpoint.
type Run struct {
	Dir  string
	Info Info
	Net  *supernet.Supernet
	// State is the checkpoint's; its WeightsSHA256 is what predictors and manifests are tied to.
	State State

	// What Train had open, and from where.
	data     *Data
	dataPath string
}

// dropsWhileReading is how often a training that is under way may drop the checkpoint that is being
// read.
const dropsWhileReading = 5

// OpenRun reads the run in a folder with its last checkpoint.
func OpenRun(dir string) (*Run, error) {
	r := &Run{Dir: dir}
	if err := r.Info.read(dir); err != nil {
		return nil, err
	}
	if err := r.checkSize(); err != nil {
		return nil, err
	}
	if r.Info.Imported != nil {
		r.Net = supernet.NewWithStatistics(r.Info.Space)
	} else {
		r.Net = supernet.New(r.Info.Space, r.Info.Config.Seed)
	}
	var err error
	for range dropsWhileReading {
		r.State, err = loadCheckpoint(dir, &r.Info, r.Net, false)
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	if r.State.Step == 0 && r.Info.Imported == nil {
		return nil, fmt.Errorf("run %s has no checkpoint yet; let tailor train reach its first one",
			dir)
	}
	return r, nil
}

// checkSize compares the space with the weights of the last checkpoint, before memory is taken for
// what the space claims.
func (r *Run) checkSize() error {
	var missing error
	for range dropsWhileReading {
		all, err := checkpoints(r.Dir)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return fmt.Errorf("run %s has no checkpoint yet; let tailor train reach its first one",
				r.Dir)
		}
		path := filepath.Join(all[len(all)-1], weightsFile)
		info, err := os.Stat(path)
		if err != nil { // it was dropped meanwhile, or is damaged
			missing = fmt.Errorf(
				"last checkpoint is damaged (to go back to the one before, delete %s): %w",
				filepath.Dir(path), err)
			continue
		}
		space := r.Info.Space
		if want := 4 * supernet.Params(space.Blocks(space.Max())); info.Size() < want {
			return fmt.Errorf("last checkpoint is damaged (to go back to the one before, delete %s): its weights have %d bytes, those of space %s have more than %d",
				filepath.Dir(path), info.Size(), space.Name, want)
		}
		return nil
	}
	return missing
}

func (i *Info) read(dir string) error {
	err := store.ReadDocumentSince(filepath.Join(dir, runFile), runKind, oldestRun, runVersion, i)
	if errors.Is(err, fs.ErrNotExist) {
		if _, statErr := os.Stat(dir); statErr == nil {
			return fmt.Errorf("%s holds no training run: it has no %s; give the folder that tailor train --out wrote: %w", dir, runFile, err)
		}
		return fmt.Errorf("no training run at %s; give the folder that tailor train --out wrote: %w", dir, err)
	}
	if err != nil {
		return err
	}
	if i.Space == nil {
		return fmt.Errorf("%s has no space", filepath.Join(dir, runFile))
	}
	if err := i.checkExtended(); err != nil {
		return fmt.Errorf("%s %w", filepath.Join(dir, runFile), err)
	}
	if i.Config.Strategy != "" {
		i.Config.fillIn()
	}
	return nil
}

// OpenData opens the data that the run was trained on, from path or, if that is empty, from where
// it was. Other data is refused with a [*provenance.StaleError]. An imported run takes any data of
// its classes, which is then its own: see [Import].
func (r *Run) OpenData(path string) (*Data, error) {
	if r.data != nil && (path == "" || path == r.dataPath) {
		return r.data, nil
	}
	if r.Info.Imported != nil {
		return r.openAny(path)
	}
	if path == "" {
		d, err := r.Info.openData(r.Dir, r.DataPath())
		return opened(d, MissingData("run "+r.Dir, r.DataPath(), err))
	}
	return opened(r.Info.openData(r.Dir, path))
}

// DataOptions say how the run's data was opened.
func (r *Run) DataOptions() DataOptions { return r.Info.Data.options() }

func (i *Info) openData(dir, path string) (*data.Dataset, error) {
	d, err := data.Open(path, i.Data.openOptions(dir))
	if err != nil {
		return nil, err
	}
	if i.Data.SHA256 != d.SHA256 {
		if r := d.Report; i.Data.Preparation == nil && r.Turned+r.Clear > 0 {
			return nil, fmt.Errorf(
				"run %s is of an older tailor, which did not turn images by EXIF and laid transparent ones on black; of %s, %d images are turned and %d transparent: train again: %w",
				dir, path, r.Turned, r.Clear, otherData(dir, i, d.SHA256, path))
		}
		return nil, otherData(dir, i, d.SHA256, path)
	}
	return d, nil
}

// newInfo describes the run of a job: a new one or, as it is asked for, one that is there.
func newInfo(j Job, have *Info) (*Info, *data.Dataset, error) {
	var from *Trained
	if have != nil {
		j = j.continuing(have)
	} else if j.From != nil {
		var err error
		if from, err = j.From.Open(); err != nil {
			return nil, nil, err
		}
		if j.Space == nil {
			j.Space = from.Space
		}
	}
	c, err := j.Config.Complete()
	if err != nil {
		return nil, nil, err
	}
	if err := j.check(); err != nil {
		return nil, nil, err
	}
	if j.Space == nil {
		return nil, nil, fmt.Errorf("%w: there is no space to train", ErrConfig)
	}
	if err := j.checkSize(); err != nil {
		return nil, nil, err
	}
	i := &Info{Config: c}
	i.Data = j.dataInfo(c.Seed)
	from.prepare(&i.Data)
	if have != nil {
		i.Data.Preparation = have.Data.Preparation
	}
	d, err := i.openImages(j)
	if err != nil {
		return nil, nil, err
	}
	i.Space = j.Space.For(len(d.Classes), d.Channels)
	i.SpaceSHA256 = i.Space.SHA256()
	if from == nil {
		return i, d, i.Config.settlePhases(i.Space, false)
	}
	if err := from.checkChannels(j.From.Path, d); err != nil {
		return nil, nil, err
	}
	if err := i.begin(j.Dir, j.From, from); err != nil {
		return nil, nil, err
	}
	if i.Config, err = i.Start.complete(j.Config); err != nil {
		return nil, nil, err
	}
	return i, d, i.Config.settlePhases(i.Space, true)
}

// openImages opens the images of a job and describes them.
func (i *Info) openImages(j Job) (*data.Dataset, error) {
	d, err := data.Open(j.Data, i.Data.openOptions(j.Dir))
	if err != nil {
		return nil, err
	}
	if j.Opened != nil {
		j.Opened((*Data)(d.Parts()))
	}
	if batch := i.Config.Batch; d.Train.Len() < batch {
		return nil, fmt.Errorf(
			"%w: --batch is %d, but %s has only %d images to train on: choose a smaller one",
			ErrConfig, batch, j.Data, d.Train.Len())
	}
	i.Data.Name, i.Data.SHA256, i.Data.Classes, i.Data.Channels = d.Name, d.SHA256, d.Classes,
		d.Channels
	i.Data.Skipped = d.Report.Skipped
	preparation := Preparation(d.Preparation())
	i.Data.Preparation = &preparation
	i.Inputs = map[string]provenance.Input{"data": {Path: i.Data.Path, SHA256: d.SHA256}}
	return d, nil
}
