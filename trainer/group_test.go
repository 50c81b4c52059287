package trainer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tailor-nas/tailor/internal/ranks"
	"github.com/tailor-nas/tailor/internal/weights"
)

// trainGroup trains a job on each rank of a group, as change has it, and gives runs and errors. A
// rank that fails ends the group, as one in a process of its own does.
func trainGroup(t *testing.T, j Job, size int, change func(ctx context.Context, j *Job,
	l *ranks.Local) context.Context) (runs []*Run, errs []error) {
	t.Helper()
	runs, errs = make([]*Run, size), make([]error, size)
	var wg sync.WaitGroup
	for r, rank := range ranks.NewLocal(size) {
		wg.Go(func() {
			own, ctx := j, context.Background()
			own.Group, own.Workers = rank, 1+r%2
			if r > 0 {
				own.Dir = filepath.Join(j.Dir, "no such folder")
			}
			if change != nil {
				ctx = change(ctx, &own, rank)
			}
			if runs[r], errs[r] = Train(ctx, own); errs[r] != nil {
				rank.Leave(errs[r])
			}
		})
	}
	wg.Wait()
	if _, err := os.Stat(filepath.Join(j.Dir, "no such folder")); err == nil {
		t.Error("a rank that does not lead made a folder")
	}
	return runs, errs
}

// sameWeights compares all values and the optimiser's state of two runs, bit for bit.
func sameWeights(a, b *Run) bool {
	x, y := weights.Params(a.Net), weights.Params(b.Net)
	for i, p := range x {
		if !slices.Equal(p.Data, y[i].Data) || !slices.Equal(p.Momentum, y[i].Momentum) {
			return false
		}
	}
	return len(x) == len(y)
}

// groupJob has batches that do not divide into parts, and through them all of DepS: the largest
// alone, sorting, warm-up, shrinking.
func groupJob(t *testing.T, s Strategy) Job {
	j := microJob(t, t.TempDir())
	j.Config.Strategy, j.Config.Batch, j.Config.Epochs = s, 13, 2
	j.TrainImages = 100
	switch s {
	case DepS:
		j.Config.WarmupEpochs, j.Config.EpsilonEpochs = 1, 0.5
	case Progressive:
		j.Config.Aggregation = AvgSqrt
	}
	return j
}

func TestSameBitsInAGroup(t *testing.T) {
	for _, s := range []Strategy{DepS, Progressive} {
		j := groupJob(t, s)
		want := train(t, j)
		for _, size := range map[Strategy][]int{DepS: {2, 3, 4}, Progressive: {3}}[s] {
			j.Dir = t.TempDir()
			runs, errs := trainGroup(t, j, size, nil)
			if err := errors.Join(errs...); err != nil {
				t.Fatalf("%s on %d ranks: %v", s, size, err)
			}
			if got := runs[0].State.WeightsSHA256; got != want.State.WeightsSHA256 {
				t.Errorf("%s: %d ranks give weights %.12s, one gives %.12s", s, size, got,
					want.State.WeightsSHA256)
			}
			for r, run := range runs {
				if !sameWeights(run, want) {
					t.Errorf("%s: rank %d of %d has other weights", s, r, size)
				}
			}
			if a, b := metricsOf(t, want.Dir), metricsOf(t, j.Dir); len(a) != len(b) ||
				a[0] != b[0] {
				t.Errorf("%s on %d ranks: metrics begin %+v, of one %+v", s, size, b[0], a[0])
			}
		}
	}
}

// TestGroupMixes trains on mixtures, for which every rank prepares the whole batch.
func TestGroupMixes(t *testing.T) {
	j := groupJob(t, BigNAS)
	j.Config.Epochs = 1
	var err error
	if j.Config.Augment, err = LoadAugment("strong"); err != nil {
		t.Fatal(err)
	}
	want := train(t, j)
	j.Dir = t.TempDir()
	runs, errs := trainGroup(t, j, 3, nil)
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if !sameWeights(runs[0], want) {
		t.Error("3 ranks give other weights than one")
	}
}

// TestGroupInterrupted: the end of one rank's context is that of all, before the same step. Another
// number of ranks goes on to the same bits, with the teacher that only rank 0 has a file of.
func TestGroupInterrupted(t *testing.T) {
	for s, at := range map[Strategy]int{DepS: 5, Progressive: 10} {
		j := groupJob(t, s)
		want := train(t, j)
		j.Dir = t.TempDir()
		_, errs := trainGroup(t, j, 3, func(ctx context.Context, j *Job,
			l *ranks.Local) context.Context {
			ctx, cancel := context.WithCancel(ctx)
			if l.Rank() == 2 {
				j.Progress = func(p Progress) {
					if p.Step == at {
						cancel()
					}
				}
			}
			t.Cleanup(cancel)
			return ctx
		})
		for r, err := range errs {
			if !errors.Is(err, ErrInterrupted) {
				t.Errorf("%s: rank %d: error is %v, expected ErrInterrupted", s, r, err)
			}
		}
		j.Resume = true
		runs, errs := trainGroup(t, j, 2, nil)
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		if !sameWeights(runs[0], want) || !sameWeights(runs[1], want) {
			t.Errorf("%s: interrupted and resumed, the weights are others", s)
		}
		if runs, errs = trainGroup(t, j, 2, nil); errs[1] != nil || !sameWeights(runs[1], want) {
			t.Errorf("%s: resumed when done: %v", s, errs)
		}
	}
}

// failing is a rank that is lost after so many more calls.
type failing struct {
	*ranks.Local
	calls int
	why   error
}

func (f *failing) Gather(all []byte, cuts []int) {
	if f.calls--; f.calls == 0 {
		f.Leave(f.why)
	}
	f.Local.Gather(all, cuts)
}

// TestGroupLoses a rank in the middle of a step.
func TestGroupLoses(t *testing.T) {
	j := groupJob(t, DepS)
	want := train(t, j)
	j.Dir, j.SaveEvery = t.TempDir(), 0 // saves after every step
	broken := errors.New("broken")
	_, errs := trainGroup(t, j, 3, func(ctx context.Context, j *Job,
		l *ranks.Local) context.Context {
		if l.Rank() == 1 {
			f := &failing{Local: l, why: broken}
			j.Group, j.Progress = f, func(p Progress) {
				if p.Step == 8 {
					f.calls = 20
				}
			}
		}
		return ctx
	})
	for r, err := range errs {
		if !errors.Is(err, ranks.ErrLost) || !errors.Is(err, broken) {
			t.Errorf("rank %d: error is %v, expected that a rank was lost", r, err)
		}
	}
	j.Resume = true
	if got := train(t, j); !sameWeights(got, want) {
		t.Error("resumed alone, the weights are others")
	}
}

func TestGroupRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		size   int
		change func(j *Job, rank int)
		own    bool // the rank that differs has an error of its own
	}{
		"too many ranks": {9, func(*Job, int) {}, false},
		"another rate":   {2, func(j *Job, rank int) { j.Config.LR = 0.1 + float64(rank) }, false},
		"small batch":    {4, func(j *Job, _ int) { j.Config.Batch = 3 }, false},
		"no images": {3, func(j *Job, rank int) {
			if rank == 2 {
				j.Data = filepath.Join(j.Dir, "none")
			}
		}, true},
		"no folder": {2, func(j *Job, rank int) {
			if rank == 0 {
				j.Dir = "/dev/null/run"
			}
		}, true},
	} {
		j := groupJob(t, DepS)
		_, errs := trainGroup(t, j, c.size, func(ctx context.Context, j *Job,
			l *ranks.Local) context.Context {
			c.change(j, l.Rank())
			return ctx
		})
		refused := 0
		for r, err := range errs {
			if err == nil {
				t.Errorf("%s: rank %d trains", name, r)
			}
			if errors.Is(err, ErrRanks) {
				refused++
			}
			if name == "another rate" && !strings.Contains(fmt.Sprint(err),
				"other bits: setting lr of rank 1 is 1.1, of rank 0 0.1; start") {
				t.Errorf("it is not told what differs, and nothing else: %v", err)
			}
		}
		if want := c.size; refused != want && !(c.own && refused == want-1) {
			t.Errorf("%s: %d of %d ranks refuse: %v", name, refused, c.size, errs[0])
		}
		if entries, err := os.ReadDir(filepath.Join(j.Dir, checkpointsDir)); len(entries) > 0 {
			t.Errorf("%s: there is a checkpoint (%v)", name, err)
		}
	}
}
