package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/tailor-nas/tailor/internal/pipeline"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/profiles/timing"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// spaceFlags name a space, or the run whose space it is.
type spaceFlags struct {
	Space  string `help:"Name of a shipped space, or a YAML file." xor:"space" required:"" type:"source"`
	RunDir string `name:"run" help:"Folder that train wrote: its space." type:"path" xor:"space" required:""`
}

// load gives the space and, if a run was named, the run.
func (f spaceFlags) load() (*supernet.Space, *trainer.Run, error) {
	if f.RunDir == "" {
		space, err := supernet.LoadSpace(f.Space)
		return space, nil, err
	}
	run, err := trainer.OpenRun(f.RunDir)
	if err != nil {
		return nil, nil, err
	}
	return run.Info.Space, run, nil
}

type profileCmd struct {
	spaceFlags
	outFlags
	runtimeFlags
	deviceQueueFlags
	Out         string         `required:"" help:"File to write." type:"path" out:"profile"`
	Resolutions []int          `help:"Resolutions to measure; default all of the space." range:"1..10000"`
	Networks    int            `help:"Whole networks to measure, for calibration." default:"${profile_networks}" range:"${profile_networks_range}"`
	Sparse      string         `help:"Measure blocks with zeros too, for pruning: weights, vectors8 or vectors16. Five times the blocks, and the time." enum:",weights,vectors8,vectors16" default:"" placeholder:"STRUCTURE"`
	Check       int            `help:"Random networks that are not in the profile to time afterwards, and to compare with what it predicts." range:"0..10000" default:"0" placeholder:"N"`
	Budget      *time.Duration `help:"Time to measure; default ${profile_budget} or what the number of blocks needs." range:"1ms..168h"`
	Wait        *time.Duration `help:"Wait until the device has nothing else to do, such as 10m at most, before each resolution is measured." range:"1s..168h" without:"queue"`
}

// profileResult is the JSON of profile.
type profileResult struct {
	Profile  string               `json:"profile"`
	Device   device.Device        `json:"device"`
	Runtime  profiles.RuntimeInfo `json:"runtime"`
	Worker   string               `json:"worker,omitempty"` // of a --queue
	Blocks   int                  `json:"blocks"`
	Networks int                  `json:"networks"`
	// blocks and networks whose time is not known to within 2 %
	Unstable    int     `json:"unstable"`
	Seconds     float64 `json:"seconds"`
	LargestMS   float64 `json:"largest_latency_ms"`
	SmallestMS  float64 `json:"smallest_latency_ms"`
	ReferenceMS float64 `json:"reference_ms"`
	// of the profile's networks, each predicted without it; missing if they are too few
	Own *regress.HeldOut `json:"held_out,omitempty"`
	// of networks that are not in the profile; with --check
	Check *regress.HeldOut `json:"check,omitempty"`
	// what told the energies of networks, or why none did
	EnergySource      string `json:"energy_source,omitempty"`
	EnergyUnavailable string `json:"energy_unavailable,omitempty"`
	// why the times are in doubt
	Doubt string `json:"doubt,omitempty"`
}

// checkEach is how long each network of --check is timed.
const checkEach = 2 * time.Second

// Run measures this device, or the one that is named, or has one measured that a queue has.
func (c *profileCmd) Run(ctx context.Context, g *Globals) error {
	space, _, err := c.load()
	if err != nil {
		return err
	}
	for _, r := range c.Resolutions {
		if !slices.Contains(space.Resolutions, r) {
			return usagef("--resolutions has %d, which is none of space %s: %v", r, space.Name,
				space.Resolutions)
		}
	}
	settings := profiles.ProfileDefaults()
	settings.Resolutions, settings.Networks, settings.Seed, settings.Sparse = c.Resolutions,
		c.Networks, g.Seed, supernet.Structure(c.Sparse)
	give(&settings.Budget, c.Budget)
	settings.Progress = func(p timing.Progress) {
		// How long exporting took before says nothing about what is left.
		g.progressLeft(fmt.Sprintf("profile: %d of %d settled", p.Settled, p.Subjects),
			p.Elapsed.Seconds(), p.Budget.Seconds(), p.Budget-p.Elapsed)
	}
	if c.Queue != "" {
		p, err := c.askQueue(ctx, g, space, settings)
		if err != nil {
			return err
		}
		return c.report(g, space, p, nil)
	}
	if len(settings.Resolutions) != 1 && len(space.Resolutions) > 1 {
		settings.Parts = c.Out + partsSuffix
	}
	var p *profiles.Profile
	var check *regress.HeldOut
	err = c.with(ctx, g, func(rt profiles.Runtime) (err error) {
		if c.Wait != nil {
			settings.Before = c.waiting(g, rt)
		}
		if p, err = profiles.New(ctx, space, rt, settings); err != nil {
			return keptParts(settings.Parts, err)
		}
		if err = p.Save(c.Out); err == nil {
			err = p.DropParts(settings.Parts)
		}
		if err != nil || c.Check == 0 {
			return err
		}
		g.say("timing %d networks that are not in the profile", c.Check)
		held, err := pipeline.CheckProfile(ctx, pipeline.ProfileCheck{Space: space, Profile: p,
			Path: c.Out, Runtime: rt, Networks: c.Check, Each: checkEach})
		check = &held
		return err
	})
	if err != nil {
		return err
	}
	return c.report(g, space, p, check)
}

// report says what was measured.
func (c *profileCmd) report(g *Globals, space *supernet.Space, p *profiles.Profile,
	check *regress.HeldOut) error {
	r := profileResult{
		Profile: c.Out, Device: p.Device, Runtime: p.Runtime, Worker: p.Worker,
		Blocks:   len(p.Blocks),
		Networks: len(p.Networks), Seconds: p.Seconds(),
		LargestMS: p.Networks[0].LatencyMS, SmallestMS: p.Networks[1].LatencyMS,
		ReferenceMS: p.Session.ReferenceMS, Check: check, Doubt: p.Unstable(),
		EnergySource: p.EnergySource, EnergyUnavailable: p.EnergyUnavailable,
	}
	if l, err := pipeline.FitLatency(space, p, c.Out); err == nil && l.HeldOut.Samples > 0 {
		r.Own, r.Doubt = &l.HeldOut, l.Unstable
	}
	for _, b := range p.Blocks {
		r.Unstable += btoi(b.Unstable)
	}
	for _, n := range p.Networks {
		r.Unstable += btoi(n.Unstable)
	}
	return g.result(r, func(w io.Writer) {
		fmt.Fprintf(w, "%s, %s\n", p.Device.CPU.Brand, p.Device.Arch)
		if c.Runtime != "native" {
			fmt.Fprintln(w, "in", p.Runtime.ID())
		}
		if p.Worker != "" {
			fmt.Fprintln(w, "by worker", p.Worker)
		}
		fmt.Fprintf(w, "measured %d blocks and %d networks of %s in %.0f s, %d not known to within 2 %%\n", r.Blocks, r.Networks, space.Name, r.Seconds, r.Unstable)
		speed := func(ms float64) string {
			if c.Batch == 1 {
				return ""
			}
			return fmt.Sprintf(" for %d images, %.0f images/s", c.Batch, float64(c.Batch)*1000/ms)
		}
		fmt.Fprintf(w, "  largest network   %s%s\n  smallest network  %s%s\n", latency(r.LargestMS),
			speed(r.LargestMS), latency(r.SmallestMS), speed(r.SmallestMS))
		if h := r.Own; h != nil {
			fmt.Fprintf(w, "each network, predicted from the others and the blocks, is off by %.1f %% on average\n", 100*h.MAPE)
		}
		if h := r.Check; h != nil {
			fmt.Fprintf(w, "of %d networks that are not in it, predictions are off by %.1f %% on average, %.0f %% of them by at most 10 %%; rank correlation %.3f\n", h.Samples, 100*h.MAPE, 100*h.Within10Pct, h.Spearman)
		}
		if p.EnergySource != "" {
			fmt.Fprintf(w, "energy: %s for the largest network, %s for the smallest, by %s\n",
				energy(p.Networks[0].EnergyMJ), energy(p.Networks[1].EnergyMJ), p.EnergySource)
		} else if p.EnergyUnavailable != "" {
			fmt.Fprintln(w, "energy: not recorded:", p.EnergyUnavailable)
		}
		if r.Doubt != "" {
			fmt.Fprintln(w, inDoubt("the times", r.Doubt))
		}
		fmt.Fprintln(w, "wrote", shown(c.Out))
	})
}

// waiting waits for a device to be quiet, for no longer than --wait in all.
func (c *profileCmd) waiting(g *Globals, rt profiles.Runtime) func(context.Context) error {
	left := *c.Wait
	return func(ctx context.Context) error {
		if left == 0 { // which was said when it was over
			return nil
		}
		began := time.Now()
		q := profiles.Quiet{AtMost: left, Progress: func(waited time.Duration, busy float64) {
			g.show(time.Now(), fmt.Sprintf("wait for quiet: others have %.0f %% of the processors",
				100*busy), float64(waited)/float64(left), left-waited)
		}}
		quiet, busy, err := profiles.WaitQuiet(ctx, rt, q)
		left = max(left-time.Since(began), 0)
		if err == nil && !quiet {
			g.warn("not quiet within --wait: others have %.0f %% of the processors, and it is measured all the same", 100*busy)
		}
		return err
	}
}

// partsSuffix is added to the name of a profile for the folder that keeps what is measured of each
// resolution while others are.
const partsSuffix = ".parts"

// keptParts adds to the error of an interruption what is kept.
func keptParts(folder string, err error) error {
	files, _ := os.ReadDir(folder) // none is none kept
	if !errors.Is(err, context.Canceled) || len(files) == 0 {
		return err
	}
	return fmt.Errorf("%d resolutions are measured and kept in %s, and the same command goes on: %w",
		len(files), folder, err)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
