package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/genesearch"
	"github.com/tailor-nas/tailor/internal/pipeline"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/genes"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
)

type fitCmd struct {
	Accuracy fitAccuracyCmd `cmd:"" help:"Measure sub-networks of a run and learn to predict their accuracy."`
	Latency  fitLatencyCmd  `cmd:"" help:"Learn to predict latency from a profile, or from networks that were timed elsewhere."`
	Energy   fitEnergyCmd   `cmd:"" help:"Learn to predict the energy of an inference from networks that somebody measured."`
}

// fitResult is the JSON of all.
type fitResult struct {
	Predictor string          `json:"predictor"`
	Samples   int             `json:"samples"`
	HeldOut   regress.HeldOut `json:"heldout"`
}

type fitLatencyCmd struct {
	pageFlags
	Profile  string   `help:"File that profile wrote." type:"path" xor:"source" required:""`
	Measured []string `help:"Fit to whole networks that were timed elsewhere: files with what benchmark_model or onnxruntime_perf_test printed about the networks of spaces --export, a table of them, or a line of JSON for each network, with its arch, and as value its latency in milliseconds." type:"path" xor:"source" required:"" many:"" placeholder:"FILE,..."`
	Networks string   `help:"The networks.jsonl of the folder that was measured; default beside the first file of --measured." type:"path" with:"measured"`
	From     []string `help:"Latency predictors of other devices or runtimes, files or a folder of them, to transfer to the networks of --profile or --measured: 10 to 50 are enough. What these say decides which are used." type:"path" placeholder:"FILE,..."`
	Space    string   `help:"The space, if it is not the shipped one that the profile names." xor:"space" type:"source"`
	RunDir   string   `name:"run" help:"Folder of the run whose space it is." type:"path" xor:"space"`
	Genes    string   `help:"The genes of --measured, where it is a table of other things than networks: the number of choices of each, or a YAML file." placeholder:"5,5,5|FILE" xor:"space" type:"source" with:"measured" without:"networks|from|device-name|runtime|report"`
	Value    string   `help:"Key, or heading, of the values of --measured." default:"value" with:"genes"`
	Device   string   `name:"device-name" aliases:"device" help:"Name of the device of --measured, such as \"Pixel 8\". Default what measure.sh found." with:"measured"`
	Runtime  string   `help:"What ran the networks of --measured. Default what the tool printed." with:"measured"`
	Out      string   `required:"" help:"File to write." type:"path" out:"latency" outwith:"genes=gene-latency"`
	outFlags
}

// unknown is a device or runtime of --measured that nothing says more of.
const unknown = "unknown"

// fitLatencyResult is the JSON.
type fitLatencyResult struct {
	fitResult
	ByResolution []predictor.ResolutionHeldOut `json:"heldout_by_resolution,omitempty"`
	Interval     *regress.Interval             `json:"interval,omitempty"`
	Candidates   []predictor.LatencyCandidate  `json:"candidates"`
	Noise        *regress.Noise                `json:"noise,omitempty"`
	Measured     *measuredInfo                 `json:"measured,omitempty"`
}

// Run fits.
func (c *fitLatencyCmd) Run(ctx context.Context, g *Globals) error {
	if c.Genes != "" {
		return fitGenes(ctx, g, c.Genes, genesearch.FitJob{Quantity: genes.Latency,
			Files: c.Measured, Value: c.Value}, c.Out)
	}
	return g.withPage(ctx, c.Report, []string{c.Out, c.RunDir, c.Profile},
		func() error { return c.fitted(g) })
}

func (c *fitLatencyCmd) fitted(g *Globals) error {
	l, measured, err := c.fit(g)
	if err != nil {
		return err
	}
	if err := l.Save(c.Out); err != nil {
		return err
	}
	if l.Unstable != "" {
		g.warn("%s", inDoubt("the times of "+shown(c.Profile), l.Unstable))
	}
	again := "profile again with a larger --budget and more --networks"
	if c.Profile == "" {
		again = "measure more networks, and each more often"
	}
	warnHopeless(g, l.HeldOut, again)
	r := fitLatencyResult{fitResult{c.Out, l.Networks, l.HeldOut}, l.ByResolution, nil,
		l.Candidates, nil, measured}
	r.stated(l.Noise, l.Interval)
	return g.result(r, func(w io.Writer) { r.print(w, l) })
}

// stated are what a predictor states of itself, where it does.
func (r *fitLatencyResult) stated(n regress.Noise, i regress.Interval) {
	if n.Repeated > 0 {
		r.Noise = &n
	}
	if i.Coverage > 0 {
		r.Interval = &i
	}
}

// hopelessMAPE is an error of predictions of which no search can make use.
const hopelessMAPE = 0.5

// warnHopeless says of predictions that are far off what may help.
func warnHopeless(g *Globals, h regress.HeldOut, again string) {
	if h.Samples == 0 || h.MAPE <= hopelessMAPE {
		return
	}
	g.warn("predictions of held-out networks are off by %.0f %% on average, too much to search by: %s",
		100*h.MAPE, again)
}

// fit gives the predictor and, of --measured, what is known of the measurements.
func (c *fitLatencyCmd) fit(g *Globals) (*predictor.Latency, *measuredInfo, error) {
	if c.Profile == "" {
		return c.fitMeasured(g)
	}
	l, err := c.fitProfile(g)
	return l, nil, err
}

// inDoubt says why times are in doubt, and what helps.
func inDoubt(times, why string) string {
	return fmt.Sprintf("%s are in doubt (%s): better profile again while the machine is quiet, "+
		"for which profile --wait 10m waits", times, why)
}

// loadLatency reads a predictor of latency, and warns of one that was fitted to times in doubt.
func (g *Globals) loadLatency(path string, space *supernet.Space) (*predictor.Latency, error) {
	l, err := predictor.LoadLatency(path, space)
	if err == nil {
		g.warnDoubt(path, l)
	}
	return l, err
}

// loadSources reads predictors to transfer from, but for the file out in a folder, and warns of
// those that were fitted to times in doubt.
func (g *Globals) loadSources(space *supernet.Space, from []string, out string) (
	[]pipeline.Source, error) {
	all, err := pipeline.LoadSources(space, from, out)
	for _, s := range all {
		g.warnDoubt(s.Path, s.Latency)
	}
	return all, err
}

func (g *Globals) warnDoubt(path string, l *predictor.Latency) {
	if l.Unstable != "" {
		g.warn("%s", inDoubt("the times that "+shown(path)+" was fitted to", l.Unstable))
	}
}

func (c *fitLatencyCmd) fitProfile(g *Globals) (*predictor.Latency, error) {
	p, err := profiles.Load(c.Profile)
	if err != nil {
		return nil, err
	}
	space, err := profileSpace(c.Profile, p, spaceFlags{Space: c.Space, RunDir: c.RunDir})
	if err != nil {
		return nil, err
	}
	if len(c.From) == 0 {
		return pipeline.FitLatency(space, p, c.Profile)
	}
	t, err := pipeline.ProfileTimings(space, p, c.Profile)
	if err != nil {
		return nil, err
	}
	return c.fitTimings(g, t)
}

// fitTimings fits to whole networks, from the predictors of --from if there are any.
func (c *fitLatencyCmd) fitTimings(g *Globals, t *pipeline.Timings) (*predictor.Latency, error) {
	sources, err := g.loadSources(t.Space, c.From, c.Out)
	if err != nil {
		return nil, err
	}
	return pipeline.FitTimings(t, sources)
}

// profileSpace is the one that was profiled: named, a run's, or the shipped one of the name in the
// profile.
func profileSpace(path string, p *profiles.Profile, of spaceFlags) (*supernet.Space, error) {
	if of.Space == "" && of.RunDir == "" {
		space, err := supernet.LoadSpace(p.SpaceName)
		if err != nil || space.SHA256() != p.SpaceSHA256 {
			return nil, usagef("%s was measured for a space %q that is not the shipped one; name it with --space FILE or --run RUN", path, p.SpaceName)
		}
		return space, nil
	}
	space, _, err := of.load()
	return space, err
}

func (r *fitLatencyResult) print(w io.Writer, l *predictor.Latency) {
	on := l.Runtime
	if on == unknown {
		on = l.Device
	}
	if r.Measured != nil {
		r.Measured.print(w)
	}
	to := fmt.Sprintf("%d networks", l.Networks)
	if _, ok := l.Inputs["profile"]; ok { // which has the times of blocks, too
		to = fmt.Sprintf("%d blocks and %s", len(l.BlocksMS), to)
	}
	fmt.Fprintf(w, "fitted latency of %s to %s\n", on, to)
	fmt.Fprintf(w, "  latency = %s + %.3f x sum of blocks\n", interceptText(l.Intercept), l.Slope)
	if l.WeightsMS > 0 {
		fmt.Fprintf(w, "  in a network, a million weights of a block add %s to its time\n",
			latency(l.WeightsMS))
	}
	for _, t := range slices.Sorted(maps.Keys(l.Scales)) {
		fmt.Fprintf(w, "  blocks of type %s take %.3f of their time\n", t, l.Scales[t])
	}
	r.printErrors(w, l.Inputs)
	if r.Noise != nil {
		fmt.Fprintf(w, "  %d networks were timed several times: a time is off by %.1f %%\n",
			r.Noise.Repeated, 100*r.Noise.Relative)
	}
	r.printInterval(w)
	fmt.Fprintln(w, "wrote", shown(r.Predictor))
}

// printErrors prints the errors of networks that were left out.
func (r *fitLatencyResult) printErrors(w io.Writer, inputs map[string]store.Input) {
	if r.HeldOut.Samples == 0 {
		return
	}
	t := &table{headings: 1, right: true}
	t.row("  HELD-OUT ERROR", "NETWORKS", "MAPE", "WITHIN 10 %", "KENDALL TAU")
	line := func(name string, h regress.HeldOut) {
		t.row("  "+name, fmt.Sprint(h.Samples), fmt.Sprintf("%.1f %%", 100*h.MAPE),
			fmt.Sprintf("%.0f %%", 100*h.Within10Pct), fmt.Sprintf("%.2f", h.KendallTau))
	}
	for i, c := range r.Candidates {
		name := "by " + c.Method
		if c.Source > 0 {
			name += " from " + sourceName(inputs, c.Source)
		}
		if i == 0 && len(r.Candidates) > 1 {
			name += " (taken)"
		}
		line(name, c.HeldOut)
	}
	for _, h := range r.ByResolution {
		line(fmt.Sprintf("at %d px", h.Resolution), h.HeldOut)
	}
	if r.Noise != nil {
		t.row("  noise alone", fmt.Sprint(r.Samples), fmt.Sprintf("%.1f %%", 100*r.Noise.MAPE),
			"", fmt.Sprintf("%.2f", r.Noise.KendallTau))
	}
	t.print(w)
}

func (r *fitLatencyResult) printInterval(w io.Writer) {
	if r.Interval != nil {
		fmt.Fprintf(w, "  %.0f %% of networks are within %.1f %% of what is predicted\n",
			100*r.Interval.Coverage, 100*r.Interval.Relative)
	}
}

// sourceName is the file of one of several predictors that another was transferred from.
func sourceName(inputs map[string]store.Input, source int) string {
	role := pipeline.SourceRole(source)
	for name := range inputs {
		if path, ok := strings.CutPrefix(name, role); ok {
			return shown(path)
		}
	}
	return fmt.Sprint(source)
}

// interceptText is what a network takes besides its blocks, which may be nothing.
func interceptText(ms float64) string {
	if ms == 0 {
		return "0 ms"
	}
	return latency(ms)
}
