package trainer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/supernet"
)

// Job is a training run to do.
type Job struct {
	Dir         string // folder of the run
	Space       *supernet.Space
	Data        string // path of the data, or "synthetic"
	Holdout     int    // images kept out of training for validation; 0 is the data's default
	TrainImages int    // of synthetic data; 0 is the default
	TestImages  int
	Config      Config
	Workers     int           // default 1; results do not depend on it
	Resume      bool          // go on from the last checkpoint, if there is one
	SaveEvery   time.Duration // besides every epoch's end; default 5 minutes
	ValImages   int           // for the accuracies at an epoch's end; default 1,000; negative for none
	Progress    func(Progress)
	// Planned, if not nil, is told what the run takes, from a few seconds of timing before the work. Results do not depend on it.
	Planned func(*Plan)
}

func (j *Job) setDefaults() {
	orDefault(&j.SaveEvery, 5*time.Minute)
	orDefault(&j.ValImages, 1000)
}

// Progress says how far a run is.
type Progress struct {
	Step, Steps int
	Epoch       int     // current, from 0
	Done, Total float64 // work: seconds as planned, or steps of the largest network; steps differ in work
	// Left is the expected time of the rest, which weighs what is to come by what it was measured to cost; 0 until it is known.
	Left   time.Duration
	Metric *Metric // at steps that have one
}

// ErrInterrupted is returned when the context ended a run. Its state was saved; it can resume.
var ErrInterrupted = errors.New("training was interrupted")

// ErrDiverged is returned when a loss is no longer a finite number.
var ErrDiverged = errors.New("training diverged")

// validationCalibration is how many training images batch norm is calibrated on for the accuracies at an epoch's end.
const validationCalibration = 1000

// metricEvery is the number of steps between lines of metrics.
const metricEvery = 20

// Train does a run, or goes on with it, and opens the result. The same job gives the same bits on any number of workers
// and however often it was interrupted or killed and resumed.
func Train(ctx context.Context, j Job) (*Run, error) {
	j.setDefaults()
	info, d, err := startOrResume(j)
	if err != nil {
		return nil, err
	}
	net := supernet.New(info.Space, info.Config.Seed)
	state, err := loadCheckpoint(j.Dir, info.SHA256, net, true)
	if err != nil {
		return nil, err
	}
	if !state.Done {
		t := &training{job: j, info: info, data: d, net: net, state: state, started: time.Now(), before: state.Seconds}
		if state, err = t.run(ctx); err != nil {
			return nil, err
		}
	}
	return &Run{Dir: j.Dir, Info: *info, Net: net, State: state, data: d, dataPath: j.Data}, nil
}

// startOrResume writes run.json, or reads the one that is there and checks that the job is the same.
func startOrResume(j Job) (*Info, *data.Dataset, error) {
	want, d, err := newInfo(j)
	if err != nil {
		return nil, nil, err
	}
	var have Info
	switch err := have.read(j.Dir); {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(filepath.Join(j.Dir, checkpointsDir), 0o755); err != nil {
			return nil, nil, fmt.Errorf("create run: %w", err)
		}
		return want, d, store.WriteDocument(filepath.Join(j.Dir, runFile), runKind, runVersion, want)
	case err != nil:
		return nil, nil, err
	case !j.Resume:
		return nil, nil, fmt.Errorf("%s already holds a run; add --resume to go on with it, or choose another folder: %w", j.Dir, fs.ErrExist)
	}
	if err := have.same(j.Dir, want); err != nil {
		return nil, nil, err
	}
	if err := store.CleanPartial(filepath.Join(j.Dir, checkpointsDir)); err != nil {
		return nil, nil, err
	}
	return &have, d, nil
}

// training is a run in progress.
type training struct {
	job      Job
	info     *Info
	data     *data.Dataset
	net      *supernet.Supernet
	state    State
	schedule schedule
	pace     *pace
	metrics  *metricsLog
	eval     *Evaluator // made at the first epoch's end
	started  time.Time
	before   float64 // seconds of earlier parts of the run
	saved    time.Time
	lap      time.Time // when the step began that is under way
}

// run is the training loop.
func (t *training) run(ctx context.Context) (State, error) {
	c := t.info.Config
	loader, err := data.NewLoader(t.data.Train, t.data.Size, t.data.Channels, data.LoaderConfig{
		Batch: c.Batch, Seed: c.Seed, Shuffle: true, DropLast: true, Transform: t.data.DefaultTransform(), Workers: t.job.Workers,
	})
	if err != nil {
		return t.state, fmt.Errorf("prepare training data: %w", err)
	}
	t.schedule = newSchedule(c, loader.Batches())
	planned, err := t.plan(ctx, loader.Batches())
	if err != nil {
		return t.state, err
	}
	t.pace = newPace(t.schedule, planned)
	if t.metrics, err = openMetrics(t.job.Dir, t.state.MetricsBytes); err != nil {
		return t.state, err
	}
	defer t.metrics.close()
	defer t.closeEvaluator()
	pool := nn.NewPool(t.job.Workers)
	defer pool.Close()
	s := newStepper(c, t.net, pool)
	t.saved, t.lap = time.Now(), time.Now()

	if at := t.state.Step; at > 0 && at%loader.Batches() == 0 && t.state.Validated != at {
		// The interruption came between an epoch's last step and its end.
		if err := t.endEpoch(ctx, at/loader.Batches()-1); err != nil {
			return t.state, err
		}
	}
	for epoch := t.state.Step / loader.Batches(); epoch < c.Epochs; epoch++ {
		// The batches of the step that an interruption finds are finished, hence the context without its end.
		for b, err := range loader.Epoch(context.WithoutCancel(ctx), epoch, t.state.Step%loader.Batches()) {
			if err != nil {
				return t.state, fmt.Errorf("epoch %d: %w", epoch, err)
			}
			if err := t.step(s, b, epoch); err != nil {
				return t.state, err
			}
			if ctx.Err() != nil && t.state.Step < t.schedule.steps {
				return t.interrupted()
			}
			if time.Since(t.saved) > t.job.SaveEvery {
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

// step trains on one batch.
func (t *training) step(s *stepper, b *data.Batch, epoch int) error {
	c, step := t.info.Config, t.state.Step
	if c.Strategy.sorts() && step == t.schedule.sort {
		t.net.SortChannels()
	}
	rate, beta := t.schedule.rate(step), t.schedule.epsilon(step)
	l := s.step(step, b, students(c, t.schedule, t.net.Space, step), rate, beta)
	if math.IsNaN(l.max+l.sub) || math.IsInf(l.max+l.sub, 0) {
		return fmt.Errorf("%w at step %d: loss of the largest network is %g, of sub-networks %g; start again with a lower --lr than %g",
			ErrDiverged, step, l.max, l.sub, c.LR)
	}
	t.state.Step++
	t.pace.step(step, t.since())
	p := t.progress(epoch)
	if step%metricEvery == 0 {
		p.Metric = &Metric{Step: step, Epoch: t.epoch(step), LR: rate, Epsilon: beta, LossMax: l.max, LossSub: l.sub}
		if err := t.metrics.add(*p.Metric); err != nil {
			return err
		}
	}
	t.report(p)
	return nil
}

func (t *training) epoch(step int) float64 { return float64(step) / float64(t.schedule.perUnit) }

// since is the time since it was called last.
func (t *training) since() time.Duration {
	now := time.Now()
	took := now.Sub(t.lap)
	t.lap = now
	return took
}

func (t *training) progress(epoch int) Progress {
	step := t.state.Step
	p := Progress{Step: step, Steps: t.schedule.steps, Epoch: epoch, Done: t.pace.work(step), Total: t.pace.work(t.schedule.steps)}
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
	if t.job.ValImages <= 0 || t.data.Val.Len() == 0 {
		t.state.Validated = step
	} else if ctx.Err() == nil {
		m := Metric{Step: step, Epoch: t.epoch(step), LR: t.schedule.rate(step), Epsilon: t.schedule.epsilon(step)}
		if err := t.validate(ctx, &m); err != nil && ctx.Err() == nil {
			return err
		}
		if m.Top1Min != nil {
			t.state.Validated = step
			if err := t.metrics.add(m); err != nil {
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

// validate fills in the accuracies of the largest and, where it is trained, the smallest network.
func (t *training) validate(ctx context.Context, m *Metric) error {
	if t.eval == nil {
		var err error
		t.eval, err = NewEvaluator(t.net, t.data, EvalSettings{CalibrationImages: validationCalibration, Workers: t.job.Workers, Seed: t.info.Config.Seed})
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

func (t *training) save() error {
	var err error
	if t.state.MetricsBytes, err = t.metrics.flush(); err != nil {
		return err
	}
	t.state.Seconds = t.before + time.Since(t.started).Seconds()
	t.state, err = saveCheckpoint(t.job.Dir, t.info.SHA256, t.net, t.state)
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
	return fmt.Errorf("%w after step %d of %d; its state is saved in %s", ErrInterrupted, t.state.Step, t.schedule.steps, t.job.Dir)
}
