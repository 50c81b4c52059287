package trainer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/tailor-nas/tailor/internal/augment"
	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/settings"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// Job is a training run to do. Zero means zero: begin with [NewJob].
type Job struct {
	Dir   string // folder of the run
	Space *supernet.Space
	Data  string // path of the data, or "synthetic"
	// images kept out of training for validation; Auto is the data's default, 0 is none
	Holdout     int
	TrainImages int // of synthetic data; Auto is its default
	TestImages  int
	// Size is the side in pixels that images are kept at, from which random crops are taken; Auto
	// is the space's largest resolution.
	Size int
	// Classes are those to train on, in the order of their labels; nil is all of the data.
	Classes []string
	// Cache is a folder for prepared images that do not fit the memory: they are decoded once,
	// before training. AutoCache is one in the run's folder; empty decodes them in every epoch.
	Cache string
	// Caching, if set, is told of the cache before it is filled and after each part of it.
	Caching     func(CacheProgress)
	SkipDamaged bool        // train without images that cannot be read
	Opened      func(*Data) // if set, told of the data before training begins
	Config      Config
	// From is a trained network to begin with; nil: random weights. Space may then be nil: that of
	// the network.
	From    *Origin
	Workers int // 1 or more; results do not depend on it
	// Group, if not nil, trains together: each of its ranks has this job, with its own path of the
	// same data. Rank 0 alone has the run's folder, writes and validates. There is no plan. Results
	// do not depend on it.
	Group     Group
	Resume    bool          // go on from the last checkpoint, if there is one
	SaveEvery time.Duration // besides every epoch's end; 0 saves after every step
	ValImages int           // for the accuracies at an epoch's end; 0 is none
	Progress  func(Progress)
	// Warn, if set, is told what is wrong with the run's folder and does not keep it from going on.
	Warn func(format string, args ...any)
	// Planned, if not nil, is told what the run takes, from a few seconds of timing before the
	// work. Results do not depend on it.
	Planned func(*Plan)
}

// DefaultValImages is how many held-out images the accuracies at an epoch's end are of.
const DefaultValImages = 1000

// NewJob trains a space on data, with the defaults, on one processor. It saves every 5 minutes, and
// validates on 1,000 images.
func NewJob(dir string, space *supernet.Space, data string) Job {
	return Job{
		Dir: dir, Space: space, Data: data, Holdout: Auto, TrainImages: Auto, TestImages: Auto,
		Size:   Auto,
		Config: Defaults(), Workers: 1,
		SaveEvery: 5 * time.Minute, ValImages: DefaultValImages,
	}
}

func (j Job) check() error {
	for _, f := range []struct {
		name      string
		v, lo, hi int
	}{
		{"holdout", j.Holdout, Auto, math.MaxInt32}, {"validation images", j.ValImages, 0,
			math.MaxInt32}, {"workers", j.Workers, 1, settings.MaxWorkers},
		{"save every", int(j.SaveEvery), 0, math.MaxInt},
	} {
		if f.v < f.lo || f.v > f.hi {
			return fmt.Errorf("%w: %s is %d, expected %d to %d", ErrConfig, f.name, f.v, f.lo, f.hi)
		}
	}
	for name, images := range map[string]int{"train": j.TrainImages, "test": j.TestImages} {
		if images != Auto && images < 1 {
			return fmt.Errorf("%w: %s images is %d, expected 1 or more", ErrConfig, name, images)
		}
	}
	return j.checkCache()
}

// checkSize refuses images that are smaller than what the space takes.
func (j Job) checkSize() error {
	if largest := j.Space.MaxResolution(); j.Size != Auto && j.Size < largest {
		return fmt.Errorf("%w: size is %d, expected %d or more, the largest resolution of space %s",
			ErrConfig, j.Size, largest, j.Space.Name)
	}
	return nil
}

// dataInfo says how to open the data. data.Options have 0 for a default, and -1 for none.
func (j Job) dataInfo(seed uint64) DataInfo {
	d := DataInfo{
		Path: data.Keep(j.Dir, j.Data), Size: j.Space.MaxResolution(), Holdout: j.Holdout,
		Seed: seed, Train: max(j.TrainImages, 0), Test: max(j.TestImages, 0),
		SkipDamaged: j.SkipDamaged,
	}
	if j.Size != Auto {
		d.Size = j.Size
	}
	if j.Classes != nil {
		d.Subset, d.Classes = true, j.Classes
	}
	d.Cache = j.cache()
	switch j.Holdout {
	case Auto:
		d.Holdout = 0
	case 0:
		d.Holdout = -1
	}
	return d
}

// Progress says how far a run is.
type Progress struct {
	Step, Steps int
	Epoch       int // current, from 0
	// work: seconds as planned, or steps of the largest network; steps differ in work
	Done, Total float64
	// Left is the expected time of the rest, which weighs what is to come by what it was measured
	// to cost; 0 until it is known.
	Left   time.Duration
	Metric *Metric // at steps that have one
}

// ErrInterrupted is returned when the context ended a run. Its state was saved; it can resume.
var ErrInterrupted = errors.New("training was interrupted")

// ErrDiverged is returned when a loss or a weight is no longer a finite number.
var ErrDiverged = errors.New("training diverged")

// validationCalibration is how many training images batch norm is calibrated on for the accuracies
// at an epoch's end.
const validationCalibration = 1000

// metricEvery is the number of steps between lines of metrics.
const metricEvery = 20

// Train does a run, or goes on with it, and opens the result. The same job gives the same bits on
// any number of workers and however often it was interrupted or killed and resumed. While it lasts
// nobody else can train in the folder: a second one is refused.
func Train(ctx context.Context, j Job) (*Run, error) {
	if j.Group != nil {
		j.Planned = nil // its timing is of one rank alone
		if err := j.meet(); err != nil {
			return nil, err
		}
	}
	var b *ready
	var err error
	if j.leads() {
		var lock *store.Lock
		if lock, err = store.LockDir(j.Dir, "tailor train"); err == nil {
			defer lock.Unlock()
			b, err = j.openOnce().begin(ctx)
		}
	}
	if j.Group != nil {
		b, err = j.share(b, err)
	}
	if err != nil {
		return nil, err
	}
	if !b.state.Done {
		t := &training{job: j, info: b.info, data: b.data, net: b.net, state: b.state,
			started: time.Now(), before: b.state.Seconds}
		if b.state, err = t.run(ctx); err != nil {
			return nil, err
		}
	}
	return &Run{Dir: j.Dir, Info: *b.info, Net: b.net, State: b.state,
		data: (*Data)(b.data.Parts()), dataPath: j.Data}, nil
}

// startOrResume writes run.json, or reads the one that is there and checks that the job is the
// same, perhaps with more epochs.
func startOrResume(j Job) (*Info, *data.Dataset, error) {
	have, err := j.continued()
	if err != nil {
		return nil, nil, err
	}
	if have == nil {
		return start(j)
	}
	info, d, extended, err := resumed(j, have)
	if err != nil {
		return nil, nil, err
	}
	if err := store.CleanPartial(filepath.Join(j.Dir, checkpointsDir)); err != nil {
		return nil, nil, err
	}
	if extended {
		if err := info.write(j.Dir); err != nil {
			return nil, nil, err
		}
	}
	return info, d, dropOldCheckpoints(j.Dir)
}

// start begins a run.
func start(j Job) (*Info, *data.Dataset, error) {
	info, d, err := newInfo(j, nil)
	if err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(filepath.Join(j.Dir, checkpointsDir), 0o755); err != nil {
		return nil, nil, fmt.Errorf("create run: %w", err)
	}
	if err := store.CleanNames(j.Dir, runFile); err != nil {
		return nil, nil, err
	}
	return info, d, info.write(j.Dir)
}

// training is a run in progress.
type training struct {
	job      Job
	info     *Info
	data     *data.Dataset
	net      *supernet.Supernet
	state    State
	schedule schedule
	lessons  curriculum
	pace     *pace
	metrics  *store.LineLog
	eval     *Evaluator // made at the first epoch's end
	started  time.Time
	before   float64 // seconds of earlier parts of the run
	saved    time.Time
	lap      time.Time // when the step began that is under way

	own context.Context // of this rank of a group
	end func()          // ends that of all
}

// run is the training loop.
func (t *training) run(ctx context.Context) (State, error) {
	c := t.info.Config
	ctx, end := t.untilAny(ctx)
	defer end()
	pool := nn.NewPool(t.job.Workers)
	defer pool.Close()
	pool.Group = t.job.Group
	from, to := pool.Share(c.Batch)
	loader, err := data.NewLoader(t.data.Train, t.data.Size, t.data.Channels, data.LoaderConfig{
		Batch: c.Batch, Seed: c.Seed, Shuffle: true, DropLast: true, From: from, To: to,
		Transform: t.data.TrainTransform(augment.Recipe(c.Augment)), Workers: t.job.Workers,
	})
	if err != nil {
		return t.state, fmt.Errorf("prepare training data: %w", err)
	}
	t.schedule = t.info.schedule(loader.Batches())
	t.lessons = curriculum{c, t.net.Space, t.schedule}
	planned, err := t.plan(ctx, loader.Batches())
	if err != nil {
		return t.state, err
	}
	t.pace = newPace(t.schedule, planned)
	if t.job.leads() {
		if t.metrics, err = store.OpenLineLog(filepath.Join(t.job.Dir, metricsFile),
			t.state.MetricsBytes, t.job.Warn); err != nil {
			return t.state, err
		}
		defer t.metrics.Close()
	}
	defer t.closeEvaluator()
	s := newStepper(c, t.net, pool)
	t.divide(s)
	s.weigh(t.data.Train)
	if sha := t.state.TeacherSHA256; sha != "" {
		if t.job.leads() {
			s.frozen, err = readFrozen(t.job.Dir, sha, t.net.Space, pool)
		}
		if s.frozen, err = t.job.shareTeacher(s.frozen, err, t.net.Space, pool); err != nil {
			return t.state, err
		}
	}
	t.saved, t.lap = time.Now(), time.Now()

	if at := t.state.Step; at > 0 && at%loader.Batches() == 0 && (t.state.Validated != at ||
		at == t.schedule.steps) {
		// The interruption came between an epoch's last step and its end.
		if err := t.endEpoch(ctx, at/loader.Batches()-1); err != nil {
			return t.state, err
		}
	}
	for epoch := t.state.Step / loader.Batches(); epoch < c.Epochs; epoch++ {
		// The batches of the step that an interruption finds are finished, hence the context
		// without its end.
		for b, err := range loader.Epoch(context.WithoutCancel(ctx), epoch,
			t.state.Step%loader.Batches()) {
			if err != nil {
				return t.state, fmt.Errorf("epoch %d: %w", epoch, err)
			}
			if err := t.step(ctx, s, b, epoch); err != nil {
				return t.state, err
			}
			if ctx.Err() != nil && t.state.Step < t.schedule.steps {
				return t.interrupted()
			}
			// an epoch's end is saved anyway
			if time.Since(t.saved) > t.job.SaveEvery && t.state.Step%loader.Batches() != 0 {
				if err := t.save(); err != nil {
					return t.state, err
				}
			}
		}
		if err := t.endEpoch(ctx, epoch); err != nil {
			return t.state, err
		}
	}
	return t.state, nil
}

// step trains on one batch. If the context ends first, the step has not begun, as far as the state
// knows.
func (t *training) step(ctx context.Context, s *stepper, b *data.Batch, epoch int) error {
	c, step := t.info.Config, t.state.Step
	if err := t.agree(); err != nil || ctx.Err() != nil {
		return err
	}
	begun, err := t.beginPhase(s)
	if err != nil {
		return err
	}
	if begun {
		ctx = context.WithoutCancel(ctx) // what changed the weights is part of the step
	}
	rate, beta := t.schedule.rate(step), t.schedule.beta(step)
	s.takenRate = t.takenRate(step)
	l, done := s.step(ctx, step, b, t.lessons.at(step), rate)
	if !done {
		return t.job.lost()
	}
	if math.IsNaN(l.max+l.sub) || math.IsInf(l.max+l.sub, 0) {
		return fmt.Errorf("%w at step %d: loss of the largest network is %g, of sub-networks %g; start again with a lower --lr than %g",
			ErrDiverged, step, l.max, l.sub, c.LR)
	}
	t.state.Step++
	t.pace.step(step, t.since())
	p := t.progress(epoch)
	if step%metricEvery == 0 {
		p.Metric = &Metric{Step: step, Epoch: t.epoch(step), LR: rate, Epsilon: beta,
			LossMax: l.max, LossSub: l.sub}
		if t.metrics != nil {
			if err := t.metrics.Add(*p.Metric); err != nil {
				return err
			}
		}
	}
	t.report(p)
	return nil
}

func (t *training) epoch(step int) float64 { return float64(step) / float64(t.schedule.perEpoch) }

// since is the time since it was called last.
func (t *training) since() time.Duration {
	now := time.Now()
	took := now.Sub(t.lap)
	t.lap = now
	return took
}

func (t *training) progress(epoch int) Progress {
	step := t.state.Step
	p := Progress{Step: step, Steps: t.schedule.steps, Epoch: epoch, Done: t.pace.work(step),
		Total: t.pace.work(t.schedule.steps)}
	if t.job.Planned != nil || t.pace.stepped() {
		p.Left = t.pace.left(step)
	}
	return p
}

func (t *training) report(p Progress) {
	if t.job.Progress != nil {
		t.job.Progress(p)
	}
}

// endEpoch measures the largest and the smallest network on validation images and saves.
func (t *training) endEpoch(ctx context.Context, epoch int) error {
	step := t.state.Step
	if t.job.ValImages == 0 || t.data.Val.Len() == 0 || !t.job.leads() {
		t.state.Validated = step
	} else if ctx.Err() == nil {
		m := Metric{Step: step, Epoch: t.epoch(step), LR: t.schedule.rate(step),
			Epsilon: t.schedule.beta(step)}
		if err := t.validate(ctx, &m); err != nil && ctx.Err() == nil {
			return err
		}
		if m.Top1Min != nil {
			t.state.Validated = step
			if err := t.metrics.Add(m); err != nil {
				return err
			}
			p := t.progress(epoch)
			p.Metric = &m
			t.report(p)
		}
	}
	t.state.Done = step == t.schedule.steps
	if err := t.save(); err != nil {
		return err
	}
	t.pace.end(t.since())
	if ctx.Err() != nil && !t.state.Done {
		return t.interruptedError()
	}
	return nil
}

// validate fills in the accuracies of the largest and the smallest network: always of both,
// whichever are trained.
func (t *training) validate(ctx context.Context, m *Metric) error {
	if t.eval == nil {
		var err error
		s := EvalDefaults()
		s.CalibrationImages, s.Workers, s.Seed = validationCalibration, t.job.Workers,
			t.info.Config.Seed
		t.eval, err = NewEvaluator(t.net, (*Data)(t.data.Parts()), s)
		if err != nil {
			return err
		}
	}
	set := data.Subset(t.data.Val, t.job.ValImages, t.info.Config.Seed)
	for _, n := range []struct {
		arch supernet.Arch
		into **float64
	}{{t.net.Space.Max(), &m.Top1Max}, {t.net.Space.Min(), &m.Top1Min}} {
		top1, err := t.eval.Top1(ctx, n.arch, set)
		if err != nil {
			return err
		}
		*n.into = &top1
	}
	return nil
}

func (t *training) closeEvaluator() {
	if t.eval != nil {
		t.eval.Close()
	}
}

// save writes a checkpoint, unless the weights are beyond saving: the last good one stays. Of a
// group rank 0 does.
func (t *training) save() error {
	if !t.job.leads() {
		return nil
	}
	var err error
	if p := nn.NotFinite(weights.Params(t.net)); p != nil {
		return fmt.Errorf("%w by step %d: %s is not finite; start again with a lower --lr than %g",
			ErrDiverged, t.state.Step, p.Name, t.info.Config.LR)
	}
	if t.state.MetricsBytes, err = t.metrics.Flush(); err != nil {
		return err
	}
	t.state.Seconds = t.before + time.Since(t.started).Seconds()
	t.state, err = saveCheckpoint(t.job.Dir, t.info, t.net, t.state)
	t.saved = time.Now()
	return err
}

func (t *training) interrupted() (State, error) {
	if err := t.save(); err != nil {
		return t.state, err
	}
	return t.state, t.interruptedError()
}

func (t *training) interruptedError() error {
	return fmt.Errorf("%w after step %d of %d; its state is saved in %s", ErrInterrupted,
		t.state.Step, t.schedule.steps, t.job.Dir)
}
