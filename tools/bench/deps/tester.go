package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/tailor-nas/tailor/internal/meter"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// tester measures networks of a run.
type tester struct {
	networks
	val, test *meter.Meter
	predictor *predictor.Accuracy
}

// test fills in what the networks of a run reach.
func (b *bench) test(ctx context.Context, run *trainer.Run, into *result) error {
	t := &tester{networks: b.networks(run.Info.Config)}
	d, err := run.OpenData(b.data)
	if err != nil {
		return err
	}
	if d.Val == nil || d.Val.Len() == 0 {
		return fmt.Errorf("%s has no images held out of training", run.Dir)
	}
	for _, m := range []struct {
		into **meter.Meter
		test bool
	}{{&t.val, false}, {&t.test, true}} {
		*m.into, err = meter.Open(ctx, run, d, meter.Settings{Test: m.test,
			Calibration: b.calibration, Workers: b.workers, Seed: 1})
		if err != nil {
			return err
		}
		defer (*m.into).Close()
	}
	into.TestImages, into.ValImages = t.test.Images(), t.val.Images()
	if err := t.fit(ctx); err != nil {
		return err
	}
	for _, target := range t.targets() {
		p, err := t.at(ctx, target)
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%s: %.4g M MACs: best %.2f %%, random %.2f %%\n", into.Name,
			float64(target)/1e6, 100*p.Best.TestTop1, 100*p.RandomTop1)
		into.Points = append(into.Points, p)
	}
	return nil
}

// fit fits the predictor that searches use.
func (t *tester) fit(ctx context.Context) error {
	samples, err := t.val.Measure(ctx, t.samples())
	if err != nil {
		return err
	}
	t.predictor, err = predictor.FitCompared(ctx, t.bench.space, samples, regress.Defaults())
	return err
}

// at tests the best network within so many MACs, and random ones of about as many.
func (t *tester) at(ctx context.Context, target int64) (p point, err error) {
	p.MACs = target
	found, err := t.search(ctx, target)
	if err != nil {
		return p, err
	}
	val, err := values(ctx, t.val, found)
	if err != nil {
		return p, err
	}
	best := slices.Index(val, slices.Max(val))
	random := t.near(target, t.bench.random)
	test, err := values(ctx, t.test, append([]supernet.Arch{found[best]}, random...))
	if err != nil {
		return p, err
	}
	p.Best = network{t.bench.space.Spec(found[best]), t.bench.macs(found[best]), val[best], test[0]}
	var macs float64
	for i, a := range random {
		macs += float64(t.bench.macs(a)) / float64(len(random))
		p.Random = append(p.Random, network{Arch: t.bench.space.Spec(a), MACs: t.bench.macs(a),
			TestTop1: test[1+i]})
	}
	p.RandomMACs, p.RandomTop1 = macs, stat.Mean(test[1:], nil)
	return p, nil
}

// search gives the best predicted networks within so many MACs. Of coupled networks there are so
// few that drawing finds them.
func (t *tester) search(ctx context.Context, limit int64) (found []supernet.Arch, err error) {
	if t.family.Compound {
		return t.bestDrawn(limit)
	}
	config := optimize.Defaults()
	config.Seed, config.Top = 1, t.bench.top
	answer, err := search.Find(ctx, search.Query{Space: t.bench.space, Accuracy: t.predictor,
		Limits: search.Limits{MACs: limit}}, config)
	if err != nil {
		return nil, err
	}
	for _, f := range answer.Best {
		found = append(found, f.Arch)
	}
	return found, nil
}

func (t *tester) bestDrawn(limit int64) ([]supernet.Arch, error) {
	pool := append(t.distinct(poolWanted, poolDraws), t.family.Smallest())
	pool = slices.DeleteFunc(pool, func(a supernet.Arch) bool { return t.bench.macs(a) > limit })
	predicted, err := t.predictor.Predict(pool)
	if err != nil {
		return nil, err
	}
	order := make([]int, len(pool))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order,
		func(a, b int) int { return cmp.Compare(predicted[b], predicted[a]) })
	var found []supernet.Arch
	for _, i := range order[:min(t.bench.top, len(order))] {
		found = append(found, pool[i])
	}
	return found, nil
}

func values(ctx context.Context, m *meter.Meter, archs []supernet.Arch) ([]float64, error) {
	samples, err := m.Measure(ctx, archs)
	if err != nil {
		return nil, err
	}
	v := make([]float64, len(samples))
	for i, s := range samples {
		v[i] = s.Value
	}
	return v, nil
}
