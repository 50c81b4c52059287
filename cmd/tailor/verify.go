package main

import (
	"context"
	"fmt"
	"io"

	"github.com/tailor-nas/tailor/internal/amount"
	"github.com/tailor-nas/tailor/internal/pipeline"
)

type verifyCmd struct {
	Winner      string `arg:"" help:"Winner to verify: its folder or its manifest." type:"path"`
	Data        string `help:"The images that it was trained and tested on; default where they were then." type:"source"`
	SkipDamaged bool   `help:"Go on without images of --data that cannot be read and class folders without images." with:"data"`
	Latency     bool   `help:"Measure its latency again, where it was measured on this device." default:"true" negatable:""`
}

// Run verifies. What the winner claims and is not so makes it fail, once the table is printed.
func (c *verifyCmd) Run(ctx context.Context, g *Globals) error {
	g.progress("verify", 0, 1)
	v, err := pipeline.Verify(ctx, pipeline.VerifyJob{
		Manifest: c.Winner, Images: pipeline.TestImages{Path: c.Data, SkipDamaged: c.SkipDamaged},
		Time: c.Latency, Budget: againBudget, Seed: g.Seed, Workers: g.Workers, Opened: g.openedAs,
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

// printVerified is a table of what is claimed beside what was found.
func printVerified(w io.Writer, v *pipeline.Verified) {
	t := &table{headings: 1}
	t.row("", "VERDICT", "CLAIMED", "FOUND", "")
	for _, c := range v.Checks {
		t.row(c.What, string(c.Verdict), inOneLine(c.Claimed), inOneLine(c.Found),
			inOneLine(c.Why))
	}
	t.dropEmpty("")
	t.print(w)
}
