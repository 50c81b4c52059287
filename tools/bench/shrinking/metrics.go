package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// heldOut are the largest network when shrinking began and at the end, on the images held out of
// training, as the run's metrics have them; none where it has no such figures.
func heldOut(run *trainer.Run) ([]row, error) {
	f, err := os.Open(filepath.Join(run.Dir, "metrics.jsonl"))
	if errors.Is(err, fs.ErrNotExist) { // of a run that no training made
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var before, end *trainer.Metric
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var m trainer.Metric
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
		if m.Top1Max == nil {
			continue
		}
		if m.Epoch <= run.Info.Config.WarmupEpochs {
			before = &m
		}
		end = &m
	}
	if err := lines.Err(); err != nil || before == nil {
		return nil, err
	}
	space := run.Info.Space
	macs := supernet.MACs(space.Blocks(space.Max()))
	return []row{
		{fmt.Sprintf("largest at epoch %g, before shrinking", before.Epoch), macs, *before.Top1Max,
			"held out"},
		{fmt.Sprintf("largest at epoch %g", end.Epoch), macs, *end.Top1Max, "held out"},
	}, nil
}
