package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/walk"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

type evalCmd struct {
	Manifest    string `arg:"" optional:"" help:"Manifest with weights, or its folder: test and time its network again." type:"path"`
	RunDir      string `name:"run" help:"Or the folder that train wrote: test sub-networks of it." type:"path"`
	Data        string `help:"The run's data; default where it was when training."`
	Arch        string `help:"max, min, random:N, or an arch as JSON." default:"max"`
	Split       string `help:"Images to test on: test or val." enum:"test,val" default:"test"`
	Calibration int    `help:"Training images for batch norm calibration." default:"2000"`
}

// evalResult is the accuracy of one sub-network.
type evalResult struct {
	Arch   supernet.Spec `json:"arch"`
	Top1   float64       `json:"top1"`
	Images int           `json:"images"`
	costs
}

// Run evaluates; with one arch the JSON is that arch's object, with more it is a list in "archs".
func (c *evalCmd) Run(ctx context.Context, g *Globals) error {
	switch {
	case (c.Manifest == "") == (c.RunDir == ""):
		return usagef("name a manifest, or a run with --run DIR")
	case c.Manifest != "":
		return c.again(ctx, g)
	}
	run, err := trainer.OpenRun(c.RunDir)
	if err != nil {
		return err
	}
	space := run.Info.Space
	archs, err := parseArchs(c.Arch, space, g.Seed)
	if err != nil {
		return err
	}
	d, err := run.OpenData(c.Data)
	if err != nil {
		return err
	}
	g.opened(d)
	e, err := trainer.NewEvaluator(run.Net, d, trainer.EvalSettings{CalibrationImages: c.Calibration, Workers: g.Workers, Seed: run.Info.Config.Seed})
	if err != nil {
		return err
	}
	defer e.Close()
	set := map[string]data.Set{"test": d.Test, "val": d.Val}[c.Split]
	var results []evalResult
	for i, a := range archs {
		g.progress("evaluate", float64(i), float64(len(archs)))
		top1, err := e.Top1(ctx, a, set)
		if err != nil {
			return err
		}
		results = append(results, evalResult{space.Spec(a), top1, set.Len(), costsOf(space, a)})
	}
	var object any = map[string]any{"archs": results}
	if len(results) == 1 {
		object = results[0]
	}
	return g.result(object, func(w io.Writer) {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintf(t, "TOP-1\tMACS\tPARAMS\tARCH (%s, %d images)\n", c.Split, set.Len())
		for _, r := range results {
			fmt.Fprintf(t, "%.2f %%\t%s\t%s\td=%v ks=%v e=%v r=%v\n", 100*r.Top1, large(r.MACs), large(r.Params), r.Arch.D, r.Arch.KS, r.Arch.E, r.Arch.R)
		}
		t.Flush()
	})
}

// again tests and times the network of a manifest, and shows what it claims beside.
func (c *evalCmd) again(ctx context.Context, g *Globals) error {
	g.progress("test and time", 0, 1)
	a, err := walk.MeasureAgain(ctx, c.Manifest, c.Data, g.Workers, againBudget, g.Seed, g.opened)
	if err != nil {
		return err
	}
	return g.result(a, func(w io.Writer) {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(t, "\tTOP-1\tLATENCY\tIMAGES\t")
		if m := a.Claimed; m != nil {
			fmt.Fprintf(t, "claimed\t%.2f %%\t%.4g ms\t%d\t\n", 100*m.Top1, m.LatencyMS, m.Images)
		}
		fmt.Fprintf(t, "found\t%.2f %%\t%.4g ms\t%d\t\n", 100*a.Top1, a.LatencyMS, a.Images)
		t.Flush()
		fmt.Fprintf(w, "%s MACs, %s parameters, %s weights that are not zero\n", large(a.MACs), large(a.Params), large(a.NonZero))
		if a.Unstable {
			fmt.Fprintln(w, "the machine was too noisy to trust the latency; run again when it is quiet")
		}
	})
}

// againBudget is for timing one network.
const againBudget = 3 * time.Second
