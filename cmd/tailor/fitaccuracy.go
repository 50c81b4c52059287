package main

import (
	"context"
	"fmt"
	"io"
	"math"

	"github.com/tailor-nas/tailor/internal/genesearch"
	"github.com/tailor-nas/tailor/internal/pipeline"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/genes"
	"github.com/tailor-nas/tailor/predictor/regress"
)

type fitAccuracyCmd struct {
	spaceFlags
	pageFlags
	Genes       string `help:"Or the genes of --measured, where it is a table of other things than networks: the number of choices of each, or a YAML file." placeholder:"5,5,5|FILE" xor:"space" required:"" type:"source" with:"measured" without:"model|report"`
	Value       string `help:"Key, or heading, of the values of --measured." default:"value" with:"genes"`
	Measured    string `help:"Fit to this file instead of measuring: a line of JSON for each sub-network, with its arch, and as value its top-1 as a share." type:"path"`
	Data        string `help:"The run's data; default where it was when training." type:"source" without:"measured"`
	Samples     int    `help:"Sub-networks to measure at most." default:"400" range:"10..131072" without:"measured"`
	NoStop      bool   `help:"Measure all of --samples, even if the last doubling lowered the error by less than 5 %." without:"measured"`
	Images      *int   `help:"Held-out images for each. Default all." range:"1..100000000" without:"measured"`
	Calibration int    `help:"Training images for batch norm calibration." default:"1000" range:"1..100000000" without:"measured"`
	Store       string `help:"File that keeps every measurement; default measurements.sqlite in the run." type:"path" out:"store" without:"measured"`
	queueFlags
	Model string `help:"Model to fit: ridge (with small networks), mlp (OFA's), or auto, the better one by cross-validation." enum:"auto,ridge,mlp" default:"auto"`
	Out   string `required:"" help:"File to write." type:"path" out:"accuracy" outwith:"genes=gene-accuracy"`
	outFlags
}

// fitAccuracyResult is the JSON.
type fitAccuracyResult struct {
	fitResult
	Images       int                           `json:"images,omitempty"`
	Composite    *regress.Composite            `json:"composite,omitempty"`
	Fitted       *regress.HeldOut              `json:"heldout_fitted,omitempty"`
	ByResolution []predictor.ResolutionHeldOut `json:"heldout_by_resolution,omitempty"`
	Curve        []regress.CurvePoint          `json:"learning_curve"`
	Candidates   []regress.Candidate           `json:"candidates"`
}

// Run measures and fits.
func (c *fitAccuracyCmd) Run(ctx context.Context, g *Globals) error {
	if c.Genes != "" {
		return fitGenes(ctx, g, c.Genes, genesearch.FitJob{Quantity: genes.Accuracy,
			Files: []string{c.Measured}, Value: c.Value}, c.Out)
	}
	return g.withPage(ctx, c.Report, []string{c.Out, c.RunDir},
		func() error { return c.fitted(ctx, g) })
}

func (c *fitAccuracyCmd) fitted(ctx context.Context, g *Globals) error {
	a, err := c.fit(ctx, g)
	if err != nil {
		return err
	}
	if err := a.Save(c.Out); err != nil {
		return err
	}
	r := fitAccuracyResult{fitResult: fitResult{c.Out, a.Samples, a.HeldOut}, Images: a.Images,
		Composite: a.Composite, ByResolution: a.ByResolution, Curve: a.Curve,
		Candidates: a.Candidates}
	if a.Composite != nil {
		r.Fitted = &a.FittedHeldOut
	}
	return g.result(r, r.print)
}

func (c *fitAccuracyCmd) fit(ctx context.Context, g *Globals) (*predictor.Accuracy, error) {
	settings := regress.Defaults()
	if settings.Seed = g.Seed; c.Model != "auto" {
		settings.Model = c.Model
	}
	space, run, err := c.load()
	if err != nil {
		return nil, err
	}
	if c.Measured != "" {
		return pipeline.FitMeasured(ctx, space, c.Measured, settings)
	}
	if run == nil {
		return nil, usagef("--space needs --measured; to measure sub-networks, name a run with --run")
	}
	g.trained(run)
	images := 0 // all
	give(&images, c.Images)
	d, err := run.OpenData(c.Data)
	if err != nil {
		return nil, err
	}
	g.opened(d)
	elsewhere, done, err := c.queueFlags.measurer(ctx, g)
	if err != nil {
		return nil, err
	}
	defer done()
	return pipeline.FitAccuracy(ctx, pipeline.AccuracyJob{
		Run: run, Data: d, Measurements: c.Store, Samples: c.Samples, All: c.NoStop, Images: images,
		Calibration: c.Calibration, Elsewhere: elsewhere,
		Fit: settings, Workers: g.Workers, Seed: g.Seed, Say: g.say,
		Progress: func(done, total int) {
			g.progress("measure accuracy", float64(done),
				float64(total))
		},
	})
}

// fewImages is below how many the chance of a measurement is worth a line: with as many its
// standard error is 1.6 points.
const fewImages = 1000

// worstError is the standard error of a share of n images, where it is largest: at one half.
func worstError(n int) float64 { return 0.5 / math.Sqrt(float64(n)) }

func (r *fitAccuracyResult) print(w io.Writer) {
	fmt.Fprintf(w, "fitted accuracy to %d sub-networks", r.Samples)
	if r.Images > 0 {
		fmt.Fprintf(w, ", %d images each", r.Images)
	}
	fmt.Fprintln(w)
	if r.Images > 0 && r.Images < fewImages {
		fmt.Fprintf(w, "  by chance alone, the top-1 of %d images is off by up to %.1f points (standard error): more held-out images (train --holdout) tell networks apart better\n",
			r.Images, 100*worstError(r.Images))
	}
	if c := r.Composite; c != nil {
		fmt.Fprintf(w, "  learned from estimates: %.0f %% the top-1 measured, %.0f %% what the divergence from the largest network's answers says of it\n",
			100*c.Weight, 100*(1-c.Weight))
	}
	t := &table{headings: 1, right: true}
	line := func(name string, h regress.HeldOut) {
		t.row("  "+name, fmt.Sprint(h.Samples), fmt.Sprintf("%.2f points", 100*h.RMSE),
			fmt.Sprintf("%.2f", h.KendallTau), fmt.Sprintf("%.2f", h.Spearman))
	}
	t.row("  HELD-OUT ERROR", "NETWORKS", "RMSE", "KENDALL TAU", "SPEARMAN")
	line("all", r.HeldOut)
	for _, h := range r.ByResolution {
		line(fmt.Sprintf("at %d px", h.Resolution), h.HeldOut)
	}
	of, fitted := "", r.HeldOut // what all below is the error of
	if r.Fitted != nil {
		of, fitted = ", of the estimates", *r.Fitted
		line("all"+of, fitted)
	}
	for _, p := range r.Curve[:len(r.Curve)-1] {
		line(fmt.Sprintf("from %d samples", p.TrainedOn)+of, p.HeldOut)
	}
	line(fmt.Sprintf("from %d samples", r.Curve[len(r.Curve)-1].TrainedOn)+of, fitted)
	for _, m := range r.Candidates[1:] {
		line("with "+m.Model+of, m.HeldOut)
	}
	t.print(w)
	fmt.Fprintf(w, "model %s\n", r.Candidates[0].Model)
	fmt.Fprintln(w, "wrote", shown(r.Predictor))
}
