package refine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/reopen"
	"github.com/tailor-nas/tailor/internal/ship"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
	"github.com/tailor-nas/tailor/trainer/prune"
)

// PruneJob asks for a network with less in it than a manifest's.
type PruneJob struct {
	Manifest string       // the parent's file, or the folder it is in
	Data     string       // the images that it was trained on; empty: where they were then
	Config   prune.Config // what Sparsity says holds if there is no limit
	// MaxLatencyMS and MaxParams are limits; at most one of them is not 0. What each block loses is
	// then chosen beforehand.
	MaxLatencyMS float64
	MaxParams    int64
	// Teacher is the manifest of another network whose answers are learned from; empty: the
	// parent's own.
	Teacher string
	// Curves, if not nil, keeps what variants of blocks were measured to take, for further jobs
	// with the same parent.
	Curves *Curves
	// Latency, if not nil, says what variants of blocks take, as far as it knows; else they are
	// measured.
	Latency *predictor.Latency
	// Runtime is what latencies are of, here or elsewhere. Nil is tailor's own engine on one
	// thread; of others only channels make a network faster.
	Runtime profiles.Runtime
	// of each measurement; 0: what variants need, and 8 s for the network before and after
	Budget time.Duration
	Export []string // formats that the network is written in too, as ship.Formats
	// holds the run ("pruning") and, in the end, the new manifest ("network")
	Dir      string
	Workers  int
	Resume   bool
	Progress func(what string, done, total int)
	Say      func(format string, args ...any)
	Warn     func(format string, args ...any) // as [trainer.Job] has it
	Opened   func(*trainer.Data)              // if set, told of the images before the work
}

// PruneTraining is what progress is called while a pruning run trains, before the number of the
// epoch. Its state is saved.
const PruneTraining = "prune epoch"

// The folders of a pruned network: of the run, and of the network in the end.
const (
	PruningDir = "pruning"
	networkDir = manifest.NetworkDir
)

// PruneResult is what pruning changed, and where the new manifest is.
type PruneResult struct {
	Manifest  string             `json:"manifest"`
	Parent    string             `json:"parent"`
	Method    prune.Method       `json:"method"`
	Structure supernet.Structure `json:"structure"`
	// share of the removable weights that is gone
	Sparsity float64 `json:"sparsity"`
	// parameters that are not zero, and the limit on them
	ParamsBefore int64                  `json:"params_before"`
	ParamsAfter  int64                  `json:"params_after"`
	MaxParams    int64                  `json:"max_params,omitempty"`
	MaxLatencyMS float64                `json:"max_latency_ms,omitempty"`
	Top1Val      float64                `json:"val_top1,omitempty"`
	Before       manifest.PrunedFigures `json:"before"`
	After        manifest.PrunedFigures `json:"after"`
	// PredictedMS is the latency that the choice of what goes was expected to have, where a latency
	// was asked for.
	PredictedMS float64 `json:"latency_predicted_ms,omitempty"`
	OverBudget  bool    `json:"over_budget,omitempty"`
	// the machine was too noisy to trust the latencies
	Unstable bool    `json:"unstable,omitempty"`
	Seconds  float64 `json:"seconds"` // of training
	// files beside the manifest that other programs run
	Exports []manifest.Export `json:"exports,omitempty"`
}

// Prune trains a manifest's network while weights go, and writes the manifest of what is left.
func Prune(ctx context.Context, j PruneJob) (*PruneResult, error) {
	lock, err := ownFolder(j.Dir, "tailor prune")
	if err != nil {
		return nil, err
	}
	defer lock.Unlock()
	p, err := openParent(&j)
	if err != nil {
		return nil, err
	}
	trained, err := p.train(ctx)
	if err != nil {
		return nil, err
	}
	if p.there {
		return p.again(trained)
	}
	return p.finish(ctx, trained)
}

// again is the result of a job that an earlier call has brought to its end, as its manifest has it.
func (p *pruning) again(trained *prune.Result) (*PruneResult, error) {
	path := manifest.Path(filepath.Join(p.job.Dir, networkDir))
	m, _, err := manifest.Open(path)
	if err != nil {
		return nil, err
	}
	if m.Pruned == nil || m.Measured == nil {
		return nil, fmt.Errorf("%s is no pruned network; choose another --out: %w", path,
			fs.ErrExist)
	}
	if err := m.Check(path, manifest.ParentRole, p.manifest.SHA256); err != nil {
		return nil, err
	}
	r := p.newResult(trained)
	r.Manifest, r.Before, r.After, r.Unstable = path, m.Pruned.Before, m.Pruned.After,
		m.Measured.Unstable
	r.Exports = m.Exports
	warnOfExports(p.job.Warn, m, path, p.job.Export)
	r.OverBudget = p.job.MaxLatencyMS > 0 && r.After.LatencyMS > p.job.MaxLatencyMS
	return r, nil
}

// PruneNet is [Prune] as far as the trained network: nothing is tested, timed or written besides
// the run in Dir. With Resume, a run that is finished gives its network again.
func PruneNet(ctx context.Context, j PruneJob) (*prune.Result, error) {
	lock, err := ownFolder(j.Dir, "tailor prune")
	if err != nil {
		return nil, err
	}
	defer lock.Unlock()
	p, err := openParent(&j)
	if err != nil {
		return nil, err
	}
	trained, err := p.train(ctx)
	if err != nil {
		return nil, err
	}
	trained.Net.MeasureZeros()
	return trained, nil
}

// ownFolder makes a job the only one of its folder, under a command's name, and removes what a
// killed one left of the network there.
func ownFolder(dir, command string) (*store.Lock, error) {
	lock, err := store.LockDir(dir, command)
	if err != nil {
		return nil, err
	}
	if err := store.CleanNames(dir, networkDir); err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return lock, nil
}

// train chooses what goes, and does the run or goes on with it.
func (p *pruning) train(ctx context.Context) (*prune.Result, error) {
	if err := p.run().Check(); err != nil {
		return nil, err
	}
	if err := p.resumeShares(); err != nil {
		return nil, err
	}
	if err := p.choose(ctx); err != nil {
		return nil, err
	}
	p.warnOfShare()
	return prune.Run(ctx, p.run())
}

// run is the training that what is chosen comes to.
func (p *pruning) run() prune.Job {
	j := p.job
	run := prune.NewJob(p.net, p.data, j.Config)
	run.Dir, run.Parent, run.Teacher, run.TeacherSHA256 = filepath.Join(j.Dir, PruningDir),
		p.manifest.SHA256, p.teacher, p.teacherSHA
	run.Shares, run.Goal, run.Workers, run.Resume, run.ValImages = p.shares, p.goal(),
		max(j.Workers, 1), j.Resume, trainer.DefaultValImages
	run.Warn = j.Warn
	run.Progress = func(r prune.Progress) {
		if m := r.Metric; m != nil && m.Top1 != nil {
			j.Say("epoch %d: %.1f %% removed, validation top-1 %.2f %%", r.Epoch+1, 100*m.Sparsity,
				100**m.Top1)
		}
		j.Progress(fmt.Sprintf("%s %d", PruneTraining, r.Epoch+1), r.Step, r.Steps)
	}
	return run
}

// goal is the limit, nil without one.
func (p *pruning) goal() *prune.Goal {
	if !p.limited() {
		return nil
	}
	return &prune.Goal{MaxLatencyMS: p.job.MaxLatencyMS, MaxParams: p.job.MaxParams,
		PredictedMS: p.predicted}
}

// pruning is a pruning job under way.
type pruning struct {
	job        *PruneJob
	path       string // of the parent's manifest
	manifest   *manifest.Manifest
	net        *supernet.Subnet
	teacher    *supernet.Subnet // nil: the parent
	teacherSHA string           // of its manifest
	data       *trainer.Data
	there      bool               // an earlier call has written the network
	chosen     bool               // what goes is known, if there is a limit
	shares     map[string]float64 // nil without a limit, or where nothing has to go
	damage     *prune.Damage      // that removal does, if there is a limit
	predicted  float64            // latency in milliseconds, 0 without a limit on it
}

// checkFinite refuses weights that are no numbers, which nothing can be learned from.
func checkFinite(net *supernet.Subnet, path string) error {
	for _, t := range net.Tensors() {
		for i, v := range t.Data {
			if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
				return fmt.Errorf("%s: value %d of tensor %s is %g, expected a finite number", path, i,
					t.Name, f)
			}
		}
	}
	return nil
}

// holdsNetwork says whether an earlier job of a folder has written its network, of some kind, which
// only a resumed one may find there.
func holdsNetwork(dir, kind string, resume bool) (bool, error) {
	if _, err := os.Stat(filepath.Join(dir, networkDir)); err != nil {
		return false, nil
	}
	if !resume {
		return false, fmt.Errorf(
			"%s already holds a %s; choose another --out, or show it again with --resume: %w",
			dir, kind, fs.ErrExist)
	}
	return true, nil
}

// openParent reads what is to be pruned, and refuses what cannot be.
func openParent(j *PruneJob) (*pruning, error) {
	path := manifest.Path(j.Manifest)
	m, net, err := reopen.Network(path, "prune")
	if err != nil {
		return nil, err
	}
	p := &pruning{job: j, path: path, manifest: m, net: net}
	if err := checkFinite(net, path); err != nil {
		return nil, err
	}
	if p.there, err = holdsNetwork(j.Dir, "pruned network", j.Resume); err != nil {
		return nil, err
	}
	if err := p.openTeacher(); err != nil {
		return nil, err
	}
	if p.data, err = reopen.Images(m, path, j.Data); err == nil && j.Opened != nil {
		j.Opened(p.data)
	}
	return p, err
}

func (p *pruning) openTeacher() error {
	if p.job.Teacher == "" {
		return nil
	}
	path := manifest.Path(p.job.Teacher)
	m, net, err := manifest.Open(path)
	if err != nil {
		return fmt.Errorf("teacher: %w", err)
	}
	if net == nil {
		return fmt.Errorf("teacher: %s has no weights: it was searched without a training run; search with --run", path)
	}
	p.teacher, p.teacherSHA = net, m.SHA256
	return nil
}

func (p *pruning) limited() bool { return p.job.MaxLatencyMS > 0 || p.job.MaxParams > 0 }

// newResult is what training alone says.
func (p *pruning) newResult(trained *prune.Result) *PruneResult {
	c := p.job.Config
	return &PruneResult{
		Parent: p.path, Method: c.Method, Structure: c.Structure, Sparsity: 1 -
			float64(trained.Left)/float64(trained.Weights),
		ParamsBefore: prune.ParamsLeft(p.net), ParamsAfter: prune.ParamsLeft(trained.Net),
		MaxParams: p.job.MaxParams, MaxLatencyMS: p.job.MaxLatencyMS,
		Top1Val: trained.Top1Val, PredictedMS: p.predicted, Seconds: trained.Seconds,
	}
}

// finish tests, times and writes what is left.
func (p *pruning) finish(ctx context.Context, trained *prune.Result) (*PruneResult, error) {
	j, r := p.job, p.newResult(trained)
	trained.Net.MeasureZeros()
	j.Progress("test", 0, 2)
	both := pair{nets: [2]*supernet.Subnet{p.net, trained.Net}}
	if err := both.test(ctx, p.data, 0, j.Workers); err != nil {
		return nil, err
	}
	both.before.FileBytes = weightsBytes(p.manifest, p.path)
	j.Progress("time", 0, 1)
	if err := both.time(ctx, p.runtime(), p.manifest, j.Budget, j.Config.Seed); err != nil {
		return nil, err
	}
	r.Before, r.After, r.Unstable = both.before, both.after, both.unstable
	r.OverBudget = j.MaxLatencyMS > 0 && r.After.LatencyMS > j.MaxLatencyMS
	return r, p.save(ctx, trained, r, &both)
}

// weightsBytes is the size of the file of a manifest's weights; 0 if it is gone.
func weightsBytes(m *manifest.Manifest, path string) int64 {
	info, err := os.Stat(filepath.Join(filepath.Dir(path), m.Weights.File))
	if err != nil {
		return 0
	}
	return info.Size()
}

func (p *pruning) runtime() profiles.Runtime { return runtimeOr(p.job.Runtime) }

// runtimeOr is a runtime or, where none is named, tailor's own engine on one thread.
func runtimeOr(rt profiles.Runtime) profiles.Runtime {
	if rt == nil {
		return profiles.Native{Threads: 1}
	}
	return rt
}

// save writes the manifest of the pruned network.
func (p *pruning) save(ctx context.Context, trained *prune.Result, r *PruneResult,
	both *pair) error {
	j, c := p.job, p.job.Config
	m := *p.manifest
	m.Blocks, m.MACs, m.Params = trained.Net.Blocks, supernet.MACs(trained.Net.Blocks),
		supernet.Params(trained.Net.Blocks)
	m.Weights, m.Ranks, m.Finetuned = nil, nil, nil
	images := *p.manifest.Images
	images.Preparation = new(manifest.Preparation((*data.Parts)(p.data).Preparation()))
	m.Images = &images
	input := p.manifest.Inputs["data"]
	if to := filepath.Join(j.Dir, networkDir); j.Data != "" {
		input.Path = data.Keep(to, j.Data)
	} else {
		input.Path = data.KeepFrom(to, filepath.Dir(p.path), input.Path)
	}
	m.Inputs = map[string]store.Input{manifest.ParentRole: {Path: p.path,
		SHA256: p.manifest.SHA256}, "data": input}
	run, s := c.Structure.Run(), c.Optimizer.Scaling
	m.Pruned = &manifest.Pruned{
		Method: string(c.Method), Structure: structureName(c.Structure), Run: run,
		Sparsity: c.Sparsity, MaxLatencyMS: j.MaxLatencyMS,
		MaxParams: j.MaxParams, Epochs: c.Epochs, Seed: c.Seed, Before: r.Before, After: r.After,
		Settings: manifest.PruneSettings{
			Criterion: string(c.Criterion), Begin: c.Begin, End: c.End, Regrow: c.Regrow,
			Measure: string(s.Measure), P: s.P, Epsilon: s.Epsilon, EpsilonEnd: s.EpsilonEnd,
			Alpha: c.Optimizer.Alpha, Lambda: c.Optimizer.Lambda, LR: c.LR,
			WeightDecay: c.Optimizer.WeightDecay, Distillation: c.Distill,
		},
	}
	was, err := m.Measured, error(nil)
	if m.Measured, err = both.measured(ctx, p.runtime()); err != nil {
		return err
	}
	switch {
	case j.MaxLatencyMS > 0:
		m.Limits.LatencyMS = j.MaxLatencyMS
	case was == nil || was.Runtime != m.Measured.Runtime || was.Device != m.Measured.Device:
		m.Limits.LatencyMS = 0 // it was of another
	}
	m.Judge()
	path, err := m.Save(filepath.Join(j.Dir, networkDir), trained.Net,
		ship.Exporters(j.Export)...)
	if err != nil {
		return err
	}
	r.Manifest, r.After, r.Exports = path, m.Pruned.After, m.Exports
	return nil
}

// structureName is how a manifest calls a structure; it has the length of runs beside it.
func structureName(s supernet.Structure) string {
	if s.Run() > 0 {
		return manifest.PrunedVectors
	}
	return string(s)
}

// sumShares is the share of all removable weights that goes if each block loses its share.
func sumShares(weights map[string]int, shares map[string]float64) float64 {
	all, gone := 0, 0.0
	for _, block := range slices.Sorted(maps.Keys(weights)) {
		all += weights[block]
		gone += shares[block] * float64(weights[block])
	}
	return gone / float64(max(all, 1))
}
