package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tailor-nas/tailor/internal/refine"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/trainer"
	"github.com/tailor-nas/tailor/trainer/prune"
)

type finetuneCmd struct {
	Manifest       string         `arg:"" help:"Manifest of a network with weights, as search or prune writes it, or its folder." type:"path"`
	Data           string         `help:"Images to train on, also of other classes: these get a new classifier. Default its own, where they were when it was trained." type:"source"`
	Holdout        *int           `help:"Images kept out of training for validation; 0 is none. Default as it was or, of other images, a tenth, at most ${max_holdout}." range:"0..100000000"`
	SkipDamaged    bool           `help:"Go on without images that cannot be read and class folders without images."`
	Out            string         `required:"" help:"Folder for the training and the new manifest." type:"path" out:"folder"`
	Epochs         int            `help:"Passes over the training images." default:"${finetune_epochs}" range:"${finetune_epochs_range}"`
	Batch          int            `help:"Images a step." default:"${finetune_batch}" range:"${finetune_batch_range}"`
	LR             float64        `name:"lr" help:"Learning rate at the start of the cosine." default:"${finetune_lr}" range:"${train_lr_range}"`
	WeightDecay    float64        `help:"Not on batch norm and biases." default:"${finetune_weight_decay}" range:"${finetune_weight_decay_range}"`
	LabelSmoothing float64        `help:"Probability spread over all classes." default:"${finetune_label_smoothing}" range:"${finetune_label_smoothing_range}"`
	FreezeEpochs   float64        `help:"Epochs in which all but the classifier stands still." default:"0" range:"${finetune_freeze_epochs_range}"`
	Augment        string         `help:"What happens to training images at random: none, light, standard, strong, or a YAML file (docs/training.md)." default:"light" type:"source"`
	Budget         *time.Duration `help:"Time for measuring the latency before and after; default what it needs." range:"1ms..168h"`
	Export         []string       `help:"Formats that the network is written in for other programs too, beside its manifest: onnx, tflite or none." enum:"onnx,tflite,none" default:"onnx,tflite"`
	Resume         bool           `help:"Go on from the last checkpoint, if there is one."`
	timedFlags
}

func (c *finetuneCmd) job(g *Globals) (refine.FinetuneJob, error) {
	config, err := c.config(g)
	if err != nil {
		return refine.FinetuneJob{}, err
	}
	j := refine.FinetuneJob{
		Manifest: c.Manifest, Config: config, Dir: c.Out,
		Images: refine.FinetuneImages{Path: c.Data, Holdout: c.Holdout,
			SkipDamaged: c.SkipDamaged},
		Workers: g.Workers, Resume: c.Resume, Say: g.say, Warn: g.warn, Opened: g.opened,
		Progress: func(what string, done, total int) {
			g.saving.Store(strings.HasPrefix(what, refine.FinetuneTraining))
			g.progress(what, float64(done), float64(total))
		},
	}
	give(&j.Budget, c.Budget)
	if c.FreezeEpochs > float64(c.Epochs) {
		return j, usagef("--freeze-epochs is %v, expected at most --epochs, which is %d",
			c.FreezeEpochs, c.Epochs)
	}
	j.Export, err = exportFormats(c.Export)
	return j, err
}

func (c *finetuneCmd) config(g *Globals) (prune.Config, error) {
	p := prune.FinetuneDefaults()
	p.Epochs, p.Batch, p.Seed, p.LR, p.FreezeEpochs = c.Epochs, c.Batch, g.Seed, c.LR,
		c.FreezeEpochs
	p.Optimizer.WeightDecay, p.LabelSmoothing = c.WeightDecay, c.LabelSmoothing
	a, err := trainer.LoadAugment(c.Augment)
	if a != trainer.Defaults().Augment { // which is what happens without
		p.Augment = a
	}
	return p, err
}

// Run trains a winner further.
func (c *finetuneCmd) Run(ctx context.Context, g *Globals) error {
	j, err := c.job(g)
	if err != nil {
		return err
	}
	var r *refine.FinetuneResult
	err = c.with(ctx, g, c.Manifest, true, func(rt profiles.Runtime) (err error) {
		j.Runtime = rt
		r, err = refine.Finetune(ctx, j)
		return err
	})
	if err != nil {
		return goesOn(ctx, err)
	}
	return g.result(r, func(w io.Writer) { printFinetuned(w, r) })
}

// printFinetuned is the table of before and after.
func printFinetuned(w io.Writer, r *refine.FinetuneResult) {
	fmt.Fprintf(w, "\nfine-tuned %s", shown(r.Parent))
	if r.NewClassifier {
		fmt.Fprint(w, " with a new classifier for other classes")
	}
	fmt.Fprint(w, "\n\n")
	t := &table{headings: 1, right: true}
	t.row("", "TOP-1", "LATENCY", "FILE", "MACS")
	for _, row := range []struct {
		name string
		f    manifest.PrunedFigures
	}{{"before", r.Before}, {"after", r.After}} {
		top1 := "-" // of a classifier that knows nothing
		if row.f.Images > 0 {
			top1 = fmt.Sprintf("%.2f %%", 100*row.f.Top1)
		}
		t.row(row.name, top1, latency(row.f.LatencyMS), bytesText(row.f.FileBytes),
			large(row.f.MACs))
	}
	t.print(w)
	fmt.Fprintf(w, "\ntop-1 on %d test images\n", r.After.Images)
	if r.Unstable {
		fmt.Fprintln(w, "the machine was too noisy to trust the latencies; time the network again with tailor eval when it is quiet")
	}
	fmt.Fprintf(w, "wrote %s%s\n", shown(r.Manifest), withExports(r.Exports))
}
