package trainer

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tailor-nas/tailor/internal/augment"
	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// costs are what the parts of a run take, in seconds, and the memory of a step.
type costs struct {
	steps    []float64 // a step, by the cost of its phase; the first of the largest network alone
	epochEnd float64   // testing after an epoch
	images   Rates     // of preparing and of training
	memory   int64     // bytes of the weights, what belongs to them, and a step's values
}

// guessedCosts are relative ones, by the networks' MACs, for a run that nobody wants a plan of.
func guessedCosts(l curriculum) costs {
	c := costs{steps: []float64{1}}
	largest := float64(supernet.MACs(l.space.Blocks(l.space.Max())))
	for _, p := range l.schedule.phases() {
		c.at(p.cost, l.macs(p)/largest)
	}
	return c
}

// at sets a cost.
func (c *costs) at(cost int, v float64) {
	for len(c.steps) <= cost {
		c.steps = append(c.steps, 0)
	}
	c.steps[cost] = v
}

// Timing a part repeats it for a hundredth of the time that the whole run needs for it, but for no
// longer than a second. What takes longer is timed on fewer images, and so is what needs much
// memory.
const (
	timingShare  = 0.01
	longestTrial = time.Second
	mostTrials   = 10
	// What a batch keeps may be more than the machine has, which the plan is to say.
	mostTrialBytes = 1 << 30
	fewImages      = 8 // as many as a step has parts: fewer would leave workers idle
)

// trial is a copy of a run's network, to see what its steps cost. The run itself does not see it,
// so its results do not depend on it.
type trial struct {
	info     *Info
	data     *data.Dataset
	job      Job
	schedule schedule
	stepper  *stepper
	loading  float64 // seconds to prepare an image
}

// measureCosts times the parts of a run.
func measureCosts(ctx context.Context, j Job, info *Info, d *data.Dataset, s schedule) (costs,
	error) {
	pool := nn.NewPool(j.Workers)
	defer pool.Close()
	net := supernet.New(info.Space, info.Config.Seed)
	t := &trial{info: info, data: d, job: j, schedule: s, stepper: newStepper(info.Config, net,
		pool)}
	c := costs{steps: []float64{0}}
	images, err := t.size(ctx)
	if err != nil {
		return c, err
	}
	l := curriculum{info.Config, info.Space, s}
	alone := []lesson{{arch: info.Space.Max(), labels: 1, dropout: true}}
	if c.steps[0], err = t.step(ctx, images, s.shrinkFrom,
		func(int) []lesson { return alone }); err != nil {
		return c, err
	}
	if s.taught() {
		t.stepper.freeze()
	}
	for from := 0; from < s.steps; {
		cost, to := s.part(from)
		if cost > 0 {
			seconds, err := t.step(ctx, images, to-from,
				func(i int) []lesson { return l.at(min(from+i, to-1)) })
			if err != nil {
				return c, err
			}
			c.at(cost, seconds)
		}
		from = to
	}
	c.memory = t.memory(images)
	c.images = t.rates(c.steps[0] - t.loadingShare())
	c.epochEnd, err = t.epochEnd(ctx, net)
	return c, err
}

// size says how many images a step is timed on: a batch, or few where a batch would take too long.
// It also finds out what preparing an image costs.
func (t *trial) size(ctx context.Context) (int, error) {
	few := min(fewImages, t.info.Config.Batch)
	b, err := t.batch(ctx, few)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	alone := []lesson{{arch: t.info.Space.Max(), labels: 1, dropout: true}}
	t.stepper.step(ctx, 0, b, alone, 0)
	share := t.info.Config.Batch / few
	values, _ := t.stepper.run.MemoryBytes()
	if time.Since(began)*time.Duration(share) > longestTrial ||
		values*int64(share) > mostTrialBytes {
		return few, nil
	}
	return t.info.Config.Batch, nil
}

// batch prepares so many training images.
func (t *trial) batch(ctx context.Context, n int) (*data.Batch, error) {
	l, err := data.NewLoader(t.data.Train, t.data.Size, t.data.Channels, data.LoaderConfig{
		Batch: n, Seed: t.info.Config.Seed, Shuffle: true, DropLast: true,
		Transform: t.data.TrainTransform(augment.Recipe(t.info.Config.Augment)),
		Workers:   1, Prefetch: 1,
	})
	if err != nil {
		return nil, fmt.Errorf("prepare training data: %w", err)
	}
	began := time.Now()
	for b, err := range l.Epoch(ctx, 0, 0) {
		if err != nil {
			return nil, fmt.Errorf("prepare training data: %w", err)
		}
		t.loading = time.Since(began).Seconds() / float64(n)
		whole := *b
		whole.X, whole.Labels = slices.Clone(b.X), slices.Clone(b.Labels)
		return &whole, nil
	}
	return nil, fmt.Errorf("prepare training data: there are fewer than %d images", n)
}

// step times steps on so many images of a batch, as a share of what all its images take, of which
// the run has so many. The processors that train also prepare the images, hence the sum of both.
func (t *trial) step(ctx context.Context, images, steps int,
	lessons func(i int) []lesson) (float64, error) {
	b, err := t.batch(ctx, images)
	if err != nil {
		return 0, err
	}
	i := 0
	seconds, err := repeat(ctx, steps, func() {
		// At a rate of 0 the weights stay as they are and the losses finite.
		t.stepper.step(ctx, i, b, lessons(i), 0)
		i++
	})
	whole := float64(t.info.Config.Batch)
	return seconds*whole/float64(images) + t.loadingShare(), err
}

// rates are images a second of preparing, and of training on a batch that takes so many seconds.
func (t *trial) rates(training float64) Rates {
	batch, least := float64(t.info.Config.Batch), time.Nanosecond.Seconds()
	return Rates{Loader: batch / max(t.loadingShare(), least),
		Training: batch / max(training, least)}
}

// loadingShare is what preparing a batch takes of a step on all processors.
func (t *trial) loadingShare() float64 {
	return t.loading * float64(t.info.Config.Batch) / float64(max(t.job.Workers, 1))
}

// repeat runs f some times, of which the run has so many to do, and gives the median of the seconds
// it took. The first time, when memory is allocated, does not count unless it took long.
func repeat(ctx context.Context, times int, f func()) (float64, error) {
	var all []float64
	var spent time.Duration
	for trial := range mostTrials + 1 {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		began := time.Now()
		f()
		took := time.Since(began)
		spent += took
		if trial == 0 && took < longestTrial {
			continue
		}
		all = append(all, took.Seconds())
		if spent > min(longestTrial, time.Duration(timingShare*float64(took)*float64(times))) {
			break
		}
	}
	slices.Sort(all)
	return all[len(all)/2], nil
}

// memory is what training needs besides the data.
func (t *trial) memory(images int) int64 {
	values, shared := t.stepper.run.MemoryBytes()
	if t.schedule.taught() {
		v, rest := t.stepper.frozen.run.MemoryBytes()
		values, shared = values+v, shared+rest
	}
	var own int64
	for _, p := range weights.Params(t.stepper.net) {
		own += 3 * 4 * int64(len(p.Data)) // value, gradient, momentum
	}
	// batches that are prepared ahead
	loaded := 4 * 4 * int64(t.info.Config.Batch) * int64(t.data.Size*t.data.Size*t.data.Channels)
	return own + shared + loaded + values*int64(t.info.Config.Batch)/int64(images)
}

// epochEnd times the test after an epoch on few images, and scales it up.
func (t *trial) epochEnd(ctx context.Context, net *supernet.Supernet) (float64, error) {
	tested := min(t.job.ValImages, t.data.Val.Len())
	if tested <= 0 {
		return 0, nil
	}
	calibrated := min(validationCalibration, t.data.Train.Len())
	few := min(4*fewImages, calibrated, tested)
	settings := EvalDefaults()
	settings.CalibrationImages, settings.Batch, settings.Workers, settings.Seed = few, few,
		t.job.Workers, t.info.Config.Seed
	e, err := NewEvaluator(net, (*Data)(t.data.Parts()), settings)
	if err != nil {
		return 0, err
	}
	defer e.Close()
	set := data.Subset(t.data.Val, few, t.info.Config.Seed)
	var failed error
	seconds, err := repeat(ctx, t.info.Config.Epochs, func() {
		for _, a := range []supernet.Arch{net.Space.Max(), net.Space.Min()} {
			if _, err := e.Top1(ctx, a, set); err != nil {
				failed = err
			}
		}
	})
	if err == nil {
		err = failed
	}
	return seconds * float64(calibrated+tested) / float64(2*few), err
}
