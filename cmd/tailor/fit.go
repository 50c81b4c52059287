package main

import (
	"fmt"
	"io"

	"github.com/tailor-nas/tailor/internal/walk"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
)

type fitCmd struct {
	Accuracy fitAccuracyCmd `cmd:"" help:"Measure sub-networks of a run and learn to predict their accuracy."`
	Latency  fitLatencyCmd  `cmd:"" help:"Learn to predict latency from a profile."`
}

// fitResult is the JSON of both.
type fitResult struct {
	Predictor string            `json:"predictor"`
	Samples   int               `json:"samples"`
	HeldOut   predictor.HeldOut `json:"heldout"`
}

type fitLatencyCmd struct {
	Profile string `required:"" help:"File that profile wrote." type:"path"`
	Space   string `help:"The profile's space, if it is a file of one's own or a run's." xor:"space"`
	RunDir  string `name:"run" help:"Folder of the run whose space was profiled." type:"path" xor:"space"`
	Out     string `required:"" help:"File to write." type:"path"`
}

// Run fits.
func (c *fitLatencyCmd) Run(g *Globals) error {
	p, err := profiles.Load(c.Profile)
	if err != nil {
		return err
	}
	space, err := c.space(p)
	if err != nil {
		return err
	}
	l, err := walk.FitLatency(space, p, c.Profile)
	if err != nil {
		return err
	}
	if err := l.Save(c.Out); err != nil {
		return err
	}
	return g.result(fitResult{c.Out, l.Networks, l.HeldOut}, func(w io.Writer) {
		fmt.Fprintf(w, "fitted latency of %s to %d blocks and %d networks\n", p.Device.CPU.Brand, len(p.Blocks), l.Networks)
		fmt.Fprintf(w, "  latency = %.4f ms + %.3f x sum of blocks\n", l.Intercept, l.Slope)
		fmt.Fprintf(w, "  held-out error  %.1f %% MAPE, %.0f %% within 10 %%, Kendall tau %.2f\n", 100*l.HeldOut.MAPE, 100*l.HeldOut.Within10Pct, l.HeldOut.KendallTau)
		fmt.Fprintln(w, "wrote", c.Out)
	})
}

// space is the one that was profiled: named, a run's, or the shipped one of the name in the profile.
func (c *fitLatencyCmd) space(p *profiles.Profile) (*supernet.Space, error) {
	if c.Space == "" && c.RunDir == "" {
		space, err := supernet.LoadSpace(p.SpaceName)
		if err != nil || space.SHA256() != p.SpaceSHA256 {
			return nil, usagef("%s was measured for a space %q that is not the shipped one; name it with --space FILE or --run RUN", c.Profile, p.SpaceName)
		}
		return space, nil
	}
	space, _, err := spaceFlags{Space: c.Space, RunDir: c.RunDir}.load()
	return space, err
}
