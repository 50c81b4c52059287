package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// dataFlags say which images to use.
type dataFlags struct {
	Data        string `required:"" help:"Folder or file of images (MNIST, CIFAR, class folders, a tar of them), or synthetic." type:"source"`
	Holdout     *int   `help:"Images kept out of training for validation and accuracy samples; 0 is none. Default a tenth, at most ${max_holdout}." range:"0..100000000"`
	SkipDamaged bool   `help:"Go on without images that cannot be read and class folders without images; the run keeps their names."`
}

type trainCmd struct {
	dataFlags
	initFlags
	augmentFlags
	subsetFlags
	pageFlags
	ruleFlags
	Space    string `help:"Name of a shipped space, or a YAML file. Default with --init: that of the network." type:"source" oneof:"begin"`
	Out      string `help:"Folder of the run." type:"path" out:"folder" oneof:"out"`
	Strategy string `help:"deps, bignas, progressive, compofa or full." enum:"deps,bignas,progressive,compofa,full" default:"${train_strategy}"`
	Resume   bool   `help:"Go on from the last checkpoint, if there is one. More --epochs than the run had extend it."`
	Plan     bool   `help:"Print images, steps, phases and the expected time, from a few seconds of timing, and end. Nothing is written; --out is not needed." oneof:"out"`

	Epochs         int      `help:"Passes over the training images." default:"${train_epochs}" range:"${train_epochs_range}"`
	Batch          int      `help:"Images a step." default:"${train_batch}" range:"${train_batch_range}"`
	LR             *float64 `name:"lr" help:"Learning rate at the start of the cosine. Default ${train_default_lr}; with --init ${init_default_lr} for a --batch of ${init_lr_batch}, and in proportion to it." range:"${train_lr_range}"`
	WeightDecay    float64  `help:"Not on batch norm and biases." default:"${train_weight_decay}" range:"${train_weight_decay_range}"`
	LabelSmoothing float64  `help:"Probability spread over all classes." default:"${train_label_smoothing}" range:"${train_label_smoothing_range}"`
	WarmupEpochs   *float64 `help:"DepS: epoch at which shrinking is in full force. Default half of the epochs; with --init, as early as what is new allows." range:"0..1000000"`
	EpsilonEpochs  *float64 `help:"DepS: epochs over which the sub-networks' rate rises before. Default 5, at most a twentieth of the epochs." range:"0..1000000"`
	Networks       int      `help:"Networks a step when shrinking: largest, smallest, random ones; of progressive and compofa the random ones of the last phase." default:"${train_networks}" range:"${train_networks_range}"`
	Temperature    float64  `help:"Of the distillation." default:"${train_temperature}" range:"${train_temperature_range}"`
	TrainImages    *int     `help:"Synthetic data: number of training images. Default ${synthetic_train}." range:"1..10000000"`
	TestImages     *int     `help:"Synthetic data: number of test images. Default ${synthetic_test}." range:"1..10000000"`
}

// trainResult is the JSON of train.
type trainResult struct {
	Run           string  `json:"run"`
	Space         string  `json:"space"`
	Strategy      string  `json:"strategy"`
	Top1Max       float64 `json:"top1_max"`
	Top1Min       float64 `json:"top1_min"`
	Images        int     `json:"images"` // tested
	WeightsSHA256 string  `json:"weights_sha256"`
	Steps         int     `json:"steps"`
	Seconds       float64 `json:"seconds"`
}

func (c *trainCmd) job(ctx context.Context, g *Globals) (trainer.Job, error) {
	from := c.from(ctx, g)
	space, err := c.space(from)
	if err != nil {
		return trainer.Job{}, err
	}
	if err := c.check(); err != nil {
		return trainer.Job{}, err
	}
	c.sayOtherImages(g, c.Data)
	j := trainer.NewJob(c.Out, space, c.Data)
	j.From, j.Config.Init = from, c.settings()
	j.Workers, j.Resume, j.SkipDamaged = g.Workers, c.Resume, c.SkipDamaged
	give(&j.Holdout, c.Holdout)
	give(&j.TrainImages, c.TrainImages)
	give(&j.TestImages, c.TestImages)
	t := &j.Config
	t.Strategy, t.Epochs, t.Batch, t.Seed, t.WeightDecay = trainer.Strategy(c.Strategy),
		c.Epochs, c.Batch, g.Seed, c.WeightDecay
	t.LabelSmoothing, t.Networks, t.Temperature = c.LabelSmoothing, c.Networks, c.Temperature
	give(&t.LR, c.LR)
	give(&t.WarmupEpochs, c.WarmupEpochs)
	give(&t.EpsilonEpochs, c.EpsilonEpochs)
	if err := c.augmentFlags.apply(&j); err != nil {
		return j, err
	}
	if err := c.ruleFlags.apply(&j.Config); err != nil {
		return j, err
	}
	return j, c.subsetFlags.apply(&j)
}

// check refuses flags that do not go together.
func (c *trainCmd) check() error {
	if w := c.WarmupEpochs; w != nil && *w > float64(c.Epochs) {
		return usagef("--warmup-epochs is %v, expected at most --epochs, which is %d", *w, c.Epochs)
	}
	if c.Data != "synthetic" && (c.TrainImages != nil || c.TestImages != nil) {
		return usagef("--train-images and --test-images are of --data synthetic; %s has the images that it has", c.Data)
	}
	return c.checkEpsilon()
}

// checkEpsilon refuses --epsilon-epochs above --warmup-epochs, or what that is by default.
func (c *trainCmd) checkEpsilon() error {
	e := c.EpsilonEpochs
	if e == nil || c.Strategy != string(trainer.DepS) || c.Init != "" && c.WarmupEpochs == nil {
		return nil // with --init, what --warmup-epochs is by default follows from this
	}
	t := trainer.Defaults()
	t.Epochs = c.Epochs
	give(&t.WarmupEpochs, c.WarmupEpochs)
	t, err := t.Complete()
	if err != nil {
		return usagef("%w", err)
	}
	if *e > t.WarmupEpochs {
		return usagef("--epsilon-epochs is %v, expected at most --warmup-epochs, which is %v", *e,
			t.WarmupEpochs)
	}
	return nil
}

// warnUseless says which flags the strategy has no use for: scripts give one set of flags to all.
func (c *trainCmd) warnUseless(g *Globals) {
	for _, flag := range c.uselessFlags() {
		g.warn("%s has no effect with --strategy %s", flag, c.Strategy)
	}
}

// give puts what a flag says in the place of a default, if it was given.
func give[T any](into, given *T) {
	if given != nil {
		*into = *given
	}
}

// Run trains.
func (c *trainCmd) Run(ctx context.Context, g *Globals) error {
	if c.Out == "" && !c.Plan {
		return usagef("missing flags: --out=DIR, or --plan")
	}
	if c.Plan {
		return c.run(ctx, g, nil)
	}
	return g.togetherWith(func(group trainer.Group) error { return c.run(ctx, g, group) })
}

// run trains, perhaps as a rank of a group.
func (c *trainCmd) run(ctx context.Context, g *Globals, group trainer.Group) error {
	job, err := c.job(ctx, g)
	if err != nil {
		return err
	}
	job.Group = group
	if group != nil && group.Rank() > 0 {
		_, err := g.train(ctx, job)
		return err
	}
	c.warnUseless(g)
	if err := checkSize(ctx, job.Space); err != nil {
		return err
	}
	if c.Plan && c.Report != "" {
		return usagef("--report is of a training, and --plan does not train: leave one out")
	}
	if c.Plan {
		return g.plan(ctx, job)
	}
	return g.withPage(ctx, c.Report, []string{c.Out},
		func() error { return c.trained(ctx, g, job) })
}

// trained trains, and says how good what comes out is.
func (c *trainCmd) trained(ctx context.Context, g *Globals, job trainer.Job) error {
	run, err := g.train(ctx, job)
	if errors.Is(err, trainer.ErrInterrupted) {
		return fmt.Errorf("%w; the same command with --resume goes on", err)
	}
	if err != nil {
		return err
	}
	result, err := c.evaluate(ctx, g, run)
	if err != nil {
		return err
	}
	return g.result(result, func(w io.Writer) {
		fmt.Fprintf(w, "trained %s with %s: %d steps in %s, run in %s\n", result.Space,
			result.Strategy, result.Steps,
			time.Duration(result.Seconds*float64(time.Second)).Round(time.Second),
			shown(result.Run))
		for _, n := range []struct {
			name string
			arch supernet.Arch
			top1 float64
		}{{"largest", run.Info.Space.Max(), result.Top1Max}, {"smallest", run.Info.Space.Min(),
			result.Top1Min}} {
			fmt.Fprintf(w, "  %-8s  top-1 %.2f %% of %d test images, %s MACs\n", n.name, 100*n.top1,
				result.Images, large(costsOf(run.Info.Space, n.arch).MACs))
		}
		fmt.Fprintf(w, "  weights   sha256 %s\n", result.WeightsSHA256)
	})
}

// train runs a job and shows its progress.
func (g *Globals) train(ctx context.Context, job trainer.Job) (*trainer.Run, error) {
	defer g.saving.Store(false)
	job.Warn = g.warn
	if !g.Quiet { // timing is for the plan alone
		job.Planned = func(p *trainer.Plan) { g.sayPlan(ctx, p) }
	}
	job.Progress = func(p trainer.Progress) {
		g.saving.Store(true)
		if m := p.Metric; m != nil && m.Top1Max != nil {
			g.say("epoch %d: validation top-1 %.2f %% largest, %.2f %% smallest", p.Epoch+1,
				100**m.Top1Max, 100**m.Top1Min)
		}
		g.progressLeft(fmt.Sprintf("train epoch %d", p.Epoch+1), p.Done, p.Total, p.Left)
	}
	job.Opened, job.Caching = g.opened, g.caching
	run, err := trainer.Train(ctx, job)
	g.clearProgress()
	return run, err
}

func (c *trainCmd) evaluate(ctx context.Context, g *Globals, run *trainer.Run) (trainResult,
	error) {
	r := trainResult{
		Run: run.Dir, Space: run.Info.Space.Name, Strategy: string(run.Info.Config.Strategy),
		WeightsSHA256: run.State.WeightsSHA256,
		Steps:         run.State.Step, Seconds: run.State.Seconds,
	}
	d, err := run.OpenData(c.Data)
	if err != nil {
		return r, err
	}
	settings := run.EvalDefaults()
	settings.Workers = g.Workers
	total := 0
	settings.Each = g.counting("test", &total)
	e, err := trainer.NewEvaluator(run.Net, d, settings)
	if err != nil {
		return r, err
	}
	defer e.Close()
	space := run.Info.Space
	for _, a := range []supernet.Arch{space.Max(), space.Min()} {
		total += e.Calibrates(a) + d.Test.Len()
	}
	r.Images = d.Test.Len()
	if r.Top1Max, err = e.Top1(ctx, space.Max(), d.Test); err != nil {
		return r, err
	}
	r.Top1Min, err = e.Top1(ctx, space.Min(), d.Test)
	return r, err
}
