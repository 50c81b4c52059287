package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/quickstart"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/trainer"
)

type quickstartCmd struct {
	Out string `help:"Folder for everything." default:"quickstart" type:"path" out:"folder"`
	outFlags
}

// Run walks.
func (c *quickstartCmd) Run(ctx context.Context, g *Globals) error {
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return fmt.Errorf("quickstart: %w", err)
	}
	path := filepath.Join(c.Out, "report.html")
	if err := (store.Output{Path: path, Kind: pageOutput, Ours: isPage, Unread: true,
		Force: c.Force}).Check(); err != nil {
		return err
	}
	return g.withPage(ctx, path, []string{c.Out}, func() error { return c.walk(ctx, g) })
}

func (c *quickstartCmd) walk(ctx context.Context, g *Globals) error {
	s, err := quickstart.Run(ctx, quickstart.Job{
		Dir: c.Out, Seed: g.Seed, Workers: g.Workers, Force: c.Force, Train: g.train, Say: g.say,
		Progress: g.pruneProgress,
	})
	if errors.Is(err, trainer.ErrInterrupted) || errors.Is(err, context.Canceled) {
		return fmt.Errorf("%w; the same command goes on", err)
	}
	if err != nil {
		return err
	}
	return g.result(s, func(w io.Writer) {
		fmt.Fprintf(w, "\nOne supernet, three networks for this device (%s, one thread):\n\n",
			s.Device.CPU.Brand)
		printWinners(w, s.Winners)
		printPruned(w, s.Pruned)
		fmt.Fprintf(w, "wrote %s, %s, %s, %s\n", shown(s.Run), shown(s.Profile), shown(s.Accuracy),
			shown(s.Latency))
		fmt.Fprintf(w, "wrote %s\n", shown(filepath.Join(c.Out, "summary.json")))
	})
}
