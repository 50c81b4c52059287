package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"text/tabwriter"

	"github.com/tailor-nas/tailor/internal/meter"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
	"github.com/tailor-nas/tailor/trainer"
)

// rank says how well what is measured on the images held out of training orders random networks by
// their top-1 on test images.
func (b *bench) rank(ctx context.Context, w io.Writer, run *trainer.Run, d *trainer.Data) error {
	// not those that a predictor is fitted to, which are of a seed near 0
	archs := choices.Sample(run.Info.Space, b.random, 1000)
	measure := func(s meter.Settings) (top1, divergence []float64, err error) {
		s.Calibration, s.Workers, s.Seed = 1000, runtime.GOMAXPROCS(0), 1
		m, err := meter.Open(ctx, run, d, s)
		if err != nil {
			return nil, nil, err
		}
		defer m.Close()
		values, err := m.Measure(ctx, archs)
		for _, v := range values {
			top1, divergence = append(top1, v.Value), append(divergence, -v.Divergence)
		}
		return top1, divergence, err
	}
	top1, divergence, err := measure(meter.Settings{})
	if err != nil {
		return err
	}
	test, _, err := measure(meter.Settings{Test: true, Images: b.testImages})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%d random networks, by %d held-out images, and their top-1 on %d test images:\n\n",
		len(archs), d.Val.Len(), min(b.testImages, d.Test.Len()))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "ordered by\tKendall's tau\tof the largest resolution\t")
	for _, by := range []struct {
		name   string
		values []float64
	}{{"top-1", top1}, {"divergence from the largest", divergence}} {
		fmt.Fprintf(t, "%s\t%.2f\t%.2f\t\n", by.name, regress.Compare(by.values, test).KendallTau,
			regress.Compare(atLargest(archs, by.values), atLargest(archs, test)).KendallTau)
	}
	return t.Flush()
}

// atLargest are the values of the networks of the largest resolution.
func atLargest(archs []supernet.Arch, values []float64) (some []float64) {
	largest := uint16(0)
	for _, a := range archs {
		largest = max(largest, a.Resolution)
	}
	for i, a := range archs {
		if a.Resolution == largest {
			some = append(some, values[i])
		}
	}
	return some
}
