package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/tailor-nas/tailor/internal/winners"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
)

type searchCmd struct {
	spaceFlags
	pageFlags
	Accuracy    string      `oneof:"objective" help:"File that fit accuracy wrote." type:"path"`
	Latency     []string    `help:"File that fit latency wrote; several, separated by commas, for several devices in one run." type:"path"`
	MaxLatency  []timeLimit `help:"Latency budget such as 5ms, or as 60% of the largest network's; several, separated by commas, give a winner each." with:"latency"`
	Energy      string      `help:"File that fit energy wrote, of the same device as --latency if there is one." type:"path"`
	MaxEnergy   energyLimit `help:"Limit of the energy of an inference, such as 5mJ or 60%." with:"energy"`
	Confidence  float64     `help:"How sure a winner should be to stay within its limits of energy, and of latency where it cannot be timed here: what is judged is the upper end of what the predictor knows. 0 takes predictions as they are." default:"0.9" range:"0..0.999"`
	MaxMACs     countLimit  `name:"max-macs" help:"Limit of multiply-accumulates, such as 50M, or as 60% of the largest network's."`
	MaxParams   countLimit  `help:"Limit of parameters, such as 2M or 60%."`
	MaxMemory   countLimit  `help:"Limit of bytes that the activations of one image take at once in the network's TensorFlow Lite file, such as 256K or 60%."`
	MaxSize     countLimit  `help:"Limit of bytes of the weights file, such as 1M or 60%."`
	Top         int         `help:"Winners for each budget." default:"1" range:"1..1000" without:"pareto"`
	Pareto      bool        `help:"Find the whole front of accuracy against cost in one run, and write front.json and a picture of it, front.svg."`
	Cost        string      `help:"Cost of the front: latency, energy, macs, params, memory or size. Default latency with --latency, else macs." enum:",latency,energy,macs,params,memory,size" default:"" with:"pareto"`
	Points      int         `help:"Winners spread over the front, where --max-latency does not name several." default:"${points}" range:"1..1000" with:"pareto"`
	Evaluations *int        `help:"Sub-networks to look at, at most, for each budget or front. Default ${evaluations}, and ${front_evaluations} for a front; ${joint_evaluations} and ${joint_front_evaluations} with a predictor that OFA published." range:"1..5000000" without:"exhaustive"`
	Exhaustive  bool        `help:"Look at every sub-network of a space of up to 5 million, so that the answer is exact."`
	Bound       *int        `help:"Regions of the space to bound for each budget, to say how much better a network could be: the gap. 0: no gap. Default some hundred if that takes about a second." range:"-1..100000"`
	Plot        string      `help:"Draw, to this .svg, .png or .pdf, the best value against evaluations, beside OFA's evolution and random search; with --pareto the fronts of all devices, each of which is front.svg beside its front.json anyway." type:"path" out:"plot"`
	Verify      bool        `help:"Measure the winners' accuracy and, on the profiled device, latency, and rank them by that. Needs --run." default:"true" negatable:""`
	Data        string      `help:"The run's data; default where it was when training." type:"source" with:"run"`
	Export      []string    `help:"Formats that winners are written in for other programs too, beside their manifests: onnx, tflite or none." enum:"onnx,tflite,none" default:"onnx,tflite" with:"run"`
	Continue    string      `help:"Begin with the winners and fronts of an earlier search, in its --out, for instance within another budget." type:"path"`
	Out         string      `required:"" help:"Folder for the manifests, a folder each." type:"path" out:"folder" outwith:"genes=gene-search"`
	devicesFlags
	winnersQueueFlags
	genesSearchFlags
	outFlags
}

// exhaustiveLimit bounds memory, of which a sub-network takes some 200 bytes, and time, of which it
// takes some 10 us.
const exhaustiveLimit = 5_000_000

// relative says whether any limit is a share of what the largest network costs.
func (c *searchCmd) relative() (latency, any bool) {
	for _, l := range c.MaxLatency {
		latency = latency || l.share > 0
	}
	for _, l := range []countLimit{c.MaxMACs, c.MaxParams, c.MaxMemory, c.MaxSize} {
		any = any || l.share > 0
	}
	return latency, latency || any || c.MaxEnergy.share > 0
}

// limits are those that are asked for, where the largest network costs what spans say. These are
// nil where no limit is relative.
func (c *searchCmd) limits(spans []search.Span) ([]search.Limits, error) {
	base := search.Limits{
		MACs:        c.MaxMACs.of(largest(spans, search.MACs)),
		Params:      c.MaxParams.of(largest(spans, search.Params)),
		MemoryBytes: c.MaxMemory.of(largest(spans, search.Memory)),
		SizeBytes:   c.MaxSize.of(largest(spans, search.Size)),
		EnergyMJ:    c.MaxEnergy.of(largest(spans, search.Energy)),
	}
	if len(c.MaxLatency) == 0 {
		return []search.Limits{base}, nil
	}
	var all []search.Limits
	for _, d := range c.MaxLatency {
		l := base
		l.LatencyMS = d.ms(largest(spans, search.Latency))
		all = append(all, l)
	}
	for i, l := range all {
		known := l.LatencyMS > 0 // no share of what is not known yet
		if known && slices.Contains(all[:i], l) {
			return nil, usagef("--max-latency has %s twice", latency(l.LatencyMS))
		}
	}
	return all, nil
}

// Run searches.
func (c *searchCmd) Run(ctx context.Context, g *Globals) error {
	switch {
	case c.RunCommand != "":
		return c.runCommand(ctx, g)
	case c.Genes != "":
		return c.searchGenes(ctx, g)
	case c.Accuracy == "":
		return usagef("missing flags: --accuracy=ACCURACY; see tailor search --help")
	}
	paths := append([]string{c.Out, c.RunDir, c.Accuracy, c.Energy}, c.Latency...)
	return g.withPage(ctx, c.Report, paths, func() error { return c.search(ctx, g) })
}

func (c *searchCmd) search(ctx context.Context, g *Globals) error {
	if c.Cost == "latency" && len(c.Latency) == 0 {
		return usagef("--cost latency needs --latency FILE; make one with tailor profile and tailor fit latency")
	}
	if c.Cost == "energy" && c.Energy == "" {
		return usagef("--cost energy needs --energy FILE; make one with tailor fit energy")
	}
	if c.Energy != "" && len(c.Latency) > 1 {
		return usagef("--energy is of one device, and --latency names %d; search for each alone", len(c.Latency))
	}
	limits, err := c.limits(nil)
	if err != nil {
		return err
	}
	ofLatency, relative := c.relative()
	if ofLatency && len(c.Latency) > 1 {
		return usagef("--max-latency is a share, and --latency names %d devices; write times, or search for each alone", len(c.Latency))
	}
	space, run, err := c.load()
	if err != nil {
		return err
	}
	j := winners.Job{
		Space: space, Run: run, Limits: limits, Top: c.Top, Pareto: c.Pareto,
		Cost: frontCosts[c.Cost], Points: c.Points, Dir: c.Out, Workers: g.Workers,
		BoundSteps: c.boundSteps(), Plot: c.Plot, Confidence: c.Confidence,
		Config: optimize.Defaults(),
		Progress: func(what string, done, total int) {
			g.progress(what, float64(done),
				float64(total))
		},
	}
	if j.Export, err = exportFormats(c.Export); err != nil {
		return err
	}
	j.Config.Seed = g.Seed
	give(&j.Config.Evaluations, c.Evaluations)
	if c.Exhaustive {
		if n := space.Count(); !n.IsInt64() || n.Int64() > exhaustiveLimit {
			return usagef("space %s has %v sub-networks, and --exhaustive looks at %d at most; leave it out for the best that is found", space.Name, n, exhaustiveLimit)
		}
		j.Config.Evaluations = exhaustiveLimit
	}
	if err := c.predictors(g, &j, space); err != nil {
		return err
	}
	if c.Continue != "" {
		if j.Known, err = winners.ReadKnown(c.Continue, space); err != nil {
			return err
		}
		g.say("begins with %d networks of %s", len(j.Known), shown(c.Continue))
	}
	if relative {
		if j.Limits, err = c.relativeLimits(j); err != nil {
			return err
		}
	}
	if run != nil {
		g.trained(run)
		if j.Data, err = run.OpenData(c.Data); err != nil {
			return err
		}
		g.opened(j.Data)
	}
	j.Verify = run != nil && c.Verify
	if len(c.Device) > 0 && !j.Verify {
		return usagef("--device times winners, which are made with --run and without --no-verify")
	}
	if c.Queue != "" && !j.Verify {
		return usagef("--queue measures winners, which are made with --run and without --no-verify")
	}
	if j.Verify {
		done, err := c.devicesFlags.open(ctx, g, &j)
		if err != nil {
			return err
		}
		defer done()
	}
	if c.Queue != "" {
		done, err := c.winnersQueueFlags.open(ctx, g, &j)
		if err != nil {
			return err
		}
		defer done()
	}
	warnLoose(g, j)
	warnUnsure(g, j)
	result, err := winners.Search(ctx, j)
	if err != nil {
		return err
	}
	warnKnown(g, result)
	if err := g.result(result, func(w io.Writer) {
		if c.Pareto {
			printFront(w, result.Winners, c.Out)
		} else {
			printWinners(w, result.Winners)
		}
		for _, f := range result.Fronts {
			fmt.Fprintf(w, "wrote %s, %d networks, and %s\n", shown(f.Path), f.Points,
				shown(f.Plot))
		}
		if c.Plot != "" {
			fmt.Fprintln(w, "wrote", shown(c.Plot))
		}
		printSpans(w, result.Devices)
		fmt.Fprintf(w, "looked at %d sub-networks in %.2f s\n", result.Evaluations, result.Seconds)
	}); err != nil {
		return err
	}
	return unreachable(result)
}

// relativeLimits are the limits, as shares of what the largest network costs that the predictors
// know.
func (c *searchCmd) relativeLimits(j winners.Job) ([]search.Limits, error) {
	q := search.Query{Space: j.Space, Accuracy: j.Accuracy}
	if len(j.Devices) > 0 {
		j.Devices[0].Ask(&q)
	}
	spans, err := search.Spans(q, j.Config.Seed)
	if err != nil {
		return nil, err
	}
	return c.limits(spans)
}

// unreachable is the error of those budgets that no network meets, where others had winners.
func unreachable(r *winners.Result) error {
	var all error
	for _, u := range r.Unreachable {
		if all == nil {
			all = u.Err
		} else {
			all = fmt.Errorf("%w; %w", all, u.Err)
		}
	}
	return all
}

func (c *searchCmd) predictors(g *Globals, j *winners.Job, space *supernet.Space) error {
	var err error
	if j.Accuracy, err = predictor.LoadAccuracy(c.Accuracy, space); err != nil {
		return err
	}
	if r := j.Run; r != nil {
		if err := winners.CheckWeights(c.Accuracy, j.Accuracy, r); err != nil {
			return err
		}
	}
	for _, path := range c.Latency {
		l, err := g.loadLatency(path, space)
		if err != nil {
			return err
		}
		j.Devices = append(j.Devices, winners.Device{Name: winners.DeviceName(path), Latency: l})
	}
	if c.Energy == "" {
		return nil
	}
	if j.Devices == nil {
		j.Devices = []winners.Device{{Name: winners.DeviceName(c.Energy)}}
	}
	e, err := predictor.LoadEnergy(c.Energy, space)
	if err != nil {
		return err
	}
	if l := j.Devices[0].Latency; l != nil && l.Device != e.Device {
		g.warn("latencies are those of %s, energies those of %s: no device has both, if these are "+
			"not two names of one", l.Device, e.Device)
	}
	j.Devices[0].Energy = e
	return nil
}

// boundSteps are what the job takes: 0 is the default there, and negative none. So was --bound=-1
// here.
func (c *searchCmd) boundSteps() int {
	switch {
	case c.Bound == nil:
		return 0
	case *c.Bound == 0:
		return -1
	}
	return *c.Bound
}

var frontCosts = map[string]search.Cost{"latency": search.Latency, "macs": search.MACs,
	"params": search.Params, "memory": search.Memory, "size": search.Size,
	"energy": search.Energy}

// printWinners prints the table of winners: what was asked for, predicted and measured. Columns
// that would be empty are left out.
func printWinners(w io.Writer, all []winners.Winner) {
	defer noteTop1(w, all)
	defer noteEnergy(w, all)
	ranked := slices.ContainsFunc(all, func(x winners.Winner) bool {
		return x.Ranks != nil &&
			x.Ranks.Predicted+x.Ranks.Measured > 2
	})
	t := winnersTable(all, ranked)
	t.print(w)
	for _, x := range all {
		fmt.Fprintf(w, "wrote %s%s\n", shown(x.Manifest), withExports(x.Exports))
	}
}

// printFront prints the table of a front's winners, which names their folders.
func printFront(w io.Writer, all []winners.Winner, out string) {
	t := winnersTable(all, false)
	t.rows[0], t.rows[1] = append(t.rows[0], ""), append(t.rows[1], "FOLDER")
	for i, x := range all {
		folder := filepath.Dir(x.Manifest)
		if inside, err := filepath.Rel(out, folder); err == nil {
			folder = inside
		}
		t.rows[2+i] = append(t.rows[2+i], folder)
	}
	t.print(w)
	noteEnergy(w, all)
	fmt.Fprintf(w, "wrote manifest.json%s in each FOLDER of %s\n",
		withExports(all[0].Exports), shown(out))
}

func winnersTable(all []winners.Winner, ranked bool) *table {
	t := &table{headings: 2, right: true}
	t.row("", "", "TOP-1", "", "", "LATENCY", "", "", "ENERGY", "", "", "", "RANK PREDICTED")
	t.row("DEVICE", "BUDGET", "PREDICTED", "GAP", "MEASURED", "PREDICTED", "AT MOST", "MEASURED",
		"PREDICTED", "AT MOST", "MACS", "PARAMS", "-> MEASURED")
	for i, x := range all {
		rank := "-"
		if ranked {
			rank = ranksOf(x)
		}
		if slices.ContainsFunc(all[:i], x.Same) {
			continue
		}
		budgets, gap := budgetText(x.Limits), x.Predicted // of the last budget, the widest
		for _, y := range all[i+1:] {
			if x.Same(y) {
				budgets, gap = budgets+", "+budgetText(y.Limits), y.Predicted
			}
		}
		t.row(x.Device, budgets, fmt.Sprintf("%.1f %%", 100*x.Predicted.Top1),
			gapText(gap), measuredTop1(x), latency(x.Predicted.LatencyMS),
			latency(x.Predicted.LatencyHighMS), measuredLatency(x), energy(x.Predicted.EnergyMJ),
			energy(x.Predicted.EnergyHighMJ), large(x.MACs), large(x.Params), rank)
	}
	t.dropEmpty("", "-", "none")
	return t
}

// noteTop1 says of which images the two columns of top-1 are, where there are both.
func noteTop1(w io.Writer, all []winners.Winner) {
	for _, x := range all {
		if x.Measured != nil && x.Measured.Images > 0 {
			fmt.Fprintf(w, "top-1 is predicted of images held out of training, and measured on "+
				"%d test images\n", x.Measured.Images)
			return
		}
	}
}

// noteEnergy says whose energy is predicted, by what was measured how.
func noteEnergy(w io.Writer, all []winners.Winner) {
	if len(all) == 0 || all[0].Predicted.EnergyMJ == 0 {
		return
	}
	p := all[0].Predicted
	fmt.Fprintf(w, "energy is of an inference on %s, predicted with an error of %.1f %% by what "+
		"was %s\n", p.EnergyDevice, 100*p.EnergyMAPE, sourceText(p.EnergySource))
}

func ranksOf(x winners.Winner) string {
	if x.Ranks == nil {
		return "-"
	}
	return fmt.Sprintf("%d -> %d", x.Ranks.Predicted, x.Ranks.Measured)
}

// gapText says how much more top-1 any network could be predicted within the limits.
func gapText(p manifest.Predicted) string {
	if p.Exact {
		return "exact"
	}
	certain := p.Top1Bound > 0 && p.Top1Bound <= 1 // beyond 100 % it says nothing
	likely := p.Top1LikelyBound > 0 && !(certain && p.Top1Bound <= p.Top1LikelyBound)
	sure, probable := 100*(p.Top1Bound-p.Top1), 100*(p.Top1LikelyBound-p.Top1)
	switch {
	case certain && likely:
		return fmt.Sprintf("~ %.1f, <= %.1f %%", probable, sure)
	case certain:
		return fmt.Sprintf("<= %.1f %%", sure)
	case likely:
		return fmt.Sprintf("~ %.1f %%", probable)
	}
	return "-"
}

func budgetText(l search.Limits) string {
	switch {
	case l.LatencyMS > 0:
		return latency(l.LatencyMS)
	case l.EnergyMJ > 0:
		return energy(l.EnergyMJ)
	case l.MACs > 0:
		return large(l.MACs) + " MACs"
	case l.Params > 0:
		return large(l.Params) + " params"
	case l.MemoryBytes > 0:
		return large(l.MemoryBytes) + " memory"
	case l.SizeBytes > 0:
		return large(l.SizeBytes) + " size"
	}
	return "none"
}

func measuredTop1(x winners.Winner) string {
	if x.Measured == nil || x.Measured.Images == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*x.Measured.Top1)
}

func measuredLatency(x winners.Winner) string {
	if x.Measured == nil {
		return "-"
	}
	text := latency(x.Measured.LatencyMS)
	if x.Measured.Unstable {
		text += " (noisy)"
	}
	if x.OverBudget {
		text += " (over)"
	}
	return text
}
