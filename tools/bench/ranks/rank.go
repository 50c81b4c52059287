package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tailor-nas/tailor/internal/mpi"
	"github.com/tailor-nas/tailor/internal/ranks"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// beRank trains as one of the processes that mpirun started.
func beRank(ctx context.Context, text string) error {
	var s settings
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return err
	}
	group, err := mpi.Join()
	if err != nil {
		return err
	}
	if err := trainRank(ctx, s, group); err != nil {
		os.Stderr.WriteString("ranks: " + err.Error() + "\n")
		group.Abort(1)
	}
	return group.Close()
}

func trainRank(ctx context.Context, s settings, group ranks.Group) error {
	space, err := supernet.LoadSpace(s.Space)
	if err != nil {
		return err
	}
	meter := ranks.NewMeter(group)
	j := trainer.NewJob(filepath.Join(s.Dir, "run"), space, "synthetic")
	j.TrainImages, j.TestImages, j.Workers, j.ValImages = s.Images, 50, s.Workers, 0
	j.Config.Batch, j.Config.Epochs, j.Config.Seed = s.Batch, s.Epochs, s.Seed
	j.Config.WarmupEpochs, j.Config.EpsilonEpochs = 1, 0
	j.Group = meter
	if s.Wait {
		j.Group = waiting{meter}
	}
	w := watch{meter: meter, last: time.Now()}
	j.Progress = w.step
	r, err := trainer.Train(ctx, j)
	if err != nil || group.Rank() > 0 {
		return err
	}
	m := measured{Weights: r.State.WeightsSHA256}
	for i, name := range []string{"largest alone", "4 networks"} {
		m.Parts = append(m.Parts, middle(name, w.steps[i]))
	}
	out, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.Dir, "measured.json"), out, 0o644)
}

// waiting is a group in which nothing overlaps.
type waiting struct{ ranks.Group }

func (w waiting) StartGather(all []byte, cuts []int) func() {
	w.Group.StartGather(all, cuts)()
	return func() {}
}

func (w waiting) StartExchange(out []byte, outCuts []int, in []byte, inCuts []int) func() {
	w.Group.StartExchange(out, outCuts, in, inCuts)()
	return func() {}
}

// watch measures steps: of the first epoch, and of those after it.
type watch struct {
	meter  *ranks.Meter
	last   time.Time
	counts ranks.Counts
	steps  [2][]part
}

func (w *watch) step(p trainer.Progress) {
	now, c := time.Now(), w.meter.Counts()
	at, was := min(p.Epoch, 1), w.counts
	w.steps[at] = append(w.steps[at], part{Seconds: now.Sub(w.last).Seconds(), calls: calls{
		Gathers: float64(c.Gathers - was.Gathers), Late: float64(c.Late - was.Late),
		GatherBytes:   float64(c.GatherBytes - was.GatherBytes),
		LateBytes:     float64(c.LateBytes - was.LateBytes),
		GatherSeconds: (c.GatherTime - was.GatherTime).Seconds(),
		LateTime:      (c.LateTime - was.LateTime).Seconds()}})
	w.last, w.counts = now, c
}

// middle are the medians of steps. The first of a kind, which waits for memory, does not count.
func middle(name string, steps []part) part {
	steps = steps[min(1, len(steps)-1):]
	median := func(of func(p *part) float64) float64 {
		all := make([]float64, len(steps))
		for i := range steps {
			all[i] = of(&steps[i])
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	return part{Name: name, Steps: len(steps),
		Seconds: median(func(p *part) float64 { return p.Seconds }),
		calls: calls{
			Gathers:       median(func(p *part) float64 { return p.Gathers }),
			GatherBytes:   median(func(p *part) float64 { return p.GatherBytes }),
			GatherSeconds: median(func(p *part) float64 { return p.GatherSeconds }),
			Late:          median(func(p *part) float64 { return p.Late }),
			LateBytes:     median(func(p *part) float64 { return p.LateBytes }),
			LateTime:      median(func(p *part) float64 { return p.LateTime }),
		}}
}
