package prune

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/tailor-nas/tailor/internal/augment"
	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/standalone"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// Job is a pruning run to do. Zero means zero: begin with [NewJob].
type Job struct {
	// folder of the run; empty: nothing is kept, and the run cannot be resumed
	Dir    string
	Net    *supernet.Subnet // its weights are the start; it is not changed
	Parent string           // sha256 of what Net was read from: a run resumes from the same alone
	// Teacher gives the answers that Config.Distill is the share of; nil: Net. Its resolution may
	// be another. TeacherSHA256 is that of what Teacher was read from, which a run that is kept
	// needs: it resumes with the same alone.
	Teacher       *supernet.Subnet
	TeacherSHA256 string
	Data          *trainer.Data
	Config        Config
	// Shares is what each block, by name, loses in the end: a share of its removable weights, 0 to
	// 1. They grow in proportion as what is gone grows to Config.Sparsity, which should be what all
	// remove together. nil: Config.Sparsity and Config.Criterion decide.
	Shares map[string]float64
	// what Shares were chosen for, if they were: a run resumes with the same alone
	Goal      *Goal
	Workers   int           // 1 or more; results do not depend on it
	Resume    bool          // go on from the last checkpoint, if there is one
	SaveEvery time.Duration // besides every epoch's end; 0 saves after every step
	ValImages int           // for the accuracy at an epoch's end; 0: none, only at the end of all
	Progress  func(Progress)
	Warn      func(format string, args ...any) // as [trainer.Job] has it
}

// NewJob prunes a network with these settings, on one processor. It keeps nothing and validates at
// the end alone; with a folder it would save every 5 minutes.
func NewJob(net *supernet.Subnet, d *trainer.Data, c Config) Job {
	return Job{Net: net, Data: d, Config: c, Workers: 1, SaveEvery: 5 * time.Minute}
}

// Progress says how far a run is.
type Progress struct {
	Step, Steps int
	Epoch       int // current, from 0
	Metric      *Metric
}

// Result is a pruned network.
type Result struct {
	Net     *supernet.Subnet
	Top1Val float64 // on the images held out of training; 0 if there are none
	Steps   int
	Seconds float64
	// Weights are all that could have been removed, Left those that are not zero.
	Weights, Left int
}

// metricEvery is the number of steps between lines of metrics.
const metricEvery = 20

// leastRemovals is the least number of steps in which weights are removed, if training has that
// many: a short run must not lose them in two.
const leastRemovals = 20

// Run does a pruning run, or goes on with it. The same job gives the same bits on any number of
// workers and however often it was interrupted or killed and resumed.
func Run(ctx context.Context, j Job) (*Result, error) {
	p, err := start(j)
	if err != nil {
		return nil, err
	}
	defer p.close()
	if err := p.run(ctx); err != nil {
		return nil, err
	}
	return p.result(ctx)
}

// pruning is a run in progress.
type pruning struct {
	job     Job
	config  Config
	data    *data.Dataset
	folder  *folder // nil if nothing is kept
	state   State
	net     *standalone.Network
	teacher *standalone.Network // nil without distillation
	soft    []float32           // the teacher's answer
	mover   *standalone.Mover
	// classifier moves only the classifier's weights; nil where nothing is frozen
	classifier *standalone.Mover
	remover    *remover
	loader     *data.Loader
	steps      int
	started    time.Time
	before     float64 // seconds of earlier parts of the run
	saved      time.Time
}

// Goal is a limit that what blocks lose was chosen for.
type Goal struct {
	MaxLatencyMS float64 `json:"max_latency_ms,omitempty"`
	MaxParams    int64   `json:"max_params,omitempty"`
	// the latency of the choice, where that was limited
	PredictedMS float64 `json:"latency_predicted_ms,omitempty"`
}

// Check refuses jobs that cannot be done, before anything takes time.
func (j Job) Check() error {
	if j.Net == nil || j.Data == nil {
		return fmt.Errorf("%w: pruning needs a network and images", trainer.ErrConfig)
	}
	if j.Teacher != nil && weightless(j.Teacher) {
		return fmt.Errorf("%w: the teacher has no weights: make it with supernet.NewSubnet or LoadSubnet", trainer.ErrConfig)
	}
	if j.Workers < 1 || j.SaveEvery < 0 || j.ValImages < 0 {
		return fmt.Errorf("%w: workers is %d, save every %s, validation images %d: expected 1 or more, and not below 0", trainer.ErrConfig, j.Workers, j.SaveEvery, j.ValImages)
	}
	if err := j.Config.Check(); err != nil {
		return err
	}
	if _, err := dataset(j.Data); err != nil {
		return err
	}
	if images := j.Data.Train.Len(); images < j.Config.Batch {
		return fmt.Errorf("%w: --batch is %d, but there are only %d images to train on: choose a smaller one", trainer.ErrConfig, j.Config.Batch, images)
	}
	if err := j.Config.checkRemoval(j.Net, j.Shares); err != nil {
		return err
	}
	return j.checkFolder()
}

// dataset is what the package works with.
func dataset(d *trainer.Data) (*data.Dataset, error) {
	set, err := (*data.Parts)(d).Dataset()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", trainer.ErrConfig, err)
	}
	return set, nil
}

// start checks the job, and opens or begins its folder.
func start(j Job) (*pruning, error) {
	p := &pruning{job: j, config: j.Config, started: time.Now(), saved: time.Now()}
	if err := j.Check(); err != nil {
		return nil, err
	}
	var err error
	if p.data, err = dataset(j.Data); err != nil {
		return nil, err
	}
	net := j.Net.Clone()
	weights.EnableTraining(net)
	if err := p.prepare(net); err != nil {
		p.close()
		return nil, err
	}
	if err := p.open(net); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// prepare makes what works on the network.
func (p *pruning) prepare(net *supernet.Subnet) error {
	c, transform := p.config, p.data.DefaultTransform()
	transform.Pad, transform.Flip = c.Shift, c.Flip
	settings := trainer.EvalDefaults()
	settings.Workers, settings.Seed = p.job.Workers, c.Seed
	var err error
	if p.net, err = standalone.NewNetwork(net, p.data, transform, settings); err != nil {
		return err
	}
	if c.Augment != (trainer.Augment{}) {
		p.net.Augment(p.data.TrainTransform(augment.Recipe(c.Augment)))
	}
	if c.Distill > 0 {
		if p.teacher, err = standalone.NewNetwork(cmp.Or(p.job.Teacher, p.job.Net), p.data,
			transform, settings); err != nil {
			return fmt.Errorf("teacher: %w", err)
		}
	}
	p.remover = newRemover(net, c, p.job.Shares)
	if c.Criterion == Fisher && c.Method != Finetune {
		p.remover.watch()
	}
	structure := standalone.Structure{}
	if c.Grouped {
		structure.Run = c.Structure.Run()
		if c.Structure == supernet.Channels {
			structure.Channels = weights.Channels(net)
		}
	}
	if err := p.prepareMovers(net, structure); err != nil {
		return err
	}
	p.mask(net)
	if p.loader, err = p.net.Loader(c.Batch); err != nil {
		return err
	}
	p.steps = c.Epochs * p.loader.Batches()
	return nil
}

// mask keeps at zero what is removed, and what the network lacks of weights that nothing is removed
// from.
func (p *pruning) mask(net *supernet.Subnet) {
	masks := p.remover.masks()
	for _, param := range trained(net) {
		gone := masks[param]
		if gone == nil && param.Decay {
			if lacks := zeros(param); slices.Contains(lacks, true) {
				gone = lacks
			}
		}
		p.mover.Mask(param, gone)
		if p.classifier != nil {
			p.classifier.Mask(param, gone)
		}
	}
}

// trained lists the parameters that move.
func trained(net *supernet.Subnet) (all []*nn.Param) {
	for _, p := range weights.Params(net) {
		if !p.Statistic {
			all = append(all, p)
		}
	}
	return all
}

func (p *pruning) close() {
	for _, n := range []*standalone.Network{p.net, p.teacher} {
		if n != nil {
			n.Close()
		}
	}
	p.folder.close()
}

// run is the training loop.
func (p *pruning) run(ctx context.Context) error {
	batches := p.loader.Batches()
	if at := p.state.Step; at > 0 && at%batches == 0 && !p.validated() {
		// The interruption came between an epoch's last step and its end.
		if err := p.endEpoch(ctx, at/batches-1); err != nil {
			return err
		}
	}
	for epoch := p.state.Step / batches; epoch < p.config.Epochs; epoch++ {
		// The batches of the step that an interruption finds are finished, hence the context
		// without its end.
		for b, err := range p.loader.Epoch(context.WithoutCancel(ctx), epoch,
			p.state.Step%batches) {
			if err != nil {
				return fmt.Errorf("epoch %d: %w", epoch, err)
			}
			if err := p.step(b, epoch); err != nil {
				return err
			}
			if ctx.Err() != nil {
				return p.interrupted()
			}
			// an epoch's end is saved anyway
			if time.Since(p.saved) > p.job.SaveEvery && p.state.Step%batches != 0 {
				if err := p.save(); err != nil {
					return err
				}
			}
		}
		if err := p.endEpoch(ctx, epoch); err != nil {
			return err
		}
	}
	return nil
}

// part is how much of the training is done, 0 to 1.
func (p *pruning) part(step int) float64 { return float64(step) / float64(p.steps) }

// step trains on one batch, and removes weights where it is time.
func (p *pruning) step(b *data.Batch, epoch int) error {
	c, step := p.config, p.state.Step
	loss := p.gradients(b)
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return fmt.Errorf("%w at step %d: the loss is %g; start again with %s", trainer.ErrDiverged,
			step, loss, c.lower())
	}
	if err := p.removeAt(step); err != nil {
		return err
	}
	p.moverAt(step).Step(c.rate(p.part(step)), p.part(step))
	p.state.Step++
	report := Progress{Step: p.state.Step, Steps: p.steps, Epoch: epoch}
	if step%metricEvery == 0 {
		report.Metric = &Metric{Step: step, Epoch: float64(step) / float64(p.loader.Batches()),
			LR: c.rate(p.part(step)), Loss: loss, Sparsity: p.remover.sparsity()}
		if err := p.folder.add(*report.Metric); err != nil {
			return err
		}
	}
	p.report(report)
	return nil
}

// gradients are those of a batch, which the criterion looks at.
func (p *pruning) gradients(b *data.Batch) (loss float64) {
	c := p.config
	var soft []float32
	if p.teacher != nil {
		p.soft = p.teacher.Softmax(p.soft, b)
		soft = p.soft
	}
	loss = p.net.Gradients(b, c.LabelSmoothing, c.Distill, soft)
	p.remover.fisher.observe()
	return loss
}

// removeAt removes what is to be gone before a step: every few steps while the share rises, and
// once when it is complete.
func (p *pruning) removeAt(step int) error {
	c := p.config
	if c.Method == Finetune {
		return nil
	}
	now, before := c.share(p.part(step)), c.share(p.part(step-1))
	complete := now == c.Sparsity && (step == 0 || before < c.Sparsity)
	every := min(c.Every, max(1, int(float64(p.steps)*(c.End-c.Begin)/leastRemovals)))
	if complete || now > 0 && now < c.Sparsity && step%every == 0 {
		return p.remove(now, c.exchange(p.part(step)))
	}
	return nil
}

// remove removes until a share is gone. What cannot be compared would stay, unnoticed.
func (p *pruning) remove(share, exchange float64) error {
	p.remover.update(share, exchange)
	if block := p.remover.incomparable(); block != "" {
		return fmt.Errorf("%w by step %d: weights of block %s cannot be compared, as they or their gradients are out of all proportion; start again with %s", trainer.ErrDiverged, p.state.Step, block, p.config.lower())
	}
	return nil
}

func (p *pruning) report(r Progress) {
	if p.job.Progress != nil {
		p.job.Progress(r)
	}
}

// validated says whether the accuracy after the last step was measured before the run was resumed,
// if it is to be.
func (p *pruning) validated() bool {
	if p.folder == nil || p.job.ValImages <= 0 || p.data.Val.Len() == 0 {
		return true
	}
	var last Metric
	return json.Unmarshal(p.folder.metrics.Last(), &last) == nil && last.Step == p.state.Step &&
		last.Top1 != nil
}

// endEpoch measures the accuracy on held-out images, if that is wanted, and saves.
func (p *pruning) endEpoch(ctx context.Context, epoch int) error {
	step := p.state.Step
	if p.job.ValImages > 0 && p.data.Val.Len() > 0 && ctx.Err() == nil {
		m := Metric{Step: step, Epoch: float64(epoch + 1), LR: p.config.rate(p.part(step)),
			Sparsity: p.remover.sparsity()}
		top1, err := p.validate(ctx, data.Subset(p.data.Val, p.job.ValImages, p.config.Seed))
		if err == nil {
			m.Top1 = &top1
			if err := p.folder.add(m); err != nil {
				return err
			}
			p.report(Progress{Step: step, Steps: p.steps, Epoch: epoch, Metric: &m})
		} else if ctx.Err() == nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return p.interrupted()
	}
	return p.save()
}

func (p *pruning) validate(ctx context.Context, set data.Set) (float64, error) {
	if err := p.net.Calibrate(ctx); err != nil {
		return 0, err
	}
	return p.net.Top1(ctx, set)
}

func (p *pruning) interrupted() error {
	if err := p.save(); err != nil {
		return err
	}
	where := ""
	if p.folder != nil {
		where = "; its state is saved in " + p.job.Dir
	}
	return fmt.Errorf("%w after step %d of %d%s", trainer.ErrInterrupted, p.state.Step, p.steps,
		where)
}

// result removes what is still to go, measures statistics and accuracy, and cuts removed channels
// out.
func (p *pruning) result(ctx context.Context) (*Result, error) {
	if p.config.share(p.part(p.steps-1)) < p.config.Sparsity {
		if err := p.remove(p.config.Sparsity, 0); err != nil {
			return nil, err
		}
	}
	r := &Result{Steps: p.steps, Seconds: p.seconds(), Weights: p.remover.total,
		Left: p.remover.left()}
	var err error
	if r.Top1Val, err = p.test(ctx); ctx.Err() != nil {
		return nil, p.interrupted()
	}
	if err != nil {
		return nil, err
	}
	if err = p.checkLeft(); err != nil {
		return nil, err
	}
	r.Net, err = p.remover.cut(p.net.Net)
	return r, err
}

// checkLeft refuses a network whose answers do not depend on the image any more: a penalty may draw
// to zero what removal would leave.
func (p *pruning) checkLeft() error {
	for _, m := range slices.Backward(weights.Matrices(p.net.Net)) {
		if m.Block == p.remover.least && !slices.Contains(zeros(m.Param), false) {
			return fmt.Errorf("%w: all weights of %s are zero, so that every image gets the same answer; start again with less to remove, or with %s", trainer.ErrDiverged, m.Param.Name, p.config.lower())
		}
	}
	return nil
}

// test measures statistics, and accuracy on the images held out, if there are any.
func (p *pruning) test(ctx context.Context) (top1 float64, err error) {
	if p.data.Val.Len() > 0 {
		return p.validate(ctx, p.data.Val)
	}
	return 0, p.net.Calibrate(ctx)
}

func (p *pruning) seconds() float64 { return p.before + time.Since(p.started).Seconds() }

// Cut removes what the job says at once, without training, measures statistics anew, and gives what
// is left.
func Cut(ctx context.Context, j Job) (*Result, error) {
	j.Dir = ""
	if j.Config.Criterion == Fisher && j.Config.Sparsity > 0 {
		return nil, fmt.Errorf("%w: criterion %s needs gradients, and nothing is trained here: use %s, %s or %s", trainer.ErrConfig, Fisher, LAMP, Global, Layer)
	}
	p, err := start(j)
	if err != nil {
		return nil, err
	}
	defer p.close()
	p.config.Begin, p.config.End = 1, 1
	return p.result(ctx)
}
