package meter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
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

// Meter measures how sub-networks of a run answer, several at a time, and keeps every value in a
// file. Each worker has an evaluator of its own, as a small network is too little work to be shared
// by several; values do not depend on which worker measures them.
type Meter struct {
	// Progress, if set, is told how many are done.
	Progress func(done, total int)

	space      *supernet.Space
	images     data.Set
	device     string
	path       string // of the log
	log        *measurements.Log
	subject    measurements.Subject // without its quantity
	elsewhere  Elsewhere            // nil to measure here
	task       *Task
	evaluators []*trainer.Evaluator
	largest    *trainer.Answers // of the largest network; nil until something is measured

	mu    sync.Mutex
	known map[supernet.Arch]trainer.Imitation // of the largest network
}

// quantity is one of the values of a network, each of which has a row of its own in the file.
type quantity struct {
	name string
	most float64 // that it can be
	of   func(*trainer.Imitation) *float64
}

var quantities = []quantity{
	{measurements.Top1, 1, func(i *trainer.Imitation) *float64 { return &i.Top1 }},
	{measurements.Top1Even, 1, func(i *trainer.Imitation) *float64 { return &i.Top1Even }},
	{measurements.Divergence, math.MaxFloat64,
		func(i *trainer.Imitation) *float64 { return &i.Divergence }},
}

// Settings say what a measurement is.
type Settings struct {
	Test         bool   // on test images; default those held out of training
	Images       int    // of these, at random; 0 is all
	Calibration  int    // training images for batch norm; 1 or more
	Measurements string // file; default measurements.sqlite in the run
	Workers      int    // default 1
	Seed         uint64
	// Elsewhere, if set, measures in the place of this machine.
	Elsewhere Elsewhere
}

const evaluationBatch = 200

// Open opens the log, and makes one where there is none. Close the meter when done.
func Open(ctx context.Context, run *trainer.Run, d *trainer.Data, s Settings) (*Meter,
	error) {
	m := &Meter{space: run.Info.Space, images: d.Val, known: map[supernet.Arch]trainer.Imitation{}}
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
		Space: run.Info.SpaceSHA256, Weights: run.State.WeightsSHA256, Data: d.SHA256,
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
	settings := run.EvalDefaults()
	settings.CalibrationImages, settings.Batch = s.Calibration, evaluationBatch
	settings.Workers, settings.Seed = 1, s.Seed
	for range max(s.Workers, 1) {
		e, err := trainer.NewEvaluator(run.Net, d, settings)
		if err != nil {
			return err
		}
		m.evaluators = append(m.evaluators, e)
	}
	m.elsewhere = s.Elsewhere
	m.task = &Task{Run: run, Data: d, Images: m.images, Eval: settings, Here: m.measureHere}
	return nil
}

// load recalls what the log has of this subject: the networks of which it has all quantities.
func (m *Meter) load(ctx context.Context) error {
	have := map[supernet.Arch]int{} // a bit for each quantity
	for i, q := range quantities {
		about := m.subject
		about.Quantity = q.name
		values, err := m.log.Values(ctx, about)
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
			if !(v.Value >= 0 && v.Value <= q.most) {
				return fmt.Errorf("read measurements: arch %.200q has %s %g in %s, expected 0 to %g; move the file away to measure anew", text, q.name, v.Value, m.path, q.most)
			}
			known := m.known[a]
			*q.of(&known) = v.Value
			m.known[a] = known
			have[a] |= 1 << i
		}
	}
	maps.DeleteFunc(m.known, func(a supernet.Arch, _ trainer.Imitation) bool {
		return have[a] != 1<<len(quantities)-1
	})
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

// Measure gives what was measured of archs of the space, in their order, and measures those that
// are not known.
func (m *Meter) Measure(ctx context.Context, archs []supernet.Arch) ([]predictor.Compared, error) {
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
	measure := m.measureAll
	if m.elsewhere != nil {
		measure = m.measureElsewhere
	}
	progress := func(more int) { m.report(done+more, len(archs)) }
	if len(todo) > 0 {
		if err := measure(ctx, todo, progress); err != nil {
			return nil, m.Kept(err)
		}
	}
	measured := make([]predictor.Compared, len(archs))
	for i, a := range archs {
		v := m.known[a]
		measured[i] = predictor.Compared{
			Sample:    predictor.Sample{Arch: m.space.Spec(a), Value: v.Top1},
			ValueEven: v.Top1Even, Images: m.images.Len(), Divergence: v.Divergence,
		}
	}
	return measured, nil
}

// compareWith has the answers of the largest network ready.
func (m *Meter) compareWith(ctx context.Context) (err error) {
	if m.largest == nil {
		m.largest, err = m.evaluators[0].Answers(ctx, m.space.Max(), m.images)
	}
	return err
}

// measureAll measures networks here.
func (m *Meter) measureAll(ctx context.Context, todo []supernet.Arch,
	progress func(done int)) error {
	if err := m.compareWith(ctx); err != nil {
		return err
	}
	done := 0
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
				progress(done)
				m.mu.Unlock()
			}
			return nil
		})
	}
	return group.Wait()
}

// Kept adds to the error of an interruption how many values are kept, and where. Other errors it
// returns as they are.
func (m *Meter) Kept(err error) error {
	if !errors.Is(err, context.Canceled) {
		return err
	}
	more := ""
	if m.elsewhere != nil {
		more = " with what the queue has by then"
	}
	return fmt.Errorf("%d sub-networks are measured and kept in %s, and the same command goes on%s: %w",
		len(m.known), m.path, more, err)
}

func (m *Meter) measureOne(ctx context.Context, e *trainer.Evaluator, a supernet.Arch) error {
	began := time.Now()
	v, err := e.Imitate(ctx, a, m.images, m.largest)
	if err != nil {
		return err
	}
	return m.keep(ctx, a, Value{Imitation: v, At: began, Seconds: time.Since(began).Seconds(),
		Device: m.device})
}

// keep files what was measured.
func (m *Meter) keep(ctx context.Context, a supernet.Arch, v Value) error {
	arch, err := json.Marshal(m.space.Spec(a))
	if err != nil {
		return err
	}
	m.mu.Lock()
	m.known[a] = v.Imitation
	m.mu.Unlock()
	for _, q := range quantities {
		about := m.subject
		about.Quantity = q.name
		// What was measured is kept, even if the rest is called off meanwhile.
		if err := m.log.Put(context.WithoutCancel(ctx), about, measurements.Measurement{
			Arch: string(arch), Value: *q.of(&v.Imitation), Seconds: v.Seconds, At: v.At,
			Device: v.Device,
		}); err != nil {
			return err
		}
	}
	return nil
}

func (m *Meter) report(done, total int) {
	if m.Progress != nil {
		m.Progress(done, total)
	}
}
