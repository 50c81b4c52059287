package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/tailor-nas/tailor/internal/data"
)

// Globals are the flags of every command, and where output goes: results to stdout, logs and
// progress to stderr.
type Globals struct {
	JSON         bool   `help:"Print one JSON object of results on stdout."`
	Seed         uint64 `help:"Seed of everything random." default:"1"`
	GivenWorkers *int   `name:"workers" help:"Goroutines that compute; results do not depend on it. Default one a processor." range:"${workers_range}"`
	Workers      int    `kong:"-"` // what --workers says, or its default
	Quiet        bool   `short:"q" help:"No progress."`

	saving         *saving
	page           *livePage // that is written as work goes on, nil for none
	stdout, stderr io.Writer
	data           *data.Report // of the images that the command opened, nil before and without
	log            *slog.Logger
	terminal       bool
	bar            *progressbar.ProgressBar
	lines          sync.Mutex // one line, or bar, at a time: those of a queue come when they come
	work           stopwatch  // of what progress shows
	lastLine       time.Time
}

func (g *Globals) start(stdout, stderr io.Writer) {
	g.stdout, g.stderr, g.log = stdout, stderr, slog.New(slog.NewTextHandler(stderr, nil))
	g.Workers = runtime.GOMAXPROCS(0)
	if g.GivenWorkers != nil {
		g.Workers = *g.GivenWorkers
	}
	if f, ok := stderr.(*os.File); ok {
		g.terminal = term.IsTerminal(int(f.Fd()))
	}
}

// result prints an object as JSON if asked to, else the text.
func (g *Globals) result(object any, text func(w io.Writer)) error {
	g.clearProgress()
	if !g.JSON {
		text(plainWriter{g.stdout})
		return nil
	}
	b, err := g.withData(object)
	if err != nil {
		return err
	}
	_, err = g.stdout.Write(b)
	return err
}

// warn prints a line that is worth reading even with --quiet.
func (g *Globals) warn(format string, args ...any) {
	g.lines.Lock()
	defer g.lines.Unlock()
	g.clearProgress()
	fmt.Fprintln(g.stderr, "warning:", inOneLine(fmt.Sprintf(format, args...)))
}

// say prints a line about the progress of the whole, where it does not disturb results.
func (g *Globals) say(format string, args ...any) {
	if !g.Quiet {
		g.lines.Lock()
		defer g.lines.Unlock()
		g.clearProgress()
		fmt.Fprintln(g.stderr, inOneLine(fmt.Sprintf(format, args...)))
	}
}
