package trainer

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/tailor-nas/tailor/internal/data"
)

// Plan is what a run takes: images, steps and phases, and, from a few seconds of timing, the
// expected time.
type Plan struct {
	Space         string   `json:"space"`
	Strategy      Strategy `json:"strategy"`
	TrainImages   int      `json:"train_images"`
	ValImages     int      `json:"val_images"`
	TestImages    int      `json:"test_images"`
	Classes       int      `json:"classes"`
	Batch         int      `json:"batch"`
	Epochs        int      `json:"epochs"`
	StepsPerEpoch int      `json:"steps_per_epoch"`
	Steps         int      `json:"steps"`
	StepsDone     int      `json:"steps_done,omitempty"` // of a run that goes on
	Notes         []string `json:"notes,omitempty"`      // on what is not as usual, and why
	Workers       int      `json:"workers"`
	Phases        []Phase  `json:"phases"`
	// EpochEndSeconds is what testing the largest and the smallest network takes after each epoch.
	EpochEndSeconds float64 `json:"epoch_end_seconds"`
	// Seconds is the expected time of the steps that are left.
	Seconds float64 `json:"seconds"`
	// ImageMACs is what all steps cost on any machine: the MACs that networks of a step have for an
	// image, times the images, where a teacher that does not learn counts a third.
	ImageMACs float64 `json:"image_macs"`
	// MemoryBytes is what training needs: the data as it was opened, the weights with their
	// gradients and momentum, and the values that a step of the largest network keeps for its
	// backward pass.
	MemoryBytes int64 `json:"memory_bytes"`
	// Augment says what happens to training images at random.
	Augment string `json:"augment"`
	// CacheBytes is how large a cache of the images that do not fit the memory is, and
	// CacheMissingBytes how much of it is still to be decoded; both are 0 without.
	CacheBytes        int64 `json:"cache_bytes,omitempty"`
	CacheMissingBytes int64 `json:"cache_missing_bytes,omitempty"`
	// Rates say whether preparing images keeps up with training.
	Rates
}

// Rates are images a second with all workers: as many as can be prepared, and as many as the
// largest network alone trains on. While the first is larger, training waits for no image.
type Rates struct {
	Loader   float64 `json:"loader_images_per_second"`
	Training float64 `json:"training_images_per_second"`
}

// Phase is a part of a run whose steps cost the same.
type Phase struct {
	// Name is "largest alone", "warm-up" or "shrinking", or that of [PhaseSettings].
	Name        string  `json:"name"`
	Steps       int     `json:"steps"`
	StepSeconds float64 `json:"step_seconds"`
	Epochs      float64 `json:"epochs"`
	LR          float64 `json:"lr"`     // learning rate at the first step
	LREnd       float64 `json:"lr_end"` // at the last
	Networks    int     `json:"networks"`
	Teacher     bool    `json:"teacher,omitempty"` // a frozen one answers, too
	// ImageMACs is what the phase costs on any machine: see [Plan].
	ImageMACs float64 `json:"image_macs"`
}

// Duration is the expected time of the steps that are left.
func (p *Plan) Duration() time.Duration { return time.Duration(p.Seconds * float64(time.Second)) }

// NewPlan says what a job takes, and writes nothing. Of a run that was begun, too, it is the whole,
// unless the run is extended.
func NewPlan(ctx context.Context, j Job) (*Plan, error) {
	if err := j.check(); err != nil {
		return nil, err
	}
	info, d, done, err := planned(j.openOnce())
	if err != nil {
		return nil, err
	}
	j.warnUselessCache(d)
	p, _, err := newPlan(ctx, j, info, d, done)
	return p, err
}

// planned is the run of a job, and how many steps of it are not to be planned: of a run that is
// extended, those that are done.
func planned(j Job) (info *Info, d *data.Dataset, done int, err error) {
	var have *Info
	if j.Resume {
		if have, err = j.continued(); err != nil {
			return nil, nil, 0, err
		}
	}
	if have == nil {
		info, d, err = newInfo(j, nil)
		return info, d, 0, err
	}
	info, d, extended, err := resumed(j, have)
	if err == nil && extended {
		done = info.Extended[len(info.Extended)-1].FromStep
	}
	return info, d, done, err
}

// newPlan plans the steps that are left of a run after so many.
func newPlan(ctx context.Context, j Job, info *Info, d *data.Dataset, done int) (*Plan, costs,
	error) {
	c := info.Config
	var heap runtime.MemStats
	runtime.ReadMemStats(&heap)
	s := info.schedule(d.Train.Len() / c.Batch)
	t, err := measureCosts(ctx, j, info, d, s)
	if err != nil {
		return nil, costs{}, err
	}
	p := &Plan{
		Space: info.Space.Name, Strategy: c.Strategy, TrainImages: d.Train.Len(),
		ValImages: d.Val.Len(), TestImages: d.Test.Len(),
		Classes: len(d.Classes), Batch: c.Batch, Epochs: c.Epochs, StepsPerEpoch: s.perEpoch,
		Steps: s.steps, StepsDone: done, Notes: info.notes(j.Dir, s),
		Workers: j.Workers, EpochEndSeconds: t.epochEnd,
		MemoryBytes: int64(heap.HeapAlloc) + t.memory,
		Augment:     c.Augment.String(), Rates: t.images,
	}
	p.addPhases(curriculum{c, info.Space, s}, t)
	p.CacheBytes, p.CacheMissingBytes = d.CacheSize()
	p.Seconds = newPace(s, t).left(done).Seconds()
	return p, t, nil
}

// addPhases lists the parts of a run that have steps.
func (p *Plan) addPhases(l curriculum, t costs) {
	s := l.schedule
	for _, f := range s.phases() {
		steps := f.to - f.from
		one := Phase{Name: f.name, Steps: steps, StepSeconds: t.steps[f.cost],
			Epochs: float64(steps) / float64(s.perEpoch), LR: s.rate(f.from),
			LREnd: s.rate(f.to - 1), Networks: len(l.at(f.from)),
			Teacher: f.settings.Teacher > 0, ImageMACs: l.imageMACs(f)}
		p.Phases = append(p.Phases, one)
		p.ImageMACs += one.ImageMACs
	}
}

// plan tells the job's owner what the run will take, where somebody wants to know, and gives the
// costs that the bar weighs its parts by.
func (t *training) plan(ctx context.Context, perEpoch int) (costs, error) {
	if t.job.Planned == nil {
		return guessedCosts(t.lessons), nil
	}
	p, c, err := newPlan(ctx, t.job, t.info, t.data, t.state.Step)
	switch {
	case ctx.Err() != nil:
		return c, fmt.Errorf("%w before step %d of %d", ErrInterrupted, t.state.Step+1,
			t.info.Config.Epochs*perEpoch)
	case err != nil:
		return c, err
	}
	t.job.Planned(p)
	return c, nil
}
