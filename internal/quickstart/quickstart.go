// Package quickstart is the whole walk on built-in data: from images to pruned winners.
package quickstart

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"github.com/tailor-nas/tailor/internal/pipeline"
	"github.com/tailor-nas/tailor/internal/refine"
	"github.com/tailor-nas/tailor/internal/ship"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/internal/winners"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/profiles/timing"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
	"github.com/tailor-nas/tailor/trainer/prune"
)

// Job asks for the whole walk on built-in data.
type Job struct {
	Dir     string
	Seed    uint64
	Workers int
	// replace files that no quickstart wrote
	Force bool
	// trainer.Train, perhaps with progress
	Train    func(ctx context.Context, j trainer.Job) (*trainer.Run, error)
	Say      func(format string, args ...any)
	Progress func(what string, done, total float64)
}

// Summary is what a quickstart found: the file summary.json.
type Summary struct {
	Run      string             `json:"run"`
	Profile  string             `json:"profile"`
	Accuracy string             `json:"accuracy"`
	Latency  string             `json:"latency"`
	Device   device.Device      `json:"device"`
	HeldOut  map[string]HeldOut `json:"heldout"` // of "accuracy" and "latency"
	*winners.Result
	Pruned *refine.PruneResult `json:"pruned,omitempty"` // the last winner, with less in it
}

// HeldOut is a predictor's error on samples that it was not fitted to.
type HeldOut = regress.HeldOut

// Sizes of the quickstart: a supernet that is well above chance in half a minute on two cores.
const (
	quickSpace       = "mbv3-tiny"
	quickTrain       = 6000
	quickTest        = 1000
	quickEpochs      = 10
	quickBatch       = 64
	quickSamples     = 250
	quickImages      = 0 // all that were held out
	quickCalibration = 400
	quickSparsity    = 0.35
	quickPruneEpochs = 4
)

// Run trains, profiles, fits, searches three latency budgets, writes manifests and prunes
// the largest winner. A folder that an interrupted quickstart left is continued.
func Run(ctx context.Context, j Job) (*Summary, error) {
	space, err := supernet.LoadSpace(quickSpace)
	if err != nil {
		return nil, err
	}
	lock, err := store.LockDir(j.Dir, "tailor quickstart")
	if err != nil {
		return nil, err
	}
	defer lock.Unlock()
	if err := store.CleanNames(j.Dir, "profile.json", "accuracy.json", "latency.json",
		"summary.json", "pruned"); err != nil {
		return nil, err
	}
	path := func(name string) string { return filepath.Join(j.Dir, name) }
	if err := j.checkFiles(); err != nil {
		return nil, err
	}
	s := &Summary{Run: path("run"), Profile: path("profile.json"), Accuracy: path("accuracy.json"),
		Latency: path("latency.json")}
	j.Say("1/6  train %s on synthetic images with DepS", quickSpace)
	training := trainer.NewJob(s.Run, space, "synthetic")
	training.TrainImages, training.TestImages, training.Workers, training.Resume = quickTrain,
		quickTest, j.Workers, true
	training.Config.Epochs, training.Config.Batch, training.Config.Seed = quickEpochs, quickBatch,
		j.Seed
	run, err := j.Train(ctx, training)
	if err != nil {
		return nil, err
	}
	j.Say("2/6  profile this device with tailor's own engine")
	settings := profiles.ProfileDefaults()
	settings.Seed = j.Seed
	settings.Progress = func(p timing.Progress) {
		j.Progress("profile", p.Elapsed.Seconds(),
			p.Budget.Seconds())
	}
	profile, err := profiles.New(ctx, run.Info.Space, profiles.Native{Threads: 1}, settings)
	if err != nil {
		return nil, err
	}
	if err := profile.Save(s.Profile); err != nil {
		return nil, err
	}
	s.Device = profile.Device
	return s, j.fitAndSearch(ctx, s, run, profile)
}

// checkFiles refuses a folder with files that are none of an earlier quickstart's.
func (j Job) checkFiles() error {
	for name, kind := range map[string]string{"profile.json": "profile",
		"accuracy.json": "accuracy", "latency.json": "latency", summaryFile: "summary"} {
		if err := (store.Output{Path: filepath.Join(j.Dir, name), Kind: kind, Ours: isSummary,
			Force: j.Force}).Check(); err != nil {
			return err
		}
	}
	return nil
}

const (
	summaryFile = "summary.json"
	maxSummary  = 1 << 20 // bytes; one has some thousand
)

// isSummary says whether a file is a quickstart's summary.json, which has no document's header.
func isSummary(path string) bool {
	if info, err := os.Stat(path); err != nil || info.Size() > maxSummary ||
		filepath.Base(path) != summaryFile {
		return false
	}
	text, err := os.ReadFile(path)
	var s Summary
	return err == nil && json.Unmarshal(text, &s) == nil && s.Run != "" && s.Device.ID != ""
}

func (j Job) fitAndSearch(ctx context.Context, s *Summary, run *trainer.Run,
	profile *profiles.Profile) error {
	latency, err := pipeline.FitLatency(run.Info.Space, profile, s.Profile)
	if err != nil {
		return err
	}
	if err := latency.Save(s.Latency); err != nil {
		return err
	}
	j.Say("3/6  measure the accuracy of %d sub-networks and learn to predict it", quickSamples)
	d, err := run.OpenData("")
	if err != nil {
		return err
	}
	fit := regress.Defaults()
	fit.Model = regress.ModelRidge
	accuracy, err := pipeline.FitAccuracy(ctx, pipeline.AccuracyJob{
		Run: run, Data: d, Samples: quickSamples, Images: quickImages,
		Calibration: quickCalibration, All: true, Fit: fit, Workers: j.Workers, Seed: j.Seed,
		Progress: func(done, total int) {
			j.Progress("measure accuracy", float64(done),
				float64(total))
		},
	})
	if err != nil {
		return err
	}
	if err := accuracy.Save(s.Accuracy); err != nil {
		return err
	}
	s.HeldOut = map[string]HeldOut{"accuracy": accuracy.HeldOut, "latency": latency.HeldOut}
	j.Say("4/6  search the best sub-network for three latency budgets")
	limits, err := threeBudgets(latency, run.Info.Space)
	if err != nil {
		return err
	}
	config := optimize.Defaults()
	config.Seed = j.Seed
	s.Result, err = winners.Search(ctx, winners.Job{
		Space: run.Info.Space, Run: run, Data: d, Verify: true, Accuracy: accuracy, Limits: limits,
		Dir: filepath.Join(j.Dir, "winners"), Export: ship.Formats(),
		Devices: []winners.Device{{Latency: latency, Runtime: profiles.Native{Threads: 1}}},
		Config:  config,
		Workers: j.Workers,
		Progress: func(what string, done, total int) {
			if what == winners.Cutting && done == 0 {
				j.Say("5/6  cut the winners, test and time them")
			}
			j.Progress(what, float64(done), float64(total))
		},
	})
	if err != nil {
		return err
	}
	if err := j.prune(ctx, s); err != nil {
		return err
	}
	return writeSummary(filepath.Join(j.Dir, summaryFile), s)
}

// prune takes channels from the largest winner. What an earlier quickstart pruned goes first.
func (j Job) prune(ctx context.Context, s *Summary) error {
	j.Say("6/6  prune the largest one further: %.0f %% of its removable weights, in whole channels, with %d epochs of training",
		100*quickSparsity, quickPruneEpochs)
	dir := filepath.Join(j.Dir, "pruned")
	if _, err := prune.ReadInfo(filepath.Join(dir, refine.PruningDir)); err == nil {
		if err := store.RemoveDir(dir); err != nil {
			return fmt.Errorf("quickstart: %w", err)
		}
	}
	c := prune.Defaults(prune.Auto(false), supernet.Channels)
	c.Sparsity, c.Epochs, c.Batch, c.Shift, c.Seed = quickSparsity, quickPruneEpochs, quickBatch, 2,
		j.Seed
	var err error
	s.Pruned, err = refine.Prune(ctx, refine.PruneJob{
		Manifest: s.Winners[len(s.Winners)-1].Manifest, Config: c, Dir: dir, Workers: j.Workers,
		Export: ship.Formats(),
		Say:    func(string, ...any) {},
		Progress: func(what string, done, total int) {
			j.Progress(what, float64(done),
				float64(total))
		},
	})
	return err
}

// threeBudgets are tight, middle and loose, between the fastest and the largest network of this
// device.
func threeBudgets(l *predictor.Latency, space *supernet.Space) ([]search.Limits, error) {
	_, fastest, err := l.Min()
	if err != nil {
		return nil, err
	}
	largest, err := l.Predict([]supernet.Arch{space.Max()})
	if err != nil {
		return nil, err
	}
	var limits []search.Limits
	for _, share := range []float64{0.1, 0.35, 1} {
		limits = append(limits,
			search.Limits{LatencyMS: roundUp(fastest + share*(largest[0]-fastest))})
	}
	return limits, nil
}

// roundUp rounds up to three significant digits.
func roundUp(ms float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(ms))-2)
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(math.Ceil(ms/unit-1e-9)*unit, 'g', 3,
		64), 64)
	if err != nil {
		return ms
	}
	return rounded
}

func writeSummary(path string, s *Summary) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write summary: %w", err)
	}
	return store.WriteFile(path, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(s)
	})
}
