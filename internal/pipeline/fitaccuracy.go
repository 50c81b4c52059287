package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"

	"github.com/tailor-nas/tailor/internal/meter"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
	"github.com/tailor-nas/tailor/trainer"
)

// AccuracyJob asks for an accuracy predictor of a run.
type AccuracyJob struct {
	Run          *trainer.Run
	Data         *trainer.Data
	Measurements string           // file of measurements; default measurements.sqlite in the run
	Samples      int              // sub-networks to measure at most
	All          bool             // measure all of them, even if more would help little
	Images       int              // held-out training images a measurement; 0 is all
	Calibration  int              // training images for batch norm; 1 or more
	Fit          regress.Settings // begin with regress.Defaults; the seed is the job's
	Workers      int
	Seed         uint64
	Elsewhere    meter.Elsewhere // other machines that measure; nil for this one
	Progress     func(done, total int)
	Say          func(format string, args ...any)
}

// firstLook is after how many samples the fit first checks whether more would lower the error.
const firstLook = 100

// FitAccuracy measures sub-networks of a run on images held out of its training and fits a
// predictor to them. What an earlier fit has measured in the same way is not measured again. At 100
// samples, and at each doubling, it stops measuring if the last doubling lowered the error by less
// than 5 %.
func FitAccuracy(ctx context.Context, j AccuracyJob) (*predictor.Accuracy, error) {
	if j.Data.Val.Len() == 0 {
		return nil, fmt.Errorf(
			"run %s held no images out of training, so that sub-networks cannot be told apart fairly; train with --holdout", j.Run.Dir)
	}
	lock, err := j.own()
	if err != nil {
		return nil, err
	}
	defer lock.Unlock()
	space := j.Run.Info.Space
	j.Fit.Seed = j.Seed
	m, err := meter.Open(ctx, j.Run, j.Data, meter.Settings{
		Images: j.Images, Calibration: j.Calibration, Measurements: j.Measurements,
		Workers: j.Workers, Seed: j.Seed, Elsewhere: j.Elsewhere,
	})
	if err != nil {
		return nil, err
	}
	defer m.Close()
	archs := choices.Sample(space, j.Samples, j.Seed)
	if known := m.CountKnown(archs); known > 0 {
		j.say("%d of %d sub-networks were measured before", known, len(archs))
	}
	if j.Progress != nil {
		m.Progress = func(done, _ int) { j.Progress(done, len(archs)) }
	}
	for n := firstLook; n < len(archs) && !j.All; n *= 2 {
		samples, err := m.Measure(ctx, archs[:n])
		if err != nil {
			return nil, err
		}
		cheap := j.Fit // and tells as well whether more would help
		cheap.Model = regress.ModelRidge
		look, err := predictor.FitCompared(ctx, space, samples, cheap)
		if err != nil {
			return nil, m.Kept(fmt.Errorf("fit accuracy: %w", err))
		}
		if look.Flattened() {
			j.say("%d sub-networks are enough: twice as many lowered the error by less than 5 %%",
				n)
			archs = archs[:n]
		}
	}
	samples, err := m.Measure(ctx, archs)
	if err != nil {
		return nil, err
	}
	a, err := predictor.FitCompared(ctx, space, samples, j.Fit)
	if err != nil {
		return nil, m.Kept(fmt.Errorf("fit accuracy: %w", err))
	}
	a.Images = m.Images()
	a.Inputs = map[string]store.Input{
		"weights": {Path: j.Run.Dir, SHA256: j.Run.State.WeightsSHA256},
		"data":    {Path: j.Run.DataPath(), SHA256: j.Data.SHA256},
	}
	return a, m.Close()
}

// own locks the run's folder, so that no other process changes it meanwhile. A folder that cannot
// be written needs no lock.
func (j *AccuracyJob) own() (*store.Lock, error) {
	lock, err := store.LockDir(j.Run.Dir, "tailor fit accuracy")
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return nil, nil
	}
	return lock, err
}

func (j *AccuracyJob) say(format string, args ...any) {
	if j.Say != nil {
		j.Say(format, args...)
	}
}

// FitMeasured fits an accuracy predictor to values that were measured elsewhere, in a file for
// [predictor.ReadSamples].
func FitMeasured(ctx context.Context, space *supernet.Space, path string,
	s regress.Settings) (*predictor.Accuracy, error) {
	sha, err := store.HashFile(path)
	if err != nil {
		return nil, err
	}
	samples, err := predictor.ReadAccuracies(path, space)
	if err != nil {
		return nil, err
	}
	a, err := predictor.FitAccuracy(ctx, space, samples, s)
	if err != nil {
		return nil, fmt.Errorf("fit accuracy to %s: %w", path, err)
	}
	a.Inputs = map[string]store.Input{"measured": {Path: filepath.Base(path), SHA256: sha}}
	return a, nil
}
