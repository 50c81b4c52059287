package main

import (
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/tailor-nas/tailor/internal/amount"
	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/trainer"
)

// augmentFlags say what happens to training images, and how they count.
type augmentFlags struct {
	Augment        string  `help:"What happens to training images at random: none, light, standard, strong, or a YAML file (docs/training.md)." default:"light" type:"source"`
	Size           *int    `help:"Side that images are kept at in pixels. Random crops of more pixels than the largest resolution are sharper. Default the space's largest resolution." range:"1..1024"`
	ClassWeights   string  `help:"How much the images of a class count: none is all alike, balanced by the inverse of their number, sqrt by its root." enum:"none,balanced,sqrt" default:"${train_class_weights}"`
	LRWarmupEpochs float64 `name:"lr-warmup-epochs" help:"Epochs over which the learning rate rises from 0 to the cosine." default:"${train_lr_warmup_epochs}" range:"${train_lr_warmup_epochs_range}"`
}

// subsetFlags say which images there are, and where they are kept.
type subsetFlags struct {
	Classes string `help:"Train on these classes alone: a file with the name of one in each line, in the order of their labels." type:"source"`
	Cache   string `help:"Images that do not fit the memory (2 GiB prepared): none decodes them in every epoch, auto once, to the run's folder, DIR once, to a folder that runs can share." default:"none" type:"source"`
}

// apply puts the flags into a job.
func (f *subsetFlags) apply(j *trainer.Job) (err error) {
	if f.Classes != "" {
		if j.Classes, err = data.LoadClasses(f.Classes); err != nil {
			return err
		}
	}
	switch f.Cache {
	case "none":
	case "auto":
		j.Cache = trainer.AutoCache
	default:
		j.Cache = f.Cache
		if j.Cache == trainer.AutoCache { // a folder of this name
			j.Cache = "." + string(filepath.Separator) + j.Cache
		}
	}
	return nil
}

// caching says what a cache takes before it is filled, and how far it is.
func (g *Globals) caching(p trainer.CacheProgress) {
	if p.Done == 0 {
		g.say("decoding images once to %s: %s", shown(p.Dir), bytesText(p.Bytes))
	}
	g.progress("decode images", float64(p.Done), float64(p.Bytes))
}

// apply puts the flags into a job.
func (f *augmentFlags) apply(j *trainer.Job) error {
	c := &j.Config
	if f.LRWarmupEpochs > float64(c.Epochs) {
		return usagef("--lr-warmup-epochs is %v, expected at most --epochs, which is %d",
			f.LRWarmupEpochs, c.Epochs)
	}
	var err error
	if c.Augment, err = trainer.LoadAugment(f.Augment); err != nil {
		return err
	}
	if f.Size != nil && *f.Size < j.Space.MaxResolution() {
		return usagef("--size is %d, expected at least %d, the largest resolution of space %s",
			*f.Size, j.Space.MaxResolution(), j.Space.Name)
	}
	give(&j.Size, f.Size)
	c.ClassWeights, c.LRWarmupEpochs = trainer.ClassWeights(f.ClassWeights), f.LRWarmupEpochs
	return nil
}

// augmentLine is the line of a plan about images.
func augmentLine(p *trainer.Plan) string {
	perSecond := func(v float64) string {
		if v < 10 {
			return strconv.FormatFloat(v, 'f', 1, 64)
		}
		return amount.Thousands(int(v))
	}
	keeps := "the loader prepares %s images/s, training takes at most %s"
	if p.Loader < p.Training {
		keeps = "training waits for images: the loader prepares %s images/s, training could take %s"
	}
	line := fmt.Sprintf("  augmentation %s; "+keeps, p.Augment, perSecond(p.Loader),
		perSecond(p.Training))
	if p.CacheBytes > 0 {
		line += fmt.Sprintf("; a cache of %s, of which %s are to be decoded first",
			bytesText(p.CacheBytes), bytesText(p.CacheMissingBytes))
	}
	return line
}
