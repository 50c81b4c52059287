// Package reopen opens the network of a manifest with the images that it was trained on, as it saw
// them.
package reopen

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/standalone"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// Network opens a manifest whose network has weights, and images that they were trained on,
// which it takes to do something with it.
func Network(path, what string) (*manifest.Manifest, *supernet.Subnet, error) {
	m, net, err := manifest.Open(path)
	if err != nil {
		return nil, nil, err
	}
	if net == nil || m.Images == nil {
		return nil, nil, fmt.Errorf(
			"%s has no weights to %s: it was searched without a training run; search with --run",
			path, what)
	}
	return m, net, nil
}

// Images opens the images of a manifest, which is in file, as its network saw them.
func Images(m *manifest.Manifest, file, path string) (*trainer.Data, error) {
	was := ImagesPath(m, file)
	d, err := data.Open(cmp.Or(path, was), Options(m))
	if err != nil {
		if path == "" {
			err = trainer.MissingData("network "+file, was, err)
		}
		return nil, err
	}
	if own, err := d.For(m.Classes, m.Blocks[0].In.C); err == nil {
		d = own // or the hash says that these are others
	}
	var stale *store.StaleError
	if err := m.Check(file, "data", d.SHA256); errors.As(err, &stale) {
		at := cmp.Or(path, was)
		if r := d.Report; m.Images.Preparation == nil && r.Turned+r.Clear > 0 {
			return nil, fmt.Errorf(
				"%s is of an older tailor, which did not turn images by EXIF and laid transparent ones on black; of %s, %d images are turned and %d transparent: train and search again: %w",
				file, at, r.Turned, r.Clear, err)
		}
		return nil, &trainer.OtherDataError{Path: at, Of: "network " + file, Was: was, Stale: stale}
	} else if err != nil {
		return nil, err
	}
	if m.Mean != nil {
		if d, err = d.Normalised(m.Mean, m.Std); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return (*trainer.Data)(d.Parts()), nil
}

// Report says what was found at the path of images, and what was left out.
func Report(d *trainer.Data) data.Report {
	r, _ := d.Report.(data.Report)
	return r
}

// ImagesPath is where the images of a manifest were, as a path from the working folder.
func ImagesPath(m *manifest.Manifest, file string) string {
	return data.Resolve(filepath.Dir(file), m.Inputs["data"].Path)
}

// Options say how a manifest's images were opened.
func Options(m *manifest.Manifest) data.Options {
	i := m.Images
	o := data.Options{Size: i.Size, Holdout: i.Holdout, Seed: i.Seed, Train: i.Train,
		Test: i.Test, SkipDamaged: i.SkipDamaged, Mean: m.Mean, Std: m.Std}
	if i.Subset {
		o.Only = m.Classes
	}
	return o
}

// Top1 is the share of a set's images, of d, that a network classifies right.
func Top1(ctx context.Context, net *supernet.Subnet, d *trainer.Data, set data.Set,
	workers int) (float64, error) {
	settings := trainer.EvalDefaults()
	settings.Workers = max(workers, 1)
	images, err := (*data.Parts)(d).Dataset()
	if err != nil {
		return 0, err
	}
	n, err := standalone.NewNetwork(net, images, images.DefaultTransform(), settings)
	if err != nil {
		return 0, err
	}
	defer n.Close()
	return n.Top1(ctx, set)
}
