package meter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tailor-nas/tailor/internal/bug"
	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/measurements"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// Meter measures the top-1 accuracy of sub-networks of a run, several at a time, and keeps every
// value in a file. Each worker has an evaluator of its own, as a small network is too little work
// to be shared by several; values do not depend on which worker measures them.
type Meter struct {
	// Progress, if set, is told how many are done.
	Progress func(done, total int)

	space      *supernet.Space
	images     data.Set
	device     string
	path       string // of the log
	log        *measurements.Log
	subject    measurements.Subject
	evaluators []*trainer.Evaluator

	mu    sync.Mutex
	known map[supernet.Arch]float64
}

// Settings say what a measurement is.
type Settings struct {
	Test         bool   // on test images; default those held out of training
	Images       int    // of these, at random; 0 is all
	Calibration  int    // training images for batch norm; 1 or more
	Measurements string // file; default measurements.sqlite in the run
	Workers      int    // default 1
	Seed         uint64
}

const evaluationBatch = 200

// Open opens the log, and makes one where there is none. Close the meter when done.
func Open(ctx context.Context, run *trainer.Run, d *trainer.Data, s Settings) (*Meter,
	error) {
	m := &Meter{space: run.Info.Space, images: d.Val, known: map[supernet.Arch]float64{}}
	split := "held-out"
	if s.Test {
		m.images, split = d.Test, "test"
	}
	if s.Images > 0 {
		m.images = data.Subset(m.images, s.Images, s.Seed)
	}
	here, err := device.Describe(ctx)
	if err != nil {
		return nil, err
	}
	m.device = here.ID
	m.subject = measurements.Subject{
		Quantity: "top1", Space: run.Info.SpaceSHA256, Weights: run.State.WeightsSHA256,
		Data: d.SHA256,
		Settings: fmt.Sprintf("%d %s images, calibration on %d, batch %d, seed %d", m.images.Len(),
			split, s.Calibration, evaluationBatch, s.Seed),
	}
	if run.EvalDefaults().CalibrateAll {
		m.subject.Settings += ", of the largest too"
	}
	m.path = s.Measurements
	if m.path == "" {
		m.path = filepath.Join(run.Dir, "measurements.sqlite")
	}
	if m.log, err = measurements.Open(ctx, m.path); err != nil {
		return nil, err
	}
	if err := m.prepare(ctx, run, d, s); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

// prepare recalls what was measured, and makes the workers' evaluators.
func (m *Meter) prepare(ctx context.Context, run *trainer.Run, d *trainer.Data,
	s Settings) error {
	if err := m.load(ctx); err != nil {
		return err
	}
	for range max(s.Workers, 1) {
		settings := run.EvalDefaults()
		settings.CalibrationImages, settings.Batch = s.Calibration, evaluationBatch
		settings.Workers, settings.Seed = 1, s.Seed
		e, err := trainer.NewEvaluator(run.Net, d, settings)
		if err != nil {
			return err
		}
		m.evaluators = append(m.evaluators, e)
	}
	return nil
}

// load recalls what the log has of this subject.
func (m *Meter) load(ctx context.Context) error {
	values, err := m.log.Values(ctx, m.subject)
	if err != nil {
		return err
	}
	for text, v := range values {
		var spec supernet.Spec
		err := json.Unmarshal([]byte(text), &spec)
		if err != nil {
			return fmt.Errorf("read measurements %s: arch %.200q: %w", m.path, text, err)
		}
		a, err := m.space.Arch(spec)
		if err != nil {
			return fmt.Errorf("read measurements %s: %w", m.path, err)
		}
		if !(v.Value >= 0 && v.Value <= 1) {
			return fmt.Errorf("read measurements: arch %.200q has top-1 %g in %s, expected 0 to 1; move the file away to measure anew", text, v.Value, m.path)
		}
		m.known[a] = v.Value
	}
	return nil
}

// Close ends the use of the log. It may be called again.
func (m *Meter) Close() error {
	for _, e := range m.evaluators {
		e.Close()
	}
	m.evaluators = nil
	return m.log.Close()
}

// Images is how many images a measurement takes.
func (m *Meter) Images() int { return m.images.Len() }

// CountKnown is how many of the archs were measured before.
func (m *Meter) CountKnown(archs []supernet.Arch) (n int) {
	for _, a := range archs {
		if _, ok := m.known[a]; ok {
			n++
		}
	}
	return n
}

// Measure gives the top-1 of archs of the space, in their order, and measures those that are not
// known.
func (m *Meter) Measure(ctx context.Context, archs []supernet.Arch) ([]predictor.Sample, error) {
	var todo []supernet.Arch
	asked := map[supernet.Arch]bool{}
	for _, a := range archs {
		if _, ok := m.known[a]; !ok && !asked[a] {
			asked[a] = true
			todo = append(todo, a)
		}
	}
	done := len(archs) - len(todo)
	m.report(done, len(archs))
	next := make(chan supernet.Arch)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(next)
		for _, a := range todo {
			select {
			case next <- a:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for _, e := range m.evaluators {
		group.Go(func() error {
			for a := range next {
				if err := bug.Catch(func() error { return m.measureOne(ctx, e, a) }); err != nil {
					return err
				}
				m.mu.Lock()
				done++
				m.report(done, len(archs))
				m.mu.Unlock()
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, m.Kept(err)
	}
	samples := make([]predictor.Sample, len(archs))
	for i, a := range archs {
		samples[i] = predictor.Sample{Arch: m.space.Spec(a), Value: m.known[a]}
	}
	return samples, nil
}

// Kept adds to the error of an interruption how many values are kept, and where. Other errors it
// returns as they are.
func (m *Meter) Kept(err error) error {
	if !errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%d sub-networks are measured and kept in %s, and the same command goes on: %w", len(m.known), m.path, err)
}

func (m *Meter) measureOne(ctx context.Context, e *trainer.Evaluator, a supernet.Arch) error {
	began := time.Now()
	top1, err := e.Top1(ctx, a, m.images)
	if err != nil {
		return err
	}
	arch, err := json.Marshal(m.space.Spec(a))
	if err != nil {
		return err
	}
	m.mu.Lock()
	m.known[a] = top1
	m.mu.Unlock()
	// What was measured is kept, even if the rest is called off meanwhile.
	return m.log.Put(context.WithoutCancel(ctx), m.subject, measurements.Measurement{
		Arch: string(arch), Value: top1, Seconds: time.Since(began).Seconds(), At: began,
		Device: m.device,
	})
}

func (m *Meter) report(done, total int) {
	if m.Progress != nil {
		m.Progress(done, total)
	}
}
