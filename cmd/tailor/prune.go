package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tailor-nas/tailor/internal/refine"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
	"github.com/tailor-nas/tailor/trainer/prune"
)

type pruneCmd struct {
	Manifest   string         `arg:"" help:"Manifest of a network with weights, as search writes it, or its folder." type:"path"`
	Data       string         `help:"The images that it was trained on; default where they were then." type:"source"`
	Out        string         `required:"" help:"Folder for the pruning run and the new manifest." type:"path" out:"folder"`
	Structure  string         `help:"What is removed together: weights, vectors8, vectors16 (runs of output channels), or channels (what is left is a narrower dense network)." enum:"weights,vectors8,vectors16,channels" default:"weights"`
	Method     string         `help:"How the weights are trained: ssgd, magnitude, l1, powerprop, one-shot; auto is what did best in our comparison." enum:"auto,ssgd,magnitude,l1,powerprop,one-shot" default:"auto"`
	Sparsity   *portion       `help:"Share of the removable weights to remove, such as 0.9 or 90%." xor:"goal" range:"${prune_sparsity_range}"`
	MaxLatency *time.Duration `help:"Remove so much of each block that the network takes at most so long, such as 3ms." xor:"goal" range:"1ns..1000h"`
	MaxParams  count          `help:"Remove so much of each block that at most so many parameters are left, such as 1M." xor:"goal"`
	Latency    string         `help:"File that fit latency wrote to a profile --sparse; without it pruned blocks are measured." type:"path" with:"max-latency"`
	Budget     *time.Duration `help:"Time for each measurement of latency; default what it needs." range:"1ms..168h"`
	Criterion  string         `help:"How weights of different layers are compared: lamp, global (by size alone), fisher (by what the loss is expected to grow by) or layer (the same share of each). Default fisher." enum:",lamp,global,fisher,layer" default:""`
	Epochs     int            `help:"Passes over the training images." default:"${prune_epochs}" range:"${prune_epochs_range}"`
	Batch      int            `help:"Images a step." default:"${prune_batch}" range:"${prune_batch_range}"`
	LR         *float64       `name:"lr" help:"Learning rate. Default ${prune_lr}." range:"${train_lr_range}"`
	Decay      *float64       `name:"weight-decay" help:"Not on batch norm and biases. Default ${prune_weight_decay}, of ssgd and powerprop with --at-once ${at_once_decay}." range:"${prune_weight_decay_range}"`
	Distill    *float64       `help:"Share of the target that is the unpruned network's answer, 0 to 1. Default ${prune_distill}." range:"${prune_distill_range}"`
	Measure    string         `help:"ssgd: diversity measure, log-l2, log-l1 or p-norm. Default p-norm." enum:",log-l2,log-l1,p-norm" default:""`
	P          *float64       `help:"ssgd: p of p-norm, above 0, at most 2. Default 1." range:"1e-9..2"`
	Epsilon    *float64       `help:"ssgd: epsilon at the start, relative to a layer's weights; smaller is a stronger push to sparsity. Default 1, with --at-once 0.1." range:"${prune_epsilon_range}"`
	EpsilonEnd *float64       `help:"ssgd: epsilon at the end. Default 0.1." range:"${prune_epsilon_end_range}"`
	Lambda     *float64       `help:"ssgd, l1: weight of a penalty. Default 1e-5 of l1, 0 of ssgd, which has none in the paper." range:"${prune_lambda_range}"`
	Regrow     *float64       `help:"Share of what is left that is exchanged each time for weights with large gradients." range:"${prune_regrow_range}"`
	Export     []string       `help:"Formats that the network is written in for other programs too, beside its manifest: onnx, tflite or none." enum:"onnx,tflite,none" default:"onnx,tflite"`
	AtOnce     bool           `help:"Remove everything at the end of training, and train no more, which costs more top-1 than removing meanwhile; after long training powerprop and ssgd lose least then."`
	Resume     bool           `help:"Go on from the last checkpoint, if there is one."`
	timedFlags
}

// config are the settings, with the method's defaults where nothing was given.
func (c *pruneCmd) config(g *Globals) prune.Config {
	structure := supernet.Structure(c.Structure)
	method := prune.Method(c.Method)
	if c.Method == "auto" {
		method = prune.Auto(c.AtOnce)
	}
	p := prune.Defaults(method, structure)
	if c.AtOnce {
		p = p.AtOnce()
	}
	if c.Criterion != "" {
		p.Criterion = prune.Criterion(c.Criterion)
	}
	p.Epochs, p.Batch, p.Seed = c.Epochs, c.Batch, g.Seed
	for _, f := range []struct {
		given *float64
		into  *float64
	}{
		{(*float64)(c.Sparsity), &p.Sparsity}, {c.LR, &p.LR}, {c.Decay, &p.Optimizer.WeightDecay},
		{c.Distill, &p.Distill}, {c.P, &p.Optimizer.Scaling.P},
		{c.Epsilon, &p.Optimizer.Scaling.Epsilon}, {c.EpsilonEnd, &p.Optimizer.Scaling.EpsilonEnd},
		{c.Lambda, &p.Optimizer.Lambda}, {c.Regrow, &p.Regrow},
	} {
		if f.given != nil {
			*f.into = *f.given
		}
	}
	if c.Measure != "" {
		p.Optimizer.Scaling.Measure = trainer.Measure(c.Measure)
		if c.P == nil && p.Optimizer.Scaling.Measure != trainer.PNorm {
			p.Optimizer.Scaling.P = 0
		}
	}
	return p
}

// check refuses what the parser cannot see, before anything is read.
func (c *pruneCmd) check(p prune.Config) error {
	m, s := p.Method, p.Optimizer.Scaling
	ssgd := c.Measure != "" || c.P != nil || c.Epsilon != nil || c.EpsilonEnd != nil
	switch {
	case c.Sparsity == nil && c.MaxLatency == nil && c.MaxParams == 0:
		return usagef("say how much to remove: --sparsity 0.9, --max-latency 3ms or --max-params 1M")
	case ssgd && m != prune.SSGD:
		return usagef("--measure, --p and --epsilon are for --method ssgd, not for %s", m)
	case c.MaxLatency != nil && c.Structure != string(supernet.Channels) && c.Runtime != "" &&
		c.Runtime != "native":
		return usagef("zeros make nothing faster in %s: --max-latency can be met there with --structure channels, which leaves a narrower network", c.Runtime)
	case c.Lambda != nil && m != prune.SSGD && m != prune.L1:
		return usagef("--lambda is for --method ssgd or l1, not for %s", m)
	case c.P != nil && c.Measure != "" && c.Measure != string(trainer.PNorm):
		return usagef("--p is for --measure p-norm, not for %s", c.Measure)
	case s.EpsilonEnd > s.Epsilon:
		return usagef("epsilon would rise from --epsilon, which is %g, to --epsilon-end, which is %g, and must fall or stay: give --epsilon-end of at most %g", s.Epsilon, s.EpsilonEnd, s.Epsilon)
	}
	return c.checkRegrow(m)
}

// checkRegrow refuses regrowth where there is none.
func (c *pruneCmd) checkRegrow(m prune.Method) error {
	switch {
	case c.Regrow == nil || *c.Regrow == 0:
	case c.Structure == string(supernet.Channels):
		return usagef("--regrow is for weights and vectors: channels do not grow again, as one of zeros has no gradients")
	case c.AtOnce || m == prune.OneShot:
		return usagef("--regrow is for removal on the way: with --at-once or --method one-shot everything goes at the end")
	case m == prune.Powerprop:
		return usagef("--regrow is not for --method powerprop, which never moves a weight that is zero")
	}
	return nil
}

func (c *pruneCmd) job(g *Globals) (refine.PruneJob, error) {
	j := refine.PruneJob{
		Manifest: c.Manifest, Data: c.Data, Config: c.config(g), MaxParams: int64(c.MaxParams),
		Dir: c.Out, Workers: g.Workers, Resume: c.Resume, Say: g.say,
		Warn: g.warn, Opened: g.opened,
		Progress: func(what string, done, total int) {
			g.pruneProgress(what, float64(done),
				float64(total))
		},
	}
	var err error
	if j.Export, err = exportFormats(c.Export); err != nil {
		return j, err
	}
	give(&j.Budget, c.Budget)
	if c.MaxLatency != nil {
		j.MaxLatencyMS = float64(*c.MaxLatency) / float64(time.Millisecond)
	}
	if err := c.check(j.Config); err != nil || c.Latency == "" {
		return j, err
	}
	m, net, err := manifest.Open(c.Manifest)
	if err != nil || net == nil { // which the job will say
		return j, err
	}
	space, err := supernet.LoadSpace(m.SpaceName)
	if err != nil {
		return j, fmt.Errorf("--latency is for a shipped space: %w", err)
	}
	j.Latency, err = g.loadLatency(c.Latency, space.For(net.Blocks[len(net.Blocks)-1].Out.C,
		net.Blocks[0].In.C))
	return j, err
}

// pruneProgress is progress of what saves its state while it trains.
func (g *Globals) pruneProgress(what string, done, total float64) {
	g.saving.Store(strings.HasPrefix(what, refine.PruneTraining))
	g.progress(what, done, total)
}

// Run prunes.
func (c *pruneCmd) Run(ctx context.Context, g *Globals) error {
	j, err := c.job(g)
	if err != nil {
		return err
	}
	var r *refine.PruneResult
	channels := j.Config.Structure == supernet.Channels
	err = c.with(ctx, g, c.Manifest, channels, func(rt profiles.Runtime) (err error) {
		j.Runtime = rt
		r, err = refine.Prune(ctx, j)
		return err
	})
	if err != nil {
		return goesOn(ctx, err)
	}
	if err := g.result(r, func(w io.Writer) { printPruned(w, r) }); err != nil || !r.OverBudget {
		return err
	}
	return fmt.Errorf("%w: the network takes %s, --max-latency is %s: prune again on a quiet machine, or to less", errMissed, latency(r.After.LatencyMS), latency(j.MaxLatencyMS))
}

// errMissed says that a network was written that is not within its limit.
var errMissed = errors.New("the limit was missed")

// goesOn adds to the error of an interruption how to go on.
func goesOn(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, trainer.ErrInterrupted):
		return fmt.Errorf("%w; the same command with --resume goes on", err)
	case ctx.Err() != nil: // it was measuring or testing
		return fmt.Errorf("interrupted: %w; the same command with --resume goes on", err)
	}
	return err
}

// printPruned is the table of before and after.
func printPruned(w io.Writer, r *refine.PruneResult) {
	fmt.Fprintf(w, "\npruned %s by %s: %.1f %% of the removable weights are gone%s\n\n",
		shown(r.Parent), r.Method, 100*r.Sparsity, inUnits(r.Structure))
	t := &table{headings: 1, right: true}
	t.row("", "TOP-1", "LATENCY", "FILE", "WEIGHTS LEFT", "MACS", "MACS LEFT")
	for _, row := range []struct {
		name string
		f    manifest.PrunedFigures
	}{{"before", r.Before}, {"after", r.After}} {
		f := row.f
		t.row(row.name, fmt.Sprintf("%.2f %%", 100*f.Top1), latency(f.LatencyMS),
			bytesText(f.FileBytes), large(f.NonZero)+" of "+large(f.Weights),
			large(f.MACs), large(f.MACsNonZero))
	}
	t.print(w)
	fmt.Fprintf(w, "\n%.2f times as fast, %.2f times as small, %+.2f points of top-1 on %d test images\n", r.Before.LatencyMS/r.After.LatencyMS,
		float64(r.Before.FileBytes)/float64(r.After.FileBytes), 100*(r.After.Top1-r.Before.Top1),
		r.After.Images)
	if r.MaxParams > 0 {
		fmt.Fprintf(w, "%d parameters that are not zero before, %d after; --max-params was %d\n",
			r.ParamsBefore, r.ParamsAfter, r.MaxParams)
	}
	if r.MaxLatencyMS > 0 && r.PredictedMS > 0 {
		fmt.Fprintf(w, "%s with as much removed before training, %s in the end; --max-latency was %s\n",
			latency(r.PredictedMS), latency(r.After.LatencyMS), latency(r.MaxLatencyMS))
	}
	if r.OverBudget {
		fmt.Fprintln(w, "the latency measured is over the budget")
	}
	if r.Unstable {
		fmt.Fprintln(w, "the machine was too noisy to trust the latencies; time the network again with tailor eval when it is quiet")
	}
	if len(r.Exports) > 0 && r.Structure != supernet.Channels && r.Sparsity > 0 {
		fmt.Fprintln(w, "zeros make tailor's own engine faster and its file smaller; files for other programs hold every zero: only --structure channels makes those smaller and faster")
	}
	fmt.Fprintf(w, "wrote %s%s\n", shown(r.Manifest), withExports(r.Exports))
}

// inUnits says in what the removed weights lie together: a share of channels is not a share of
// their weights, as channels of different blocks have differently many.
func inUnits(s supernet.Structure) string {
	switch {
	case s == supernet.Channels:
		return ", in whole channels"
	case s.Run() > 0:
		return fmt.Sprintf(", in runs of %d", s.Run())
	}
	return ""
}

// bytesText is a size of a file.
func bytesText(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.2f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.2f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%d B", n)
}
