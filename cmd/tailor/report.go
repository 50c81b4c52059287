package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tailor-nas/tailor/internal/findings"
	"github.com/tailor-nas/tailor/internal/page"
	"github.com/tailor-nas/tailor/internal/store"
)

type reportCmd struct {
	Paths   []string `arg:"" name:"dir" help:"Folders, or files, of runs, profiles, predictors, winners: a page shows all of them side by side." type:"path"`
	Out     string   `help:"The page to write: one HTML file that needs nothing beside it." type:"path" default:"report.html" out:"page"`
	Figures string   `help:"Also draw the figures into this folder, each as SVG and PNG, with the metrics of runs as CSV." type:"path" out:"folder"`
	outFlags
}

// reportResult is the JSON.
type reportResult struct {
	Page     string   `json:"page"`
	Bytes    int64    `json:"bytes"`
	Networks int      `json:"networks"`
	Winners  int      `json:"winners"`
	Sources  int      `json:"sources"`
	LeftOut  []string `json:"left_out,omitempty"`
	Figures  []string `json:"figures,omitempty"`
}

// Run gathers and writes.
func (c *reportCmd) Run(ctx context.Context, g *Globals) error {
	if err := c.checkFigures(); err != nil {
		return err
	}
	v, err := findings.Gather(ctx, findings.Query{Paths: c.Paths, Page: folderOf(c.Out)})
	if err != nil {
		return err
	}
	r := reportResult{Page: c.Out, Sources: len(v.Sources), LeftOut: v.Notes}
	r.Networks, r.Winners = v.Count()
	if r.Bytes, err = writePage(c.Out, v); err != nil {
		return err
	}
	if c.Figures != "" {
		if r.Figures, err = page.DrawFigures(c.Figures, v); err != nil {
			return err
		}
	}
	return g.result(r, func(w io.Writer) {
		for _, n := range r.LeftOut {
			fmt.Fprintln(w, n)
		}
		if r.Figures != nil {
			fmt.Fprintf(w, "drew %d figures in %s\n", len(r.Figures), shown(c.Figures))
		}
		fmt.Fprintf(w, "wrote %s (networks %d, winners %d, files %d)\n", shown(c.Out),
			r.Networks, r.Winners, r.Sources)
	})
}

// checkFigures refuses a folder with files that are no figures, one of which might be replaced.
func (c *reportCmd) checkFigures() error {
	if c.Figures == "" || c.Force {
		return nil
	}
	entries, err := os.ReadDir(c.Figures)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("figures: %w", err)
	}
	for _, e := range entries {
		if !page.IsFigure(e.Name()) {
			return fmt.Errorf("figures: %s holds %s, which is no figure: choose a folder of its own, or --force", c.Figures, e.Name())
		}
	}
	return nil
}

// folderOf is the folder of a page, from which its links lead.
func folderOf(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return filepath.Dir(path)
}

// writePage writes a page, whole or not at all, and gives its size.
func writePage(path string, v *page.View) (int64, error) {
	write := func(w io.Writer) error { return page.Write(w, v) }
	if err := store.WriteFile(path, write); err != nil {
		return 0, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, fmt.Errorf("write page: %w", err)
	}
	return info.Size(), nil
}

func missing(path string) bool {
	_, err := os.Stat(path)
	return path == "" || err != nil
}

// isPage knows a page by its mark.
func isPage(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	opening, err := io.ReadAll(io.LimitReader(f, 2048))
	return err == nil && strings.Contains(string(opening), page.Signature)
}
