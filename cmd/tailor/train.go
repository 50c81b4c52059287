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
	Data    string `required:"" help:"Folder or file of images (MNIST, CIFAR, class folders, a tar of them), or synthetic."`
	Holdout int    `help:"Images kept out of training for validation and accuracy samples. 0: a tenth, at most 5000." default:"0"`
}

type trainCmd struct {
	dataFlags
	Space    string `required:"" help:"Name of a shipped space, or a YAML file."`
	Out      string `help:"Folder of the run." type:"path" oneof:"out"`
	Strategy string `help:"deps, bignas or full." enum:"deps,bignas,full" default:"deps"`
	Resume   bool   `help:"Go on from the last checkpoint, if there is one."`
	Plan     bool   `help:"Print images, steps, phases and the expected time, from a few seconds of timing, and end. Nothing is written; --out is not needed." oneof:"out"`

	Epochs         int     `help:"Passes over the training images." default:"20"`
	Batch          int     `help:"Images a step." default:"128"`
	LR             float64 `name:"lr" help:"Learning rate at the start of the cosine." default:"0.1"`
	WeightDecay    float64 `help:"Not on batch norm and biases." default:"3e-5"`
	LabelSmoothing float64 `help:"Probability spread over all classes." default:"0.1"`
	WarmupEpochs   float64 `help:"DepS: epoch at which shrinking is in full force. 0: half of the epochs." default:"0"`
	EpsilonEpochs  float64 `help:"DepS: epochs over which the sub-networks' rate rises before. 0: 5, at most a twentieth of the epochs." default:"0"`
	Networks       int     `help:"Networks a step when shrinking: largest, smallest, random ones." default:"4"`
	Temperature    float64 `help:"Of the in-place distillation." default:"1"`
	TrainImages    int     `help:"Synthetic data: number of training images." default:"0"`
	TestImages     int     `help:"Synthetic data: number of test images." default:"0"`
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

func (c *trainCmd) job(g *Globals) (trainer.Job, error) {
	space, err := supernet.LoadSpace(c.Space)
	if err != nil {
		return trainer.Job{}, err
	}
	smoothing := c.LabelSmoothing
	if smoothing == 0 {
		smoothing = -1
	}
	return trainer.Job{
		Dir: c.Out, Space: space, Data: c.Data, Holdout: c.Holdout, TrainImages: c.TrainImages, TestImages: c.TestImages,
		Workers: g.Workers, Resume: c.Resume,
		Config: trainer.Config{
			Strategy: trainer.Strategy(c.Strategy), Epochs: c.Epochs, Batch: c.Batch, Seed: g.Seed, LR: c.LR, WeightDecay: c.WeightDecay,
			LabelSmoothing: smoothing, WarmupEpochs: c.WarmupEpochs, EpsilonEpochs: c.EpsilonEpochs, Networks: c.Networks, Temperature: c.Temperature,
		},
	}, nil
}

// Run trains.
func (c *trainCmd) Run(ctx context.Context, g *Globals) error {
	if c.Out == "" && !c.Plan {
		return usagef("missing flags: --out=DIR, or --plan")
	}
	job, err := c.job(g)
	if err != nil {
		return err
	}
	if err := checkSize(ctx, job.Space); err != nil {
		return err
	}
	if c.Plan {
		return g.plan(ctx, job)
	}
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
		fmt.Fprintf(w, "trained %s with %s: %d steps in %s, run in %s\n", result.Space, result.Strategy, result.Steps,
			time.Duration(result.Seconds*float64(time.Second)).Round(time.Second), shown(result.Run))
		for _, n := range []struct {
			name string
			arch supernet.Arch
			top1 float64
		}{{"largest", run.Info.Space.Max(), result.Top1Max}, {"smallest", run.Info.Space.Min(), result.Top1Min}} {
			fmt.Fprintf(w, "  %-8s  top-1 %.2f %% of %d test images, %s MACs\n", n.name, 100*n.top1, result.Images, large(costsOf(run.Info.Space, n.arch).MACs))
		}
		fmt.Fprintf(w, "  weights   sha256 %s\n", result.WeightsSHA256)
	})
}

// train runs a job and shows its progress.
func (g *Globals) train(ctx context.Context, job trainer.Job) (*trainer.Run, error) {
	job.Planned = func(p *trainer.Plan) { g.sayPlan(ctx, p) }
	job.Progress = func(p trainer.Progress) {
		if m := p.Metric; m != nil && m.Top1Max != nil {
			g.say("epoch %d: validation top-1 %.2f %% largest, %.2f %% smallest", p.Epoch+1, 100**m.Top1Max, 100**m.Top1Min)
		}
		g.progressLeft(fmt.Sprintf("train epoch %d", p.Epoch+1), p.Done, p.Total, p.Left)
	}
	run, err := trainer.Train(ctx, job)
	g.clearProgress()
	return run, err
}

func (c *trainCmd) evaluate(ctx context.Context, g *Globals, run *trainer.Run) (trainResult, error) {
	r := trainResult{
		Run: run.Dir, Space: run.Info.Space.Name, Strategy: string(run.Info.Config.Strategy), WeightsSHA256: run.State.WeightsSHA256,
		Steps: run.State.Step, Seconds: run.State.Seconds,
	}
	d, err := run.OpenData(c.Data)
	if err != nil {
		return r, err
	}
	e, err := trainer.NewEvaluator(run.Net, d, trainer.EvalSettings{Workers: g.Workers, Seed: run.Info.Config.Seed})
	if err != nil {
		return r, err
	}
	defer e.Close()
	r.Images = d.Test.Len()
	if r.Top1Max, err = e.Top1(ctx, run.Info.Space.Max(), d.Test); err != nil {
		return r, err
	}
	r.Top1Min, err = e.Top1(ctx, run.Info.Space.Min(), d.Test)
	return r, err
}
