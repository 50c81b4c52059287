package main

import (
	"fmt"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// heldOut are the largest network when shrinking began and at the end, on the images held out of
// training, as the run's metrics have them; none where it has no such figures.
func heldOut(run *trainer.Run) ([]row, error) {
	record, err := trainer.ReadRecord(run.Dir)
	if err != nil {
		return nil, err
	}
	if record.Broken > 0 {
		return nil, fmt.Errorf("%s: %d lines of the metrics cannot be read", run.Dir, record.Broken)
	}
	var before, end *trainer.Metric
	for i := range record.Metrics {
		m := &record.Metrics[i]
		if m.Top1Max == nil {
			continue
		}
		if m.Epoch <= run.Info.Config.WarmupEpochs {
			before = m
		}
		end = m
	}
	if before == nil {
		return nil, nil
	}
	space := run.Info.Space
	macs := supernet.MACs(space.Blocks(space.Max()))
	return []row{
		{fmt.Sprintf("largest at epoch %g, before shrinking", before.Epoch), macs, *before.Top1Max,
			"held out"},
		{fmt.Sprintf("largest at epoch %g", end.Epoch), macs, *end.Top1Max, "held out"},
	}, nil
}
