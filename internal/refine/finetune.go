package refine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/reopen"
	"github.com/tailor-nas/tailor/internal/ship"
	"github.com/tailor-nas/tailor/internal/standalone"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
	"github.com/tailor-nas/tailor/trainer/prune"
)

// FinetuneJob asks for a manifest's network to be trained further.
type FinetuneJob struct {
	Manifest string         // the parent's file, or the folder it is in
	Images   FinetuneImages // empty: the parent's own, where they were then
	// Config is [prune.FinetuneDefaults] and what should differ; how images are shifted and
	// mirrored without Config.Augment follows from them, as in the training of a supernet.
	Config  prune.Config
	Runtime profiles.Runtime // what latencies are of; nil is tailor's own engine on one thread
	Budget  time.Duration    // of timing; 0: what it needs
	Export  []string         // formats that the network is written in too, as ship.Formats
	// holds the run ("training") and, in the end, the new manifest ("network")
	Dir      string
	Workers  int
	Resume   bool
	Progress func(what string, done, total int)
	Say      func(format string, args ...any)
	Warn     func(format string, args ...any) // as [trainer.Job] has it
	Opened   func(*trainer.Data)              // if set, told of the images before the work
}

// FinetuneImages are images to train on.
type FinetuneImages struct {
	Path        string
	Holdout     *int // images kept out of training; nil is the default, 0 none
	SkipDamaged bool // go on without those that cannot be read
}

// FinetuneTraining is what progress is called while a network trains, before the number of the
// epoch. Its state is saved.
const FinetuneTraining = "finetune epoch"

// trainingDir is the folder of the run of a network that is fine-tuned.
const trainingDir = "training"

// FinetuneResult is what the training changed, and where the new manifest is.
type FinetuneResult struct {
	Manifest string `json:"manifest"`
	Parent   string `json:"parent"`
	// the classes are not the parent's: the classifier began at random
	NewClassifier bool                   `json:"new_classifier,omitempty"`
	Top1Val       float64                `json:"val_top1,omitempty"`
	Before        manifest.PrunedFigures `json:"before"`
	After         manifest.PrunedFigures `json:"after"`
	// the machine was too noisy to trust the latencies
	Unstable bool              `json:"unstable,omitempty"`
	Seconds  float64           `json:"seconds"` // of training
	Exports  []manifest.Export `json:"exports,omitempty"`
}

// Finetune trains a manifest's network further, on its own images or others, and writes the
// manifest of what it has become.
func Finetune(ctx context.Context, j FinetuneJob) (*FinetuneResult, error) {
	lock, err := ownFolder(j.Dir, "tailor finetune")
	if err != nil {
		return nil, err
	}
	defer lock.Unlock()
	f, err := openFinetune(&j)
	if err != nil {
		return nil, err
	}
	trained, err := prune.Run(ctx, f.run())
	if err != nil {
		return nil, err
	}
	if f.there {
		return f.again(trained)
	}
	return f.finish(ctx, trained)
}

// finetuning is a job under way.
type finetuning struct {
	job      *FinetuneJob
	path     string // of the parent's manifest
	manifest *manifest.Manifest
	net      *supernet.Subnet // as training begins
	fresh    bool             // its classifier is new
	data     *trainer.Data
	options  data.Options // that the images were opened with
	there    bool         // an earlier call has written the network
}

// openFinetune reads what is to be trained, and refuses what cannot be.
func openFinetune(j *FinetuneJob) (*finetuning, error) {
	f := &finetuning{job: j, path: manifest.Path(j.Manifest)}
	m, net, err := reopen.Network(f.path, "train")
	if err != nil {
		return nil, err
	}
	f.manifest = m
	if f.there, err = holdsNetwork(j.Dir, "network", j.Resume); err != nil {
		return nil, err
	}
	d, err := f.openImages()
	if err != nil {
		return nil, err
	}
	f.data = (*trainer.Data)(d.Parts())
	if j.Opened != nil {
		j.Opened(f.data)
	}
	transform := d.DefaultTransform()
	j.Config.Shift, j.Config.Flip = transform.Pad, transform.Flip
	f.net, f.fresh, err = standalone.ForClasses(net, m.Classes, d.Classes, j.Config.Seed)
	return f, err
}

// openImages opens the images to train on, as the network saw its own. Those of a path are its own
// if the hash says so, held out as they were, of the same classes; of others all classes are
// opened, and a tenth is held out, or what is asked for.
func (f *finetuning) openImages() (*data.Dataset, error) {
	images := f.job.Images
	f.options = reopen.Options(f.manifest)
	f.options.SkipDamaged = f.options.SkipDamaged || images.SkipDamaged
	path := images.Path
	if path == "" {
		path = reopen.ImagesPath(f.manifest, f.path)
	}
	if images.Path != "" && (images.Holdout == nil || f.options.Only != nil) {
		d, err := f.open(path)
		own := err == nil && d.SHA256 == f.manifest.Inputs["data"].SHA256
		changed := !own && f.asOthers()
		if images.Holdout == nil && !changed {
			return d, err
		}
	}
	if images.Holdout != nil {
		if f.options.Holdout = *images.Holdout; f.options.Holdout == 0 {
			f.options.Holdout = -1
		}
	}
	d, err := f.open(path)
	return d, f.checkImages(d, path, err)
}

// asOthers has images opened that are not the network's own, and says whether that is in another
// way.
func (f *finetuning) asOthers() bool {
	changed := f.options.Holdout > 0 || f.options.Only != nil
	f.options.Holdout, f.options.Only = min(f.options.Holdout, 0), nil
	return changed
}

// open opens images with the classes that they have, as the network takes them.
func (f *finetuning) open(path string) (*data.Dataset, error) {
	d, err := data.Open(path, f.options)
	if err != nil {
		return nil, err
	}
	m := f.manifest
	channels := m.Blocks[0].In.C
	seen, err := d.For(m.Classes, channels)
	if err != nil || seen.SHA256 != m.Inputs["data"].SHA256 { // not the network's own
		if seen, err = d.For(d.Classes, channels); err != nil {
			return nil, err
		}
	}
	if m.Mean == nil {
		return seen, nil
	}
	return seen.Normalised(m.Mean, m.Std)
}

// checkImages says what is wrong with images that nobody named, and are others than they were.
func (f *finetuning) checkImages(d *data.Dataset, path string, err error) error {
	switch {
	case err != nil && f.job.Images.Path == "":
		return trainer.MissingData("network "+f.path, path, err)
	case err != nil || f.job.Images.Path != "" || f.job.Images.Holdout != nil:
		return err
	}
	var stale *store.StaleError
	if err := f.manifest.Check(f.path, "data", d.SHA256); errors.As(err, &stale) {
		return &trainer.OtherDataError{Path: path, Of: "network " + f.path, Was: path,
			Stale: stale}
	}
	return nil
}

// run is the training.
func (f *finetuning) run() prune.Job {
	j := f.job
	run := prune.NewJob(f.net, f.data, j.Config)
	run.Dir, run.Parent = filepath.Join(j.Dir, trainingDir), f.manifest.SHA256
	run.Workers, run.Resume, run.ValImages = max(j.Workers, 1), j.Resume, trainer.DefaultValImages
	run.Warn = j.Warn
	run.Progress = func(r prune.Progress) {
		if m := r.Metric; m != nil && m.Top1 != nil {
			j.Say("epoch %d: validation top-1 %.2f %%", r.Epoch+1, 100**m.Top1)
		}
		j.Progress(fmt.Sprintf("%s %d", FinetuneTraining, r.Epoch+1), r.Step, r.Steps)
	}
	return run
}

// again is the result of a job that an earlier call has brought to its end, as its manifest has it.
func (f *finetuning) again(trained *prune.Result) (*FinetuneResult, error) {
	path := manifest.Path(filepath.Join(f.job.Dir, networkDir))
	m, _, err := manifest.Open(path)
	if err != nil {
		return nil, err
	}
	if m.Finetuned == nil || m.Measured == nil {
		return nil, fmt.Errorf("%s is no fine-tuned network; choose another --out: %w", path,
			fs.ErrExist)
	}
	if err := m.Check(path, manifest.ParentRole, f.manifest.SHA256); err != nil {
		return nil, err
	}
	r := f.newResult(trained)
	r.Manifest, r.Before, r.After = path, m.Finetuned.Before, m.Finetuned.After
	r.Unstable, r.Exports = m.Measured.Unstable, m.Exports
	warnOfExports(f.job.Warn, m, path, f.job.Export)
	return r, nil
}

// newResult is what training alone says.
func (f *finetuning) newResult(trained *prune.Result) *FinetuneResult {
	return &FinetuneResult{Parent: f.path, NewClassifier: f.fresh, Top1Val: trained.Top1Val,
		Seconds: trained.Seconds}
}

// finish tests, times and writes the network.
func (f *finetuning) finish(ctx context.Context, trained *prune.Result) (*FinetuneResult, error) {
	j, r := f.job, f.newResult(trained)
	trained.Net.MeasureZeros()
	both := pair{nets: [2]*supernet.Subnet{f.net, trained.Net}}
	first := 0
	if f.fresh {
		first = 1
	}
	j.Progress("test", 0, 2)
	if err := both.test(ctx, f.data, first, j.Workers); err != nil {
		return nil, err
	}
	both.before.FileBytes = weightsBytes(f.manifest, f.path)
	j.Progress("time", 0, 1)
	if err := both.time(ctx, runtimeOr(f.job.Runtime), f.manifest, j.Budget,
		j.Config.Seed); err != nil {
		return nil, err
	}
	r.Before, r.After, r.Unstable = both.before, both.after, both.unstable
	return r, f.save(ctx, trained, r, &both)
}

// save writes the manifest of the network.
func (f *finetuning) save(ctx context.Context, trained *prune.Result, r *FinetuneResult,
	both *pair) error {
	j, c := f.job, f.job.Config
	m := *f.manifest
	m.Blocks, m.MACs, m.Params = trained.Net.Blocks, supernet.MACs(trained.Net.Blocks),
		supernet.Params(trained.Net.Blocks)
	m.Weights, m.Ranks, m.Pruned, m.Classes = nil, nil, nil, f.data.Classes
	m.Images = f.images()
	m.Inputs = map[string]store.Input{
		manifest.ParentRole: {Path: f.path, SHA256: f.manifest.SHA256},
		"data":              {Path: f.dataPath(), SHA256: f.data.SHA256},
	}
	m.Finetuned = &manifest.Finetuned{Epochs: c.Epochs, Batch: c.Batch, Seed: c.Seed, LR: c.LR,
		FreezeEpochs: c.FreezeEpochs, Momentum: c.Optimizer.Momentum,
		WeightDecay: c.Optimizer.WeightDecay, LabelSmoothing: c.LabelSmoothing,
		NewClassifier: f.fresh, Before: r.Before, After: r.After}
	if c.Augment != (trainer.Augment{}) {
		m.Finetuned.Augment = c.Augment.String()
	}
	var err error
	if m.Measured, err = both.measured(ctx, runtimeOr(f.job.Runtime)); err != nil {
		return err
	}
	m.Judge()
	path, err := m.Save(filepath.Join(j.Dir, networkDir), trained.Net,
		ship.Exporters(j.Export)...)
	if err != nil {
		return err
	}
	r.Manifest, r.After, r.Exports = path, m.Finetuned.After, m.Exports
	return nil
}

// images says how the images were opened.
func (f *finetuning) images() *manifest.Images {
	o := f.options
	return &manifest.Images{Size: o.Size, Holdout: o.Holdout, Seed: o.Seed, Train: o.Train,
		Test: o.Test, SkipDamaged: o.SkipDamaged, Skipped: reopen.Report(f.data).Skipped,
		Subset:      o.Only != nil,
		Preparation: new(manifest.Preparation((*data.Parts)(f.data).Preparation()))}
}

// dataPath is where the images are, from the folder of the new manifest.
func (f *finetuning) dataPath() string {
	to := filepath.Join(f.job.Dir, networkDir)
	if f.job.Images.Path != "" {
		return data.Keep(to, f.job.Images.Path)
	}
	return data.KeepFrom(to, filepath.Dir(f.path), f.manifest.Inputs["data"].Path)
}
