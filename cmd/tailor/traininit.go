package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/tailor-nas/tailor/internal/pipeline"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// initFlags say what a training begins with, other than random weights.
type initFlags struct {
	Init         string   `help:"Take over every weight that fits from a trained network: the folder of a run (of train, import or adopt), that of a winner, or a file that adopt reads." type:"path" oneof:"begin"`
	FreezeEpochs float64  `help:"Epochs in which what is taken over stands still while the rest learns." default:"0" range:"${train_freeze_epochs_range}" with:"init"`
	InitLR       *float64 `name:"init-lr" help:"Factor of the learning rate for what is taken over, such as 0.1; 0: it never moves. Default 1." range:"${train_init_lr_range}" with:"init"`
}

// from is the network to begin with; nil without one. It is read when it is first needed.
func (f *initFlags) from(ctx context.Context, g *Globals) *trainer.Origin {
	if f.Init == "" {
		return nil
	}
	return &trainer.Origin{Path: f.Init, Open: sync.OnceValues(func() (*trainer.Trained, error) {
		return pipeline.OpenTrained(ctx, f.Init, g.say)
	})}
}

// sayOtherImages says where the run to begin with was trained on other images that were drawn.
func (f *initFlags) sayOtherImages(g *Globals, data string) {
	info, err := trainer.ReadInfo(f.Init)
	if f.Init == "" || err != nil || info.Data.Path != "synthetic" || data != "synthetic" ||
		info.Data.Seed == g.Seed {
		return
	}
	g.say("%s was trained on images drawn with seed %d; these are drawn with --seed %d, and are "+
		"others", shown(f.Init), info.Data.Seed, g.Seed)
}

// settings say how what is taken over is trained.
func (f *initFlags) settings() trainer.Init {
	if f.Init == "" {
		return trainer.Init{}
	}
	s := trainer.InitDefaults()
	s.FreezeEpochs = f.FreezeEpochs
	give(&s.LR, f.InitLR)
	return s
}

// space is what --space names or, without it, the space of the run that goes on or of the network
// that is begun with.
func (c *trainCmd) space(from *trainer.Origin) (*supernet.Space, error) {
	if c.Space != "" {
		return supernet.LoadSpace(c.Space)
	}
	if from == nil {
		return nil, usagef("missing flags: --space=SPACE, or --init")
	}
	if c.Resume && c.Out != "" {
		if info, err := trainer.ReadInfo(c.Out); err == nil {
			return info.Space, nil
		}
	}
	t, err := from.Open()
	if err != nil {
		return nil, err
	}
	if t.Space == nil {
		return nil, fmt.Errorf("%s does not hold the space that it was cut from, none that ships is it, and the run is not where it was: say with --space which to train (the folder that adopt wrote has one, %s)", from.Path,
			pipeline.SpaceFile)
	}
	return t.Space, nil
}
