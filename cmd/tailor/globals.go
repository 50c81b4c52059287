package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/tailor-nas/tailor/internal/data"
)

// Globals are the flags of every command, and where output goes: results to stdout, logs and progress to stderr.
type Globals struct {
	JSON    bool   `help:"Print one JSON object of results on stdout."`
	Seed    uint64 `help:"Seed of everything random." default:"1"`
	Workers int    `help:"Goroutines that compute; results do not depend on it. 0: one a processor." default:"0"`
	Quiet   bool   `short:"q" help:"No progress."`

	stdout, stderr io.Writer
	data           *data.Report // of the images that the command opened, nil before and without
	log            *slog.Logger
	terminal       bool
	bar            *progressbar.ProgressBar
	began          time.Time // of what progress shows, and how much was done then
	lastLine       time.Time
	doneAtStart    float64
	lastDone       float64
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
	b, err := g.withData(object)
	if err != nil {
		return err
	}
	_, err = g.stdout.Write(b)
	return err
}

// lineEvery is how often progress is a line where there is no terminal.
const lineEvery = 15 * time.Second

// progress shows how much of some work is done: a bar with the time left on a terminal, now and then a line elsewhere.
func (g *Globals) progress(what string, done, total float64) {
	if g.Quiet {
		return
	}
	if g.terminal {
		if g.bar == nil {
			g.bar = progressbar.NewOptions64(1000, progressbar.OptionSetWriter(g.stderr), progressbar.OptionSetDescription(what),
				progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(200*time.Millisecond),
				progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30), progressbar.OptionShowElapsedTimeOnFinish())
		}
		g.bar.Describe(what)
		_ = g.bar.Set64(int64(1000 * done / total))
		return
	}
	now := time.Now()
	if g.began.IsZero() || done < g.lastDone {
		g.began, g.lastLine, g.doneAtStart = now, now, done
	}
	g.lastDone = done
	if now.Sub(g.lastLine) < lineEvery || done <= g.doneAtStart {
		return
	}
	g.lastLine = now
	elapsed := now.Sub(g.began)
	left := time.Duration(float64(elapsed) * (total - done) / (done - g.doneAtStart))
	g.log.Info(what, "done", fmt.Sprintf("%.0f %%", 100*done/total), "elapsed", elapsed.Round(time.Second), "left", left.Round(time.Second))
}

// clearProgress takes the bar off the screen.
func (g *Globals) clearProgress() {
	if g.bar != nil {
		_ = g.bar.Finish()
		g.bar = nil
	}
}

// say prints a line about the progress of the whole, where it does not disturb results.
func (g *Globals) say(format string, args ...any) {
	if !g.Quiet {
		g.clearProgress()
		fmt.Fprintf(g.stderr, format+"\n", args...)
	}
}
