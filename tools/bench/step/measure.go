package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/internal/amount"
)

// The sides.
const (
	tailorSide   = "tailor"
	eagerSide    = "PyTorch"
	compiledSide = "PyTorch compiled"
)

// bench is a comparison in progress.
type bench struct {
	settings settings
	proc     *processes
	log      func(format string, args ...any)
	result   *result
	jobs     []jobFile
	sides    []string
}

// jobFile is a job on disk, with the losses that its warm-up must give.
type jobFile struct {
	net    *net
	path   string
	losses [][]float64
}

// measure checks that the sides agree and then times them.
func measure(ctx context.Context, s settings, dir string, log func(string, ...any)) (*result,
	error) {
	proc, err := newProcesses(dir, s.Python, s.ISA)
	if err != nil {
		return nil, err
	}
	b := &bench{settings: s, proc: proc, log: log, result: &result{Settings: s}}
	for _, f := range []func(context.Context) error{b.describe, b.speeds} {
		if err := f(ctx); err != nil {
			return nil, err
		}
	}
	if err := b.check(ctx, dir); err != nil {
		return nil, err
	}
	return b.result, b.rounds(ctx)
}

// check writes the jobs and runs two steps of each on every side. Nothing is timed unless all
// losses agree.
func (b *bench) check(ctx context.Context, dir string) error {
	threads := b.settings.Threads[len(b.settings.Threads)-1]
	for _, name := range b.settings.Nets {
		n, err := newNet(name)
		if err != nil {
			return err
		}
		j := jobFile{net: n}
		if j.path, err = writeJob(dir, n, b.settings.Batch); err != nil {
			return err
		}
		for _, side := range b.sides {
			b.log("check %s, %s", name, side)
			if _, err := b.time(ctx, &j, side, threads, 0); err != nil {
				return err
			}
		}
		b.jobs = append(b.jobs, j)
	}
	return nil
}

// time runs a job on a side and compares its losses with those of the first run.
func (b *bench) time(ctx context.Context, j *jobFile, side string, threads int,
	seconds float64) (*timing, error) {
	var t timing
	var err error
	budget := fmt.Sprint(seconds)
	switch side {
	case tailorSide:
		err = b.proc.tailor(ctx, threads, &t, "-job", j.path, "-seconds", budget)
	case eagerSide:
		err = b.proc.torch(ctx, threads, &t, "time", "--job", j.path, "--seconds", budget)
	case compiledSide:
		err = b.proc.torch(ctx, threads, &t, "time", "--job", j.path, "--seconds", budget,
			"--compile")
	}
	if err != nil {
		return nil, fmt.Errorf("%s, %s: %w", j.net.name, side, err)
	}
	if j.losses == nil {
		j.losses = t.Losses
	}
	if err := agree(t.Losses, j.losses); err != nil {
		return nil, fmt.Errorf("%s, %s: %w", j.net.name, side, err)
	}
	if seconds > 0 && len(t.Seconds) == 0 {
		return nil, fmt.Errorf("%s, %s: timed no steps", j.net.name, side)
	}
	if b.settings.CPUTime && seconds > 0 && !slices.ContainsFunc(t.CPUSeconds, positive) {
		return nil, fmt.Errorf("%s, %s: has no processor times, run without --cpu-time", j.net.name,
			side)
	}
	return &t, nil
}

func positive(v float64) bool { return v > 0 }

// rounds times everything once a round.
func (b *bench) rounds(ctx context.Context) error {
	for _, j := range b.jobs {
		for i := range b.result.Speeds {
			t := newTrial(j.net, b.settings.Batch, &b.result.Speeds[i])
			for _, name := range b.sides {
				t.Sides = append(t.Sides, &side{Name: name})
			}
			b.result.Cases = append(b.result.Cases, t)
		}
	}
	for round := range b.settings.Rounds {
		for i, t := range b.result.Cases {
			if err := b.round(ctx, round, t, &b.jobs[i/len(b.result.Speeds)]); err != nil {
				return err
			}
		}
	}
	for _, t := range b.result.Cases {
		t.summarize()
	}
	return nil
}

// round times every side of a trial once. Odd rounds go backwards, so that a machine that slows
// down or speeds up favours none.
func (b *bench) round(ctx context.Context, round int, t *trial, j *jobFile) error {
	for i := range t.Sides {
		if round%2 == 1 {
			i = len(t.Sides) - 1 - i
		}
		s := t.Sides[i]
		run, err := b.time(ctx, j, s.Name, t.Threads, b.settings.Seconds)
		if err != nil {
			return err
		}
		times := run.Seconds
		if b.settings.CPUTime {
			times = run.CPUSeconds
		}
		s.RoundsMs = append(s.RoundsMs, 1e3*median(times))
		b.log("round %d of %d, %s, %s, %s: %.0f ms (%s)", round+1, b.settings.Rounds, t.Net,
			amount.Of(t.Threads, "thread"), s.Name,
			s.RoundsMs[round], amount.Of(len(run.Seconds), "step"))
	}
	return nil
}
