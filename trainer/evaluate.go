package trainer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/passes"
	"github.com/tailor-nas/tailor/internal/settings"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// EvalSettings say how an [Evaluator] works. Zero means zero: begin with [EvalDefaults].
type EvalSettings struct {
	// random training images that batch norm statistics are measured on; all images if there are
	// fewer. 0 takes the statistics that came with the weights, which only imported ones have; they
	// are right for the network that they were measured with, mostly the largest.
	CalibrationImages int
	// CalibrateAll calibrates the largest network, too, where statistics came with the weights.
	// Without it this one keeps them: right where they are its own, and of more images than these.
	// [Run.EvalDefaults] knows.
	CalibrateAll bool
	Batch        int // images a forward pass; 1 or more
	Workers      int // 1 or more; results do not depend on it
	Seed         uint64
	// Each, if set, is told how many images were run through a network, batch by batch, those of
	// calibration too: to show progress.
	Each func(images int)
}

// EvalDefaults calibrate on 2,000 images, and work on one processor.
func EvalDefaults() EvalSettings {
	return EvalSettings{CalibrationImages: 2000, Batch: 200, Workers: 1}
}

// EvalDefaults are [EvalDefaults] with the run's seed, and with all networks calibrated where the
// statistics that came with the weights are of no single network.
func (r *Run) EvalDefaults() EvalSettings {
	s := EvalDefaults()
	s.Seed = r.Info.Config.Seed
	s.CalibrateAll = r.Info.Imported != nil && r.Info.Imported.Format == FormatOFA
	return s
}

// Check refuses settings that cannot be, by name.
func (s EvalSettings) Check() error {
	for _, f := range []struct {
		name   string
		v, max int
	}{{"calibration images", s.CalibrationImages, math.MaxInt32}, {"batch", s.Batch, 1 << 20},
		{"workers", s.Workers, settings.MaxWorkers}} {
		if f.v < 1 || f.v > f.max {
			return fmt.Errorf("%w: %s of an evaluation is %d, expected 1 to %d", ErrConfig, f.name,
				f.v, f.max)
		}
	}
	return nil
}

// Evaluator measures the accuracy of sub-networks of a supernet. Before every evaluation the batch
// norm statistics of the sub-network are calibrated: those of one sub-network are wrong for another
// (Yu and Huang, ICCV 2019, section 3). Only the largest of an adopted supernet has its own.
type Evaluator struct {
	space       *supernet.Space
	pool        *nn.Pool
	run         engine.Runner
	stored      engine.Runner // with the statistics that came with the weights; nil without
	now         engine.Runner // the one of both that the last calibrated network runs on
	inputs      passes.Inputs
	transform   data.Transform // without augmentation
	size        int
	channels    int
	settings    EvalSettings
	calibration *data.Loader // nil with the statistics that came with the weights
	images      int          // of calibration
}

// NewEvaluator prepares to evaluate sub-networks of net on images. Close it when done.
func NewEvaluator(net *supernet.Supernet, images *Data, s EvalSettings) (*Evaluator, error) {
	if net == nil || net.Space == nil {
		return nil, fmt.Errorf("%w: there is no supernet to evaluate", ErrConfig)
	}
	if stored := s.CalibrationImages == 0 && hasStatistics(net); !stored {
		if err := s.Check(); err != nil {
			return nil, err
		}
	}
	d, err := images.dataset()
	if err != nil {
		return nil, err
	}
	if in := net.Space.Channels; in != d.Channels || net.Space.Classes != len(d.Classes) {
		return nil, fmt.Errorf(
			"%w: the supernet is for %d classes of images with %d channels, the data has %d and %d",
			ErrConfig, net.Space.Classes, in, len(d.Classes), d.Channels)
	}
	train := d.DefaultTransform()
	e := &Evaluator{space: net.Space, size: d.Size, channels: d.Channels, settings: s}
	e.transform = data.Transform{Mean: train.Mean, Std: train.Std}
	if s.CalibrationImages > 0 {
		some := data.Subset(d.Train, s.CalibrationImages, s.Seed)
		e.images = some.Len()
		e.calibration, err = data.NewLoader(some, d.Size, d.Channels, data.LoaderConfig{
			Batch: min(s.Batch, some.Len()), Seed: s.Seed, Transform: train, Workers: s.Workers,
		})
		if err != nil {
			return nil, fmt.Errorf("prepare calibration: %w", err)
		}
	}
	e.pool = nn.NewPool(s.Workers)
	e.run, e.inputs = engine.NewRunner(net, e.pool), passes.NewInputs(e.pool)
	e.inputs.Each = s.Each
	if hasStatistics(net) {
		e.stored = engine.NewRunner(net, e.pool)
	}
	return e, nil
}

// hasStatistics says whether batch norm statistics are among the weights.
func hasStatistics(net *supernet.Supernet) bool {
	return slices.ContainsFunc(weights.Params(net), func(p *nn.Param) bool { return p.Statistic })
}

// ErrClosed is what an [Evaluator] gives after its Close.
var ErrClosed = errors.New("trainer: the evaluator is closed")

// Close ends the evaluator's workers. Closing again does nothing.
func (e *Evaluator) Close() {
	if e.pool != nil {
		e.pool.Close()
		e.pool = nil
	}
}

// Calibrates is the number of images that a sub-network's batch norm statistics are measured on; 0
// where those that came with the weights are taken.
func (e *Evaluator) Calibrates(arch supernet.Arch) int {
	largest := e.space.Max()
	largest.Resolution = arch.Resolution // the same weights at any
	if e.calibration == nil || e.stored != nil && arch == largest && !e.settings.CalibrateAll {
		return 0
	}
	return e.images
}

// Calibrate measures the batch norm statistics of a sub-network on augmented training images, where
// [Evaluator.Calibrates] says so.
func (e *Evaluator) Calibrate(ctx context.Context, arch supernet.Arch) error {
	if e.pool == nil {
		return ErrClosed
	}
	if err := e.space.Check(arch); err != nil {
		return fmt.Errorf("calibrate: %w: %w", supernet.ErrArch, err)
	}
	if e.Calibrates(arch) == 0 {
		e.now = e.stored
		e.now.Bind(e.space.Blocks(arch), 1, nn.Infer)
		return nil
	}
	e.now = e.run
	return passes.Calibrate(ctx, e.run, e.space.Blocks(arch), e.calibration, e.inputs)
}

// Top1 calibrates a sub-network and gives the share of a set's images that it classifies right.
func (e *Evaluator) Top1(ctx context.Context, arch supernet.Arch, set Set) (float64, error) {
	loader, err := e.loader(set)
	if err != nil {
		return 0, err
	}
	if err := e.Calibrate(ctx, arch); err != nil {
		return 0, err
	}
	correct, err := passes.CountCorrect(ctx, e.now, e.space.Blocks(arch), loader, e.inputs)
	return float64(correct) / float64(set.Len()), err
}

// Extract calibrates a sub-network and copies it out.
func (e *Evaluator) Extract(ctx context.Context, arch supernet.Arch) (*supernet.Subnet, error) {
	if err := e.Calibrate(ctx, arch); err != nil {
		return nil, err
	}
	return e.now.Extract(e.space.Blocks(arch), e.space.BNEps), nil
}

// SubnetTop1 is the accuracy of a network that stands alone, with the statistics it carries.
func (e *Evaluator) SubnetTop1(ctx context.Context, s *supernet.Subnet, set Set) (float64,
	error) {
	if s == nil || len(s.Blocks) == 0 {
		return 0, fmt.Errorf("evaluate: %w: there is no network, as of a manifest without weights",
			ErrConfig)
	}
	in, out := s.Blocks[0].In, s.Blocks[len(s.Blocks)-1].Out
	if in.C != e.channels || out.C != e.space.Classes {
		return 0, fmt.Errorf("evaluate: %w: the network is for %d classes of images with %d channels, the data has %d and %d",
			ErrConfig, out.C, in.C, e.space.Classes, e.channels)
	}
	loader, err := e.loader(set)
	if err != nil {
		return 0, err
	}
	correct, err := passes.CountCorrect(ctx, engine.NewRunner(s, e.pool), s.Blocks, loader,
		e.inputs)
	return float64(correct) / float64(set.Len()), err
}

// Confusion calibrates a sub-network and counts what it answers for a set's images.
func (e *Evaluator) Confusion(ctx context.Context, arch supernet.Arch, set Set) (Confusion,
	error) {
	loader, err := e.loader(set)
	if err != nil {
		return nil, err
	}
	if err := e.Calibrate(ctx, arch); err != nil {
		return nil, err
	}
	counts, err := passes.Confusion(ctx, e.now, e.space.Blocks(arch), loader, e.inputs)
	return counts, e.named(arch, err)
}

// named says in an error about what a sub-network answers which one it is.
func (e *Evaluator) named(arch supernet.Arch, err error) error {
	if !errors.Is(err, passes.ErrNotFinite) {
		return err
	}
	text, specErr := json.Marshal(e.space.Spec(arch))
	if specErr != nil {
		return err
	}
	return fmt.Errorf("network %s: %w", text, err)
}

func (e *Evaluator) loader(set Set) (*data.Loader, error) {
	if e.pool == nil {
		return nil, ErrClosed
	}
	if set == nil || set.Len() == 0 {
		return nil, fmt.Errorf("evaluate: %w: there are no images", ErrConfig)
	}
	if err := data.CheckLabels(set, e.space.Classes); err != nil {
		return nil, fmt.Errorf("evaluate: %w: %w", ErrConfig, err)
	}
	loader, err := data.NewLoader(set, e.size, e.channels, data.LoaderConfig{
		Batch: min(e.settings.Batch, set.Len()), Transform: e.transform,
		Workers: e.settings.Workers,
	})
	if err != nil {
		return nil, fmt.Errorf("evaluate: %w", err)
	}
	return loader, nil
}
