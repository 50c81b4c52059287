package main

import (
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"
)

// lineEvery is how often progress is a line where there is no terminal.
const lineEvery = 15 * time.Second

// stopwatch measures some work from when it was first seen. It does not notice that a line was
// printed meanwhile.
type stopwatch struct {
	began       time.Time
	doneAtStart float64
	lastDone    float64
}

// at takes in how much is done by now. Less than before is other work.
func (s *stopwatch) at(now time.Time, done float64) {
	if s.began.IsZero() || done < s.lastDone {
		s.began, s.doneAtStart = now, done
	}
	s.lastDone = done
}

// left is the expected time of the rest if all of it takes as long as what was seen; 0 before
// anything was.
func (s *stopwatch) left(now time.Time, total float64) time.Duration {
	if s.lastDone <= s.doneAtStart {
		return 0
	}
	return time.Duration(float64(now.Sub(s.began)) * (total - s.lastDone) /
		(s.lastDone - s.doneAtStart))
}

// progress shows how much is done of some work, all of which takes equally long.
func (g *Globals) progress(what string, done, total float64) {
	now := time.Now()
	g.work.at(now, done)
	g.show(now, what, done/total, g.work.left(now, total))
}

// counting shows how many of all images were run through a network, given how many come at a time.
// How many there will be may become known later, before the first.
func (g *Globals) counting(what string, total *int) func(images int) {
	done := 0
	g.work = stopwatch{} // what went before took its own time
	return func(images int) {
		done += images
		g.progress(what, float64(done), float64(*total))
	}
}

// tested shows how many test images were run through a network.
func (g *Globals) tested(done, total int) { g.progress("test", float64(done), float64(total)) }

// progressLeft is progress where it is known how long the rest takes.
func (g *Globals) progressLeft(what string, done, total float64, left time.Duration) {
	now := time.Now()
	g.work.at(now, done)
	g.show(now, what, done/total, left)
}

// show is a bar with the time left on a terminal, now and then a line elsewhere.
func (g *Globals) show(now time.Time, what string, share float64, left time.Duration) {
	g.page.update(now, what, share)
	g.lines.Lock()
	defer g.lines.Unlock()
	switch {
	case g.Quiet:
	case g.terminal:
		if g.bar == nil {
			g.bar = progressbar.NewOptions64(1000, progressbar.OptionSetWriter(g.stderr),
				progressbar.OptionSetPredictTime(false),
				progressbar.OptionSetElapsedTime(false),
				progressbar.OptionThrottle(200*time.Millisecond), progressbar.OptionClearOnFinish(),
				progressbar.OptionSetWidth(30))
		}
		if left > 0 {
			what += ", " + about(left) + " left"
		}
		g.bar.Describe(what)
		_ = g.bar.Set64(int64(1000 * share))
	case g.lastLine.IsZero() || g.work.began.After(g.lastLine):
		g.lastLine = now
	case now.Sub(g.lastLine) >= lineEvery && g.work.lastDone > g.work.doneAtStart:
		g.lastLine = now
		g.log.Info(what, "done", fmt.Sprintf("%.0f %%", 100*share), "elapsed",
			about(now.Sub(g.work.began)), "left", about(left))
	}
}

// clearProgress takes the bar off the screen.
func (g *Globals) clearProgress() {
	if g.bar != nil {
		_ = g.bar.Finish()
		g.bar = nil
	}
}

// about writes a duration for people: 45s, 8m20s, 3h20m, 2d4h.
func about(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < 9500*time.Millisecond:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0fs", d.Seconds())
	case d < time.Hour:
		d = d.Round(time.Second)
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	case d < 2*day:
		d = d.Round(time.Minute)
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	d = d.Round(time.Hour)
	return fmt.Sprintf("%dd%dh", d/day, d%day/time.Hour)
}
