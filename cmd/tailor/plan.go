package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tailor-nas/tailor/internal/amount"
	"github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// planResult is the JSON of train --plan.
type planResult struct {
	*trainer.Plan
	Advice []string `json:"advice,omitempty"`
}

// plan prints what a job takes.
func (g *Globals) plan(ctx context.Context, job trainer.Job) error {
	job.Opened, job.Warn = g.opened, g.warn
	p, err := trainer.NewPlan(ctx, job)
	if err != nil {
		return err
	}
	advice, err := adviceFor(ctx, p)
	if err != nil {
		return err
	}
	return g.result(planResult{p, advice}, func(w io.Writer) {
		for _, line := range append(planLines(p), advice...) {
			fmt.Fprintln(w, line)
		}
	})
}

// sayPlan is the first thing that a training says.
func (g *Globals) sayPlan(ctx context.Context, p *trainer.Plan) {
	advice, err := adviceFor(ctx, p)
	if err != nil { // the run is about to find the same
		return
	}
	for _, line := range append(planLines(p), advice...) {
		g.say("%s", line)
	}
}

// planLines are the plan for people.
func planLines(p *trainer.Plan) []string {
	var steps, costs []string
	for i, f := range p.Phases {
		steps = append(steps, amount.Thousands(f.Steps)+" "+f.Name)
		if i == 0 || f.StepSeconds != p.Phases[i-1].StepSeconds {
			costs = append(costs, latency(1000*f.StepSeconds))
		}
	}
	left := ""
	if p.StepsDone > 0 {
		left = fmt.Sprintf(" for what is left after step %s", amount.Thousands(p.StepsDone))
	}
	lines := []string{
		fmt.Sprintf("plan: %s images, %s steps (%s), about %s%s", amount.Thousands(p.TrainImages),
			amount.Thousands(p.Steps), strings.Join(steps, ", "), about(p.Duration()), left),
		fmt.Sprintf("  %s with %s, %s of %s, each %s; %s of memory, %s", p.Space, p.Strategy,
			amount.Of(p.Epochs, "epoch"), amount.Of(p.StepsPerEpoch, "step"),
			strings.Join(costs, ", then "),
			bytesText(p.MemoryBytes), amount.Of(p.Workers, "worker")),
		augmentLine(p),
	}
	lines = append(lines, phaseLines(p)...)
	for _, note := range p.Notes {
		lines = append(lines, "  "+note)
	}
	return lines
}

// phaseLines are the parts of a plan: how long, with what rate, and what they cost on any machine.
func phaseLines(p *trainer.Plan) (lines []string) {
	for _, f := range p.Phases {
		networks := amount.Of(f.Networks, "network")
		if f.Teacher {
			networks += " and the teacher"
		}
		took := time.Duration(f.StepSeconds * float64(f.Steps) * float64(time.Second))
		lines = append(lines, fmt.Sprintf(
			"  %s: %.4g epochs of %s, rate %.3g to %.3g, %sMACs times images, %s", f.Name,
			f.Epochs, networks, f.LR, f.LREnd, large(int64(f.ImageMACs)), about(took)))
	}
	return append(lines, fmt.Sprintf("  in all %sMACs times images", large(int64(p.ImageMACs))))
}

// longTraining is from when on a plan comes with advice.
const longTraining = 24 * time.Hour

// adviceFor says what to do where a run is too much for this machine.
func adviceFor(ctx context.Context, p *trainer.Plan) ([]string, error) {
	d, err := device.Describe(ctx)
	if err != nil {
		return nil, err
	}
	return advise(p, int64(d.MemoryBytes)), nil
}

// advise is adviceFor a machine with so much memory, 0 if that is not known.
func advise(p *trainer.Plan, memory int64) (advice []string) {
	if memory > 0 && p.MemoryBytes > memory*9/10 {
		advice = append(advice,
			fmt.Sprintf("  this needs %s of memory, and the machine has %s: choose a smaller --batch (now %d), or a space of smaller images or networks (tailor spaces)",
				bytesText(p.MemoryBytes), bytesText(memory), p.Batch))
	}
	if p.Duration() > longTraining {
		advice = append(advice,
			fmt.Sprintf("  this takes %s here: choose fewer --epochs (now %d), a smaller space (tailor spaces), or a machine with more processors",
				about(p.Duration()), p.Epochs))
	}
	if rest := p.TrainImages - p.StepsPerEpoch*p.Batch; rest*10 > p.TrainImages {
		advice = append(advice,
			fmt.Sprintf("  steps take --batch %d images each, so that every epoch leaves out %s of the %s, others each time: a smaller --batch leaves out fewer",
				p.Batch, amount.Thousands(rest), amount.Thousands(p.TrainImages)))
	}
	return advice
}

// weightBytes is what training keeps of each weight: value, gradient and momentum.
const weightBytes = 12

// checkSize refuses a space whose weights alone are more than this machine holds, before the system
// ends the program without a word.
func checkSize(ctx context.Context, s *supernet.Space) error {
	d, err := device.Describe(ctx)
	if err != nil {
		return err
	}
	return fits(s, int64(d.MemoryBytes))
}

// fits is checkSize on a machine with so much memory, 0 if that is not known.
func fits(s *supernet.Space, memory int64) error {
	params := costsOf(s, s.Max()).Params
	if memory > 0 && params > memory/weightBytes {
		return fmt.Errorf("the %s weights of space %s need %s of memory to train, and the machine has %s: choose a space of narrower or fewer blocks (tailor spaces)",
			large(params), s.Name, bytesText(weightBytes*params), bytesText(memory))
	}
	return nil
}
