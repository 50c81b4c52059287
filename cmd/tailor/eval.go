package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/tailor-nas/tailor/internal/amount"
	"github.com/tailor-nas/tailor/internal/pipeline"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

type evalCmd struct {
	Manifest    string `arg:"" optional:"" oneof:"network" help:"Manifest with weights, or its folder: test and time its network again." type:"path"`
	RunDir      string `name:"run" oneof:"network" help:"Or the folder that train wrote: test sub-networks of it." type:"path"`
	Data        string `help:"Images to test on: the network's own data, where it is now, or any other of the same classes, which are found by their names. Default its own, where it was when training." type:"source"`
	SkipDamaged bool   `help:"Go on without images of --data that cannot be read and class folders without images." with:"data"`
	servedFlags
	Plot        string `help:"Draw the confusion matrix (what the images of each class were taken for) to this .svg, .png or .pdf." type:"path" out:"plot"`
	Arch        string `help:"max, min, random:N, or an arch as JSON." default:"max" with:"run"`
	Split       string `help:"Images to test on: test or val." enum:"test,val" default:"test" with:"run"`
	Calibration *int   `help:"Training images for batch norm calibration; 0 takes the statistics of an imported or adopted run. Default ${calibration}, but 0 for the largest network of an adopted run." range:"0..100000000" with:"run"`
}

// evalResult is the accuracy of one sub-network.
type evalResult struct {
	Arch   supernet.Spec `json:"arch"`
	Top1   float64       `json:"top1"`
	Images int           `json:"images"`
	costs
	OtherData bool `json:"other_data,omitempty"` // the images are not the run's
	// training images for its batch norm; 0: as it came with the weights
	CalibrationImages int `json:"calibration_images"`
	*pipeline.Answers     // where one sub-network is tested
}

// Run evaluates; with one arch the JSON is that arch's object, with more it is a list in "archs".
func (c *evalCmd) Run(ctx context.Context, g *Globals) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.Plot != "" {
		if err := pipeline.CheckPlot(c.Plot); err != nil {
			return err
		}
	}
	if c.Manifest != "" {
		return c.again(ctx, g)
	}
	run, err := trainer.OpenRun(c.RunDir)
	if err != nil {
		return err
	}
	g.trained(run)
	space := run.Info.Space
	archs, err := parseArchs(c.Arch, space, g.Seed)
	if err != nil {
		return err
	}
	images, err := pipeline.OpenRunTest(run, c.images())
	if err != nil {
		return err
	}
	d, set, other := images.Data, images.Set, images.Other
	switch {
	case c.Split == "val" && other:
		return usagef("--split val is of the run's own data: leave out --data %s, or --split",
			c.Data)
	case c.Split == "val":
		set = d.Val
	}
	if set.Len() == 0 {
		return fmt.Errorf("run %s has no validation images: it held none out of training", c.RunDir)
	}
	g.openedAs(images.Seen)
	settings := run.EvalDefaults()
	settings.Workers = g.Workers
	give(&settings.CalibrationImages, c.Calibration)
	settings.CalibrateAll = settings.CalibrateAll || c.Calibration != nil
	total := 0
	settings.Each = g.counting("evaluate", &total)
	e, err := trainer.NewEvaluator(run.Net, d, settings)
	if err != nil {
		return err
	}
	defer e.Close()
	for _, a := range archs {
		total += e.Calibrates(a) + set.Len()
	}
	var results []evalResult
	for _, a := range archs {
		counts, err := e.Confusion(ctx, a, set)
		if err != nil {
			return err
		}
		r := evalResult{Arch: space.Spec(a), Top1: counts.Top1(), Images: set.Len(),
			costs: costsOf(space, a), OtherData: other, CalibrationImages: e.Calibrates(a)}
		if len(archs) == 1 {
			answers := pipeline.NewAnswers(run.Info.Data.Classes, counts)
			r.Answers = &answers
		}
		results = append(results, r)
	}
	if c.Plot != "" {
		if err := results[0].Plot(c.Plot); err != nil {
			return err
		}
	}
	var object any = map[string]any{"archs": results}
	if len(results) == 1 {
		object = results[0]
	}
	return g.result(object, func(w io.Writer) {
		on := c.Split
		if other {
			on = c.Data
		}
		fmt.Fprintf(w, "on %s images: %s\n", amount.Thousands(set.Len()), on)
		if run.Info.Imported != nil {
			fmt.Fprintln(w, "batch norm:", batchNormText(results))
		}
		t := &table{headings: 1}
		t.row("TOP-1", "MACS", "PARAMS", "ARCH")
		for _, r := range results {
			t.row(fmt.Sprintf("%.2f %%", 100*r.Top1), large(r.MACs), large(r.Params),
				archText(r.Arch))
		}
		t.print(w)
		if len(results) == 1 {
			c.printAnswers(w, results[0].Answers)
		}
	})
}

// batchNormText says where the statistics of networks of an imported run are from.
func batchNormText(results []evalResult) string {
	own, images := 0, 0
	for _, r := range results {
		if r.CalibrationImages == 0 {
			own++
		}
		images = max(images, r.CalibrationImages)
	}
	calibrated := fmt.Sprintf("calibrated on %s training images", amount.Thousands(images))
	switch own {
	case 0:
		return calibrated
	case len(results):
		return "as it came with the weights (--calibration N measures it anew on N images)"
	}
	return calibrated + "; that of the largest network as it came with the weights"
}

// images are those to test on, if they are not the network's own.
func (c *evalCmd) images() pipeline.TestImages {
	return pipeline.TestImages{Path: c.Data, SkipDamaged: c.SkipDamaged}
}

// again tests and times the network of a manifest, and shows what it claims beside.
func (c *evalCmd) again(ctx context.Context, g *Globals) error {
	claimed := pipeline.ClaimedRuntime(c.Manifest)
	var a *pipeline.Again
	err := c.with(ctx, g, claimed, func(rt profiles.Runtime) (err error) {
		a, err = pipeline.MeasureAgain(ctx, pipeline.AgainJob{
			Manifest: c.Manifest, Images: c.images(), Runtime: rt, Budget: againBudget,
			Seed: g.Seed, Workers: g.Workers, Opened: g.openedAs, Tested: g.tested,
		})
		return err
	})
	if err != nil {
		return err
	}
	if c.Plot != "" {
		if err := a.Plot(c.Plot); err != nil {
			return err
		}
	}
	return g.result(a, func(w io.Writer) {
		t := &table{headings: 1, right: true}
		t.row("", "TOP-1", "LATENCY", "IMAGES")
		if m := a.Claimed; m != nil && !a.OtherData {
			t.row("claimed", fmt.Sprintf("%.2f %%", 100*m.Top1), latency(m.LatencyMS),
				fmt.Sprint(m.Images))
		}
		t.row("found", fmt.Sprintf("%.2f %%", 100*a.Top1), latency(a.LatencyMS),
			fmt.Sprint(a.Images))
		t.print(w)
		if m := a.Claimed; m != nil && m.Runtime != "" && m.Runtime != a.Runtime {
			fmt.Fprintf(w, "claimed for %s, found in %s\n", m.Runtime, a.Runtime)
		}
		if a.Pace > 0 && math.Abs(a.Pace-1) > 0.05 {
			fmt.Fprintf(w, "the latency is beside that of the profile's reference network, which takes "+
				"%.3g times as long now: %s by the clock\n", a.Pace, latency(a.Pace*a.LatencyMS))
		}
		fmt.Fprintf(w, "%s MACs, %s parameters, %s weights that are not zero\n", large(a.MACs),
			large(a.Params), large(a.NonZero))
		if a.Unstable {
			fmt.Fprintln(w, "the machine was too noisy to trust the latency; run again when it is quiet")
		}
		c.printAnswers(w, &a.Answers)
	})
}

// printedClasses is how many classes are printed; of more, those that are recognised worst.
const printedClasses = 20

// printAnswers prints the accuracy of each class, and what it is taken for most where it is not
// recognised.
func (c *evalCmd) printAnswers(w io.Writer, a *pipeline.Answers) {
	var order []int
	for i, class := range a.Classes {
		if class.Images > 0 {
			order = append(order, i)
		}
	}
	if len(order) > printedClasses {
		slices.SortStableFunc(order, func(i, j int) int {
			return cmp.Compare(*a.Classes[i].Top1,
				*a.Classes[j].Top1)
		})
		order = order[:printedClasses]
		fmt.Fprintf(w, "the %d classes that are recognised worst, of %d:\n", printedClasses,
			len(a.Classes))
	}
	t := &table{headings: 1}
	t.row("CLASS", "IMAGES", "TOP-1", "TAKEN FOR")
	for _, i := range order {
		class := a.Classes[i]
		t.row(class.Name, fmt.Sprint(class.Images), fmt.Sprintf("%.1f %%", 100**class.Top1),
			takenFor(a, i))
	}
	t.print(w)
	if c.Plot != "" {
		fmt.Fprintln(w, "wrote", shown(c.Plot))
	}
}

// takenFor is the other class that most images of a class were taken for.
func takenFor(a *pipeline.Answers, class int) string {
	most, at := 0, 0
	for other, n := range a.Confusion[class] {
		if other != class && n > most {
			most, at = n, other
		}
	}
	if most == 0 {
		return "-"
	}
	return fmt.Sprintf("%s (%d)", a.Classes[at].Name, most)
}

// check refuses, before the work, what the parser cannot see.
func (c *evalCmd) check() error {
	switch {
	case (c.Manifest == "") == (c.RunDir == ""):
		return usagef("name a manifest, or a run with --run DIR")
	case c.RunDir != "" && c.servedFlags.Runtime != "":
		return usagef("--runtime is for the network of a manifest: search the network, and name " +
			"its winner")
	case c.Plot != "" && strings.HasPrefix(c.Arch, "random:"):
		return usagef("--plot draws what one network answers; --arch %s names several", c.Arch)
	}
	return nil
}

// againBudget is for timing one network.
const againBudget = 3 * time.Second
