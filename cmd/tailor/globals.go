package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Globals are the flags of every command, and where output goes: results to stdout, logs and progress to stderr.
type Globals struct {
	JSON    bool   `help:"Print one JSON object of results on stdout."`
	Seed    uint64 `help:"Seed of everything random." default:"1"`
	Workers int    `help:"Goroutines that compute; results do not depend on it. 0: one a processor." default:"0"`
	Quiet   bool   `short:"q" help:"No progress."`

	stdout, stderr io.Writer
	log            *slog.Logger
	terminal       bool
	bar            *progressbar.ProgressBar
	work           stopwatch // of what progress shows
	lastLine       time.Time
}

// maxThreads bounds what threads and workers may be: each takes memory before it does anything.
const maxThreads = 1024

func (g *Globals) check() error {
	if g.Workers > maxThreads {
		return usagef("--workers is %d, expected at most %d", g.Workers, maxThreads)
	}
	return nil
}

func (g *Globals) start(stdout, stderr io.Writer) {
	g.stdout, g.stderr, g.log = stdout, stderr, slog.New(slog.NewTextHandler(stderr, nil))
	if g.Workers <= 0 {
		g.Workers = runtime.GOMAXPROCS(0)
	}
	if f, ok := stderr.(*os.File); ok {
		g.terminal = term.IsTerminal(int(f.Fd()))
	}
}

// result prints an object as JSON if asked to, else the text.
func (g *Globals) result(object any, text func(w io.Writer)) error {
	g.clearProgress()
	if !g.JSON {
		text(g.stdout)
		return nil
	}
	enc := json.NewEncoder(g.stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(object)
}

// say prints a line about the progress of the whole, where it does not disturb results.
func (g *Globals) say(format string, args ...any) {
	if !g.Quiet {
		g.clearProgress()
		fmt.Fprintf(g.stderr, format+"\n", args...)
	}
}
