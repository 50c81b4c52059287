package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tailor-nas/tailor/internal/amount"
	"github.com/tailor-nas/tailor/internal/devices"
	"github.com/tailor-nas/tailor/internal/jobs"
	"github.com/tailor-nas/tailor/internal/queue"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/profiles"
)

type devicesCmd struct {
	Profiles []string `arg:"" optional:"" help:"Profiles, and folders that have some; two profiles are compared. Default the folder that tailor works in, or none beside --queue." type:"path"`
	Queue    string   `help:"List the workers of this queue, too, and how many jobs wait: nats://HOST:PORT or tls://HOST:PORT." placeholder:"URL"`
	accessFlags
}

// devicesResult is the JSON of devices.
type devicesResult struct {
	Profiles   []devices.Known     `json:"profiles"`
	Comparison *devices.Comparison `json:"comparison,omitempty"` // of two
	Workers    []queue.Live        `json:"workers,omitempty"`
	Queues     []queue.Backlog     `json:"queues,omitempty"`
}

// Run lists.
func (c *devicesCmd) Run(ctx context.Context, g *Globals) error {
	paths := c.Profiles
	if len(paths) == 0 && c.Queue == "" {
		paths = []string{"."}
	}
	var r devicesResult
	var err error
	if r.Profiles, err = devices.List(paths); err != nil {
		return err
	}
	if r.Profiles == nil {
		r.Profiles = []devices.Known{}
	}
	if r.Comparison, err = c.compared(); err != nil {
		return err
	}
	if c.Queue != "" {
		if err := c.ask(ctx, g, &r); err != nil {
			return err
		}
	}
	return g.result(r, func(w io.Writer) { r.print(w, c.Queue, len(paths) > 0) })
}

// compared compares two profiles, if that is what is named.
func (c *devicesCmd) compared() (*devices.Comparison, error) {
	if len(c.Profiles) != 2 {
		return nil, nil
	}
	var both [2]*profiles.Profile
	for i, path := range c.Profiles {
		info, err := store.Stat(path)
		if err != nil || info.IsDir() {
			return nil, err
		}
		if both[i], err = profiles.Load(path); err != nil {
			return nil, err
		}
	}
	return devices.Compare(both[0], both[1])
}

// ask asks a queue who works for it, and for what there are jobs.
func (c *devicesCmd) ask(ctx context.Context, g *Globals, r *devicesResult) error {
	conn, err := c.dial(ctx, g, c.Queue)
	if err != nil {
		return err
	}
	defer conn.Close()
	if r.Workers, err = conn.Workers(ctx); err != nil {
		return err
	}
	r.Queues, err = conn.Backlogs(ctx, r.Workers)
	return err
}

func (r *devicesResult) print(w io.Writer, url string, looked bool) {
	switch {
	case len(r.Profiles) > 0:
		printProfiles(w, r.Profiles)
	case looked:
		fmt.Fprintln(w, "no profiles here: tailor profile makes one")
	}
	if c := r.Comparison; c != nil {
		printComparison(w, c)
	}
	if url == "" {
		return
	}
	if len(r.Workers) == 0 {
		fmt.Fprintln(w, "no worker is at the queue: tailor work --queue lends a machine")
	} else {
		printWorkers(w, r.Workers)
	}
	printQueues(w, r.Queues)
}

// passed is the mark of what is as it should be, failed that of what is not.
const passed, failed = "pass", "FAIL"

func printProfiles(w io.Writer, all []devices.Known) {
	t := &table{headings: 1}
	t.row("PROFILE", "DEVICE", "PROCESSOR", "RUNTIME", "SPACE", "MEASURED", "BY", "", "")
	for _, k := range all {
		mark, date := passed, ""
		if !k.OK {
			mark = failed
		}
		if !k.Measured.IsZero() {
			date = k.Measured.UTC().Format(time.DateOnly)
		}
		t.row(shown(k.Path), fmt.Sprintf("%.12s", k.Device), processor(k), k.Runtime, k.Space, date,
			k.Worker, mark, remarks(k))
	}
	t.dropEmpty("")
	t.print(w)
}

func processor(k devices.Known) string {
	if k.Device == "" {
		return ""
	}
	return fmt.Sprintf("%s, %s, %s %s", k.CPU, amount.Of(k.Cores, "core"), k.OS, k.Arch)
}

// remarks are what is wrong with a profile, or not known well.
func remarks(k devices.Known) string {
	var all []string
	if k.Why != "" {
		all = append(all, k.Why)
	}
	if k.Unstable > 0 {
		all = append(all, fmt.Sprintf("%d of %d times not known to within 2 %%", k.Unstable,
			k.Blocks+k.Networks))
	}
	return strings.Join(all, "; ")
}

func printComparison(w io.Writer, c *devices.Comparison) {
	if !c.Same {
		fmt.Fprintln(w, "they are of two devices, runtimes or settings")
	}
	t := &table{headings: 1, right: true}
	t.row("", "IN BOTH", "SECOND / FIRST", "APART, MEDIAN", "95TH PERCENTILE", "MOST",
		"NOT KNOWN WELL")
	line := func(name string, a devices.Apart) {
		percent := func(v float64) string { return fmt.Sprintf("%.2f %%", 100*v) }
		if a.Both > 0 {
			t.row(name, fmt.Sprint(a.Both), fmt.Sprintf("%.3f", a.Ratio), percent(a.Median),
				percent(a.P95), percent(a.Most), fmt.Sprint(a.Unstable))
		}
	}
	line("blocks", c.Blocks)
	line("networks", c.Networks)
	t.print(w)
}

func printWorkers(w io.Writer, all []queue.Live) {
	t := &table{headings: 1}
	t.row("WORKER", "LENDS", "DEVICE", "UNDER WAY", "DONE", "SINCE", "WHAT IT IS", "CLASSES")
	for _, l := range all {
		t.row(l.Worker, lends(l.Kind), fmt.Sprintf("%.12s", l.Device), fmt.Sprint(l.Busy),
			fmt.Sprint(l.Done), l.Since.UTC().Format(time.DateTime), l.About,
			strings.Join(l.Classes, " "))
	}
	t.print(w)
	for _, l := range all {
		if l.Later != "" {
			fmt.Fprintf(w, "%s waits: %s\n", l.Worker, inOneLine(l.Later))
		}
	}
}

// lends says what jobs of a kind are, for people.
func lends(kind string) string {
	switch kind {
	case jobs.AccuracyKind:
		return "accuracies"
	case jobs.ProfileKind:
		return "its device"
	}
	return kind
}

func printQueues(w io.Writer, all []queue.Backlog) {
	if len(all) == 0 {
		return
	}
	t := &table{headings: 1}
	t.row("JOBS", "WAITING", "UNDER WAY", "CLASS")
	for _, b := range all {
		t.row(b.Kind, fmt.Sprint(b.Waiting), fmt.Sprint(b.Begun), b.Class)
	}
	t.print(w)
}
