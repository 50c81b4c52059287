package main

import (
	"context"
	"fmt"
	"io"

	"github.com/tailor-nas/tailor/internal/amount"
	"github.com/tailor-nas/tailor/internal/pipeline"
	"github.com/tailor-nas/tailor/internal/runtime/remote"
	"github.com/tailor-nas/tailor/profiles"
)

type verifyCmd struct {
	Winner      string `arg:"" help:"Winner to verify: its folder or its manifest." type:"path"`
	Data        string `help:"The images that it was trained and tested on; default where they were then." type:"source"`
	SkipDamaged bool   `help:"Go on without images of --data that cannot be read and class folders without images." with:"data"`
	servedFlags
	verifyQueueFlags
	Latency bool `help:"Measure its latency again, where it was measured on this device." default:"true" negatable:""`
}

// Run verifies. What the winner claims and is not so makes it fail, once the table is printed.
func (c *verifyCmd) Run(ctx context.Context, g *Globals) error {
	g.progress("verify", 0, 1)
	var v *pipeline.Verified
	elsewhere, done, err := c.verifyQueueFlags.open(ctx, g, c.Winner)
	if err != nil {
		return err
	}
	defer done()
	err = c.in(ctx, g, func(rt profiles.Runtime) (err error) {
		v, err = pipeline.Verify(ctx, pipeline.VerifyJob{Manifest: c.Winner, Runtime: rt,
			Elsewhere: elsewhere,
			Images:    pipeline.TestImages{Path: c.Data, SkipDamaged: c.SkipDamaged},
			Time:      c.Latency, Budget: againBudget, Seed: g.Seed, Workers: g.Workers,
			Opened: g.openedAs, Follows: g.follows, Tested: g.tested,
		})
		return err
	})
	if err != nil {
		return err
	}
	if err := g.result(v, func(w io.Writer) { printVerified(w, v) }); err != nil {
		return err
	}
	if v.OK {
		return nil
	}
	return fmt.Errorf("%s: %d of %s found what is not so", shown(v.Manifest), v.Lies(),
		amount.Of(len(v.Checks), "check"))
}

// in runs f with the runtime that was asked for, or that the latency was measured with.
func (c *verifyCmd) in(ctx context.Context, g *Globals, use func(profiles.Runtime) error) error {
	if c.Queue != "" {
		return use(nil)
	}
	claimed := pipeline.ClaimedRuntime(c.Winner)
	if c.servedFlags.Runtime != "" || c.Device != "" || !c.Latency || !remote.Known(claimed) {
		return c.with(ctx, g, claimed, use)
	}
	r, err := remote.OpenAs(ctx, remote.Config{}, claimed)
	if err != nil {
		g.warn("the latency is not measured again: %v", err)
		return use(nil)
	}
	return used(use(r), r.Close)
}

// printVerified is a table of what is claimed beside what was found.
func printVerified(w io.Writer, v *pipeline.Verified) {
	t := &table{headings: 1}
	t.row("", "VERDICT", "CLAIMED", "FOUND", "")
	for _, c := range v.Checks {
		t.row(c.What, string(c.Verdict), c.Claimed, c.Found,
			c.Why)
	}
	t.dropEmpty("")
	t.print(w)
	if n := v.Unknown(); n > 0 {
		fmt.Fprintf(w, "%d of %s left open: what to do stands beside\n", n,
			amount.Of(len(v.Checks), "check"))
	}
}
