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
)

const (
	runKind, runVersion = "run", 1
	runFile             = "run.json"
	metricsFile         = "metrics.jsonl"
)

// Info is what a run is: the document run.json, written once when it starts.
type Info struct {
	store.Header
	Space       *supernet.Space `json:"space"`
	SpaceSHA256 string          `json:"space_sha256"`
	Data        DataInfo        `json:"data"`
	Config      Config          `json:"config"`
}

// DataInfo says which data a run trains on and how to open it again in the same way.
type DataInfo struct {
	Path     string   `json:"path"`
	Name     string   `json:"name"`
	SHA256   string   `json:"sha256"`
	Classes  []string `json:"classes"`
	Channels int      `json:"channels"`
	Size     int      `json:"size"`
	Holdout  int      `json:"holdout"`
	Seed     uint64   `json:"seed"`
	Train    int      `json:"train,omitempty"` // synthetic data: number of images
	Test     int      `json:"test,omitempty"`
}

func (d DataInfo) options() data.Options {
	return data.Options{Size: d.Size, Holdout: d.Holdout, Seed: d.Seed, Train: d.Train, Test: d.Test}
}

// Run is a training run as others read it: what it is, and the weights of its last checkpoint.
type Run struct {
	Dir  string
	Info Info
	Net  *supernet.Supernet
	// State is the checkpoint's; its WeightsSHA256 is what predictors and manifests are tied to.
	State State

	// What Train had open, and from where.
	data     *data.Dataset
	dataPath string
}

// OpenRun reads the run in a folder with its last checkpoint.
func OpenRun(dir string) (*Run, error) {
	r := &Run{Dir: dir}
	if err := r.Info.read(dir); err != nil {
		return nil, err
	}
	r.Net = supernet.New(r.Info.Space, r.Info.Config.Seed)
	var err error
	if r.State, err = loadCheckpoint(dir, r.Info.SHA256, r.Net, false); err != nil {
		return nil, err
	}
	if r.State.Step == 0 {
		return nil, fmt.Errorf("run %s has no checkpoint yet; let tailor train reach its first one", dir)
	}
	return r, nil
}

func (i *Info) read(dir string) error {
	err := store.ReadDocument(filepath.Join(dir, runFile), runKind, runVersion, i)
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
	return nil
}

// OpenData opens the data that the run was trained on, from path or, if that is empty, from where it was. Other data is
// refused with a [*store.StaleError].
func (r *Run) OpenData(path string) (*data.Dataset, error) {
	if r.data != nil && (path == "" || path == r.dataPath) {
		return r.data, nil
	}
	if path == "" {
		d, err := r.Info.openData(r.Dir, r.DataPath())
		return d, MissingData("run "+r.Dir, r.DataPath(), err)
	}
	return r.Info.openData(r.Dir, path)
}

// DataOptions say how the run's data was opened.
func (r *Run) DataOptions() data.Options { return r.Info.Data.options() }

func (i *Info) openData(dir, path string) (*data.Dataset, error) {
	d, err := data.Open(path, i.Data.options())
	if err != nil {
		return nil, err
	}
	if i.Data.SHA256 != d.SHA256 {
		return nil, otherData(dir, i, d.SHA256, path)
	}
	return d, nil
}

// newInfo describes a new run.
func newInfo(j Job) (*Info, *data.Dataset, error) {
	c, err := j.Config.withDefaults()
	if err != nil {
		return nil, nil, err
	}
	if j.Space == nil {
		return nil, nil, fmt.Errorf("%w: there is no space to train", ErrConfig)
	}
	i := &Info{Config: c}
	i.Data = DataInfo{Path: data.Keep(j.Dir, j.Data), Size: j.Space.MaxResolution(), Holdout: j.Holdout, Seed: c.Seed, Train: j.TrainImages, Test: j.TestImages}
	d, err := data.Open(j.Data, i.Data.options())
	if err != nil {
		return nil, nil, err
	}
	if d.Train.Len() < c.Batch {
		return nil, nil, fmt.Errorf("%w: --batch is %d, but %s has only %d images to train on", ErrConfig, c.Batch, j.Data, d.Train.Len())
	}
	i.Data.Name, i.Data.SHA256, i.Data.Classes, i.Data.Channels = d.Name, d.SHA256, d.Classes, d.Channels
	i.Space = j.Space.For(len(d.Classes), d.Channels)
	i.SpaceSHA256 = i.Space.SHA256()
	i.Inputs = map[string]store.Input{"data": {Path: i.Data.Path, SHA256: d.SHA256}}
	return i, d, nil
}
