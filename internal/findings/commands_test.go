package findings

import (
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/micro"
	"github.com/tailor-nas/tailor/trainer"
)

// TestTrainWords: flags that have their default are left out, the others are all there, and no name
// of a document is taken for a file to open.
func TestTrainWords(t *testing.T) {
	space := micro.ParseSpace(t, micro.SpaceYAML)
	usual, err := trainer.Defaults().Complete()
	if err != nil {
		t.Fatal(err)
	}
	info := trainer.Info{Space: space, Config: usual, Data: trainer.DataInfo{Path: "my data",
		Size: space.MaxResolution()}}
	short := "tailor train --space " + space.Name + " --data 'my data' --strategy deps --epochs 20 " +
		"--batch 128 --lr 0.1 --seed 0 --out run"
	if got := strings.Join(trainWords(&info, "run"), " "); got != short {
		t.Errorf("defaults give\n%s, want\n%s", got, short)
	}
	c := &info.Config
	c.WarmupEpochs, c.EpsilonEpochs, c.Networks, c.Temperature = 5, 0, 6, 2
	c.WeightDecay, c.LabelSmoothing, c.LRWarmupEpochs = 0, 0.2, 1
	c.Multipliers, c.Sampling, c.Distill = trainer.Multipliers{Largest: 1, Smallest: 2, Random: 3},
		trainer.Compound, trainer.NoDistill
	c.ClassWeights, c.Augment.Preset = "balanced", "/etc/passwd"
	info.Data.Holdout, info.Data.Train, info.Data.Subset, info.Data.Size = -1, 300, true, 99
	info.Start, c.Init = &trainer.Start{}, trainer.Init{FreezeEpochs: 1, LR: 0.5}
	got := strings.Join(trainWords(&info, "run"), " ")
	for _, want := range strings.Split("--train-images 300,--holdout 0,--classes FILE,--size 99,"+
		"--init '',--freeze-epochs 1,--init-lr 0.5,--weight-decay 0 ,--label-smoothing 0.2,"+
		"--warmup-epochs 5,--epsilon-epochs 0,--networks 6,--temperature 2,--lr-warmup-epochs 1,"+
		"--class-weights balanced,--sampling compound,--distill none,--smallest-multiplier 2,"+
		"--random-multiplier 3,--augment FILE", ",") {
		if !strings.Contains(got, want) {
			t.Errorf("%s has no %s", got, want)
		}
	}
	if strings.Contains(got, "--largest-multiplier") {
		t.Errorf("%s has a flag with its default", got)
	}
}
