package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/tailor-nas/tailor/internal/walk"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/supernet"
)

type searchCmd struct {
	spaceFlags
	Accuracy    string          `required:"" help:"File that fit accuracy wrote." type:"path"`
	Latency     string          `help:"File that fit latency wrote." type:"path"`
	MaxLatency  []time.Duration `help:"Latency budget such as 5ms; several, separated by commas, give a winner each."`
	MaxMACs     count           `name:"max-macs" help:"Limit of multiply-accumulates, such as 50M."`
	MaxParams   count           `help:"Limit of parameters, such as 2M."`
	Top         int             `help:"Winners for each budget." default:"1"`
	Evaluations int             `help:"Sub-networks to look at, at most." default:"20000"`
	Verify      bool            `help:"Measure the winners' accuracy and, on the profiled device, latency. Needs --run." default:"true" negatable:""`
	Data        string          `help:"The run's data; default where it was when training."`
	Out         string          `required:"" help:"Folder for the manifests, a folder each." type:"path"`
}

func (c *searchCmd) limits() ([]search.Limits, error) {
	base := search.Limits{MACs: int64(c.MaxMACs), Params: int64(c.MaxParams)}
	if len(c.MaxLatency) == 0 {
		return []search.Limits{base}, nil
	}
	if c.Latency == "" {
		return nil, usagef("--max-latency needs --latency FILE; make one with tailor profile and tailor fit latency")
	}
	var all []search.Limits
	for _, d := range c.MaxLatency {
		if d <= 0 {
			return nil, usagef("--max-latency %v: expected a time above 0, such as 5ms", d)
		}
		l := base
		l.LatencyMS = float64(d) / float64(time.Millisecond)
		all = append(all, l)
	}
	return all, nil
}

// Run searches.
func (c *searchCmd) Run(ctx context.Context, g *Globals) error {
	limits, err := c.limits()
	if err != nil {
		return err
	}
	space, run, err := c.load()
	if err != nil {
		return err
	}
	j := walk.SearchJob{
		Space: space, Run: run, Limits: limits, Top: c.Top, Dir: c.Out, Workers: g.Workers,
		Config:   search.Config{Seed: g.Seed, Evaluations: c.Evaluations},
		Progress: func(what string, done, total int) { g.progress(what, float64(done), float64(total)) },
	}
	if err := c.predictors(&j, space); err != nil {
		return err
	}
	if run != nil {
		if j.Data, err = run.OpenData(c.Data); err != nil {
			return err
		}
	}
	if j.Verify = run != nil && c.Verify; j.Verify && j.Latency != nil {
		j.Runtime = walk.NativeLike(j.Latency.Runtime)
	}
	result, err := walk.Search(ctx, j)
	if err != nil {
		return err
	}
	return g.result(result, func(w io.Writer) {
		printWinners(w, result.Winners)
		fmt.Fprintf(w, "looked at %d sub-networks in %.2f s\n", result.Evaluations, result.Seconds)
	})
}

func (c *searchCmd) predictors(j *walk.SearchJob, space *supernet.Space) error {
	var err error
	if j.Accuracy, err = predictor.LoadAccuracy(c.Accuracy, space); err != nil {
		return err
	}
	if c.Latency != "" {
		j.Latency, err = predictor.LoadLatency(c.Latency, space)
	}
	return err
}

// printWinners prints the table of winners: what was asked for, predicted and measured.
func printWinners(w io.Writer, winners []walk.Winner) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "BUDGET\tTOP-1 PREDICTED\tMEASURED\tLATENCY PREDICTED\tMEASURED\tMACS\tPARAMS\t")
	for _, x := range winners {
		fmt.Fprintf(t, "%s\t%.1f %%\t%s\t%s\t%s\t%s\t%s\t\n", budgetText(x.Limits), 100*x.Predicted.Top1, measuredTop1(x), milliseconds(x.Predicted.LatencyMS),
			measuredLatency(x), large(x.MACs), large(x.Params))
	}
	t.Flush()
	for _, x := range winners {
		fmt.Fprintln(w, "wrote", x.Manifest)
	}
}

func budgetText(l search.Limits) string {
	switch {
	case l.LatencyMS > 0:
		return milliseconds(l.LatencyMS)
	case l.MACs > 0:
		return large(l.MACs) + " MACs"
	case l.Params > 0:
		return large(l.Params) + " params"
	}
	return "none"
}

func milliseconds(ms float64) string {
	if ms == 0 {
		return "-"
	}
	return fmt.Sprintf("%.3f ms", ms)
}

func measuredTop1(x walk.Winner) string {
	if x.Measured == nil || x.Measured.Images == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*x.Measured.Top1)
}

func measuredLatency(x walk.Winner) string {
	if x.Measured == nil {
		return "-"
	}
	text := milliseconds(x.Measured.LatencyMS)
	if x.Measured.Unstable {
		text += " (noisy)"
	}
	return text
}
