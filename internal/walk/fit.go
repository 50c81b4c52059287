package walk

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// AccuracyJob asks for an accuracy predictor of a run.
type AccuracyJob struct {
	Run         *trainer.Run
	Data        *data.Dataset
	Samples     int // sub-networks to measure
	Images      int // held-out training images a measurement; 0 is all
	Calibration int // training images for batch norm; 0 is the evaluator's default
	Workers     int
	Seed        uint64
	Progress    func(done, total int)
}

// FitAccuracy measures sub-networks of a run on images held out of its training and fits a predictor to them.
func FitAccuracy(ctx context.Context, j AccuracyJob) (*predictor.Accuracy, error) {
	if j.Data.Val.Len() == 0 {
		return nil, fmt.Errorf("run %s held no images out of training, so that sub-networks cannot be told apart fairly; train with --holdout", j.Run.Dir)
	}
	samples, images, err := measureAccuracy(ctx, j)
	if err != nil {
		return nil, err
	}
	a, err := predictor.FitAccuracy(ctx, j.Run.Info.Space, samples, predictor.FitSettings{Seed: j.Seed})
	if err != nil {
		return nil, fmt.Errorf("fit accuracy: %w", err)
	}
	a.Images = images
	a.Inputs = map[string]store.Input{
		"weights": {Path: j.Run.Dir, SHA256: j.Run.State.WeightsSHA256},
		"data":    {Path: j.Run.Info.Data.Path, SHA256: j.Data.SHA256},
	}
	return a, nil
}

func measureAccuracy(ctx context.Context, j AccuracyJob) ([]predictor.Sample, int, error) {
	e, err := trainer.NewEvaluator(j.Run.Net, j.Data, trainer.EvalSettings{CalibrationImages: j.Calibration, Workers: j.Workers, Seed: j.Seed})
	if err != nil {
		return nil, 0, err
	}
	defer e.Close()
	set := j.Data.Val
	if j.Images > 0 {
		set = data.Subset(set, j.Images, j.Seed)
	}
	archs := sampleArchs(j.Run.Info.Space, j.Samples, j.Seed)
	var samples []predictor.Sample
	for i, a := range archs {
		if j.Progress != nil {
			j.Progress(i, len(archs))
		}
		top1, err := e.Top1(ctx, a, set)
		if err != nil {
			return nil, 0, err
		}
		samples = append(samples, predictor.Sample{Arch: j.Run.Info.Space.Spec(a), Value: top1})
	}
	return samples, set.Len(), nil
}

// sampleArchs draws distinct archs: the largest, the smallest, the others at random.
func sampleArchs(space *supernet.Space, n int, seed uint64) []supernet.Arch {
	archs := []supernet.Arch{space.Max(), space.Min()}
	seen := map[supernet.Arch]bool{archs[0]: true, archs[1]: true}
	r := rand.New(rand.NewPCG(seed, 0x5a3))
	for range 100 * n {
		if a := space.Random(r); len(archs) < n && !seen[a] {
			seen[a] = true
			archs = append(archs, a)
		}
	}
	return archs
}

// FitLatency makes a latency predictor of a profile of the space. The profile's path is kept for the reader.
func FitLatency(space *supernet.Space, p *profiles.Profile, path string) (*predictor.Latency, error) {
	if p.SpaceSHA256 != space.SHA256() {
		return nil, &store.StaleError{File: path, Role: "space", Want: p.SpaceSHA256, Got: space.SHA256()}
	}
	var blocks []predictor.BlockTime
	for _, b := range p.Blocks {
		blocks = append(blocks, predictor.BlockTime{Block: b.Block, MS: b.LatencyMS})
	}
	var networks []predictor.NetworkTime
	for _, n := range p.Networks {
		a, err := space.Arch(n.Arch)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		networks = append(networks, predictor.NetworkTime{Arch: a, MS: n.LatencyMS})
	}
	l, err := predictor.FitLatency(space, blocks, networks, predictor.FitSettings{})
	if err != nil {
		return nil, fmt.Errorf("fit latency to %s: %w", path, err)
	}
	l.Device, l.Runtime = p.Device.ID, RuntimeID(p.Runtime)
	l.Inputs = map[string]store.Input{"profile": {Path: filepath.Base(path), SHA256: p.SHA256}}
	return l, nil
}

// NativeLike is tailor's own engine with as many threads as a runtime that was profiled, or nil if that was another.
func NativeLike(runtime string) profiles.Runtime {
	const mostThreads = 1024
	for threads := 1; threads <= mostThreads; threads++ {
		if n := (profiles.Native{Threads: threads}); RuntimeID(n.Info()) == runtime {
			return n
		}
	}
	return nil
}

// RuntimeID names a runtime with what its latencies depend on.
func RuntimeID(r profiles.RuntimeInfo) string {
	return fmt.Sprintf("%s/%s threads=%d", r.Name, r.Version, r.Threads)
}
