package main

import (
	"fmt"
	"io"

	"github.com/tailor-nas/tailor/internal/elsewhere"
	"github.com/tailor-nas/tailor/internal/pipeline"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/profiles"
)

type fitEnergyCmd struct {
	Profile  string   `help:"File that profile wrote, on a device whose processor counts the energy that it takes." type:"path" xor:"source" required:""`
	Measured []string `help:"Whole networks whose energy somebody measured: tables with a column energy_mj beside their names, or a line of JSON for each network, with its arch and energy_mj, in millijoules an inference." type:"path" xor:"source" required:"" many:"" placeholder:"FILE,..."`
	Networks string   `help:"The networks.jsonl of the folder that was measured; default beside the first file of --measured." type:"path" with:"measured"`
	From     []string `help:"Latency predictors, of this device or of others, files or a folder of them: with these, 3 networks are enough, and 10 to 50 better." type:"path" placeholder:"FILE,..."`
	Space    string   `help:"The space, if it is not the shipped one that the networks or the profile are of." xor:"space" type:"source"`
	RunDir   string   `name:"run" help:"Folder of the run whose space it is." type:"path" xor:"space"`
	Device   string   `name:"device-name" help:"Name of the device of --measured, such as \"Pixel 8\"." with:"measured"`
	Runtime  string   `help:"What ran the networks of --measured." with:"measured"`
	Out      string   `required:"" help:"File to write." type:"path" out:"energy"`
	outFlags
}

// fitEnergyResult is the JSON. The root mean square of its held-out error is in millijoules.
type fitEnergyResult struct {
	fitLatencyResult
	Source predictor.EnergySource `json:"source"`
}

// measuredJob is what --measured asks for.
func (c *fitEnergyCmd) measuredJob() pipeline.MeasuredJob {
	return pipeline.MeasuredJob{Of: elsewhere.Energies, Files: c.Measured, Networks: c.Networks,
		Device: c.Device, Runtime: c.Runtime}
}

// alsoReads are the list of networks beside the measurements, and what was exported with it.
func (c *fitEnergyCmd) alsoReads() []string {
	j := c.measuredJob()
	return j.Beside()
}

// Run fits.
func (c *fitEnergyCmd) Run(g *Globals) error {
	var info *measuredInfo
	var own *predictor.Latency
	var t *pipeline.Timings
	var err error
	source := predictor.EnergyMeasured
	of := spaceFlags{Space: c.Space, RunDir: c.RunDir}
	if c.Profile != "" {
		source = predictor.EnergyPowercap
		t, own, err = profileEnergies(c.Profile, of)
	} else {
		var m *pipeline.Measured
		if m, info, err = g.readMeasured(c.measuredJob(), of); err == nil {
			t = &m.Timings
		}
	}
	if err != nil {
		return err
	}
	sources, err := g.loadSources(t.Space, c.From, c.Out)
	if err != nil {
		return err
	}
	e, err := pipeline.FitEnergy(t, sources, own, source)
	if err != nil {
		return err
	}
	if err := e.Save(c.Out); err != nil {
		return err
	}
	if t.Unstable != "" {
		g.warn("%s", inDoubt("the measurements of "+shown(c.Profile), t.Unstable))
	}
	warnHopeless(g, e.HeldOut, "measure more networks, and each more often")
	r := fitEnergyResult{fitLatencyResult{fitResult: fitResult{c.Out, e.Networks, e.HeldOut},
		ByResolution: e.ByResolution, Candidates: e.Candidates, Measured: info}, e.Source}
	r.stated(e.Noise, e.Interval)
	return g.result(r, func(w io.Writer) { r.print(w, e) })
}

// profileEnergies are those of a profile, of a space that may be named.
func profileEnergies(path string, of spaceFlags) (*pipeline.Timings, *predictor.Latency, error) {
	p, err := profiles.Load(path)
	if err != nil {
		return nil, nil, err
	}
	space, err := profileSpace(path, p, of)
	if err != nil {
		return nil, nil, err
	}
	return pipeline.ProfileEnergies(space, p, path)
}

func (r *fitEnergyResult) print(w io.Writer, e *predictor.Energy) {
	if r.Measured != nil {
		r.Measured.print(w)
	}
	fmt.Fprintf(w, "fitted energy of %s to %d networks, %s\n", e.Device, e.Networks,
		sourceText(string(e.Source)))
	intercept := "0 mJ"
	if e.InterceptMJ != 0 {
		intercept = energy(e.InterceptMJ)
	}
	fmt.Fprintf(w, "  energy = %s + sum of blocks\n", intercept)
	r.printErrors(w, e.Inputs)
	if e.HeldOut.Samples > 0 {
		fmt.Fprintf(w, "  off by %s (root mean square of held-out networks)\n",
			energy(e.HeldOut.RMSE))
	}
	if r.Noise != nil {
		fmt.Fprintf(w, "  %d networks were measured several times: an energy is off by %.1f %%\n",
			r.Noise.Repeated, 100*r.Noise.Relative)
	}
	r.printInterval(w)
	fmt.Fprintln(w, "wrote", shown(r.Predictor))
}

// sourceText is what measured energies.
func sourceText(source string) string {
	if source == string(predictor.EnergyMeasured) {
		return "measured elsewhere"
	}
	return "counted by its processor (" + source + ")"
}
