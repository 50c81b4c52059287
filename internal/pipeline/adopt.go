package pipeline

import (
	"context"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"

	"github.com/tailor-nas/tailor/internal/adopt"
	"github.com/tailor-nas/tailor/internal/bug"
	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// AdoptSettings say how a network is adopted.
type AdoptSettings struct {
	adopt.Options
	Space  *supernet.Space // that somebody edited; nil for one around the network
	Labels string          // a file with a name of a class on each line; empty for none
	Data   string          // images that folded batch norm is measured on; empty for invented ones
}

// AdoptedRun is a run that was made of somebody's network.
type AdoptedRun struct {
	Run       *trainer.Run
	Adopted   *adopt.Adopted
	SpaceFile string
	// Measured says on how many images batch norm that had been folded away was put back; 0 where
	// it was in the file.
	Measured int
	Invented bool // these images
	// Difference is how far outputs are from those of the file's own graph, as a share of the
	// largest; of an ONNX file.
	Difference float64

	net *supernet.Supernet // whose largest network is the file's
}

// Padding is that of the network, as --padding names it.
func (r *AdoptedRun) Padding() string { return adopt.PaddingText(r.Adopted.Facts.Padding.Value) }

// SpaceFile is the name of the space's file in the folder of an adopted run.
const SpaceFile = "space.yaml"

// Folded batch norm is measured on so many images, at most: of a data set, each more brings the
// statistics closer to those of all images; invented ones are but a stand-in.
const (
	measuredImages = 256
	inventedImages = 16
)

// Adopt makes a run of the network in a file.
func Adopt(ctx context.Context, path, dir string, s AdoptSettings) (*AdoptedRun, error) {
	if err := checkNew(dir); err != nil {
		return nil, fmt.Errorf("adopt: %w", err)
	}
	r, labels, err := readAdopted(ctx, path, s)
	if err != nil {
		return nil, err
	}
	r.SpaceFile = filepath.Join(dir, SpaceFile)
	a, net := r.Adopted, r.net
	r.Run, err = trainer.Import(ctx, dir, trainer.Imported{
		Net: net, From: trainer.ImportInfo{Format: a.Facts.Family}, Classes: labels,
		File: store.Input{Path: path, SHA256: a.SHA256}, Mean: a.Facts.Mean.Value,
		Std: a.Facts.Std.Value,
	})
	if err != nil {
		return nil, fmt.Errorf("adopt %s: %w", path, err)
	}
	return r, store.WriteFile(r.SpaceFile, func(w io.Writer) error {
		_, err := w.Write(adopt.YAML(net.Space))
		return err
	})
}

// readAdopted reads the network in a file, and puts it into a space. Nothing is written.
func readAdopted(ctx context.Context, path string, s AdoptSettings) (*AdoptedRun, []string,
	error) {
	var r *AdoptedRun
	var labels []string
	err := bug.CatchUntil(ctx, func() (err error) {
		r, labels, err = putIntoSpace(ctx, path, s)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return r, labels, nil
}

func putIntoSpace(ctx context.Context, path string, s AdoptSettings) (r *AdoptedRun,
	labels []string, err error) {
	a, err := adopt.Open(ctx, path, s.Options)
	if err != nil {
		return nil, nil, err
	}
	if labels, err = labelsOf(s.Labels, a); err != nil {
		return nil, nil, fmt.Errorf("adopt %s: %w", path, err)
	}
	if s.Space != nil {
		if err := a.Agree(s.Space, s.Options); err != nil {
			return nil, nil, fmt.Errorf("adopt %s: %w", path, err)
		}
	}
	r = &AdoptedRun{Adopted: a}
	if err := r.unfold(ctx, s.Data); err != nil {
		return nil, nil, fmt.Errorf("adopt %s: %w", path, err)
	}
	space := s.Space
	if space == nil {
		if space, err = a.Network.Space(spaceName(path), a.Facts); err != nil {
			return nil, nil, fmt.Errorf("adopt %s: %w", path, err)
		}
	}
	if r.net, err = r.network(ctx, space); err != nil {
		return nil, nil, fmt.Errorf("adopt %s: %w", path, err)
	}
	if s.Space != nil {
		a.Facts.Follow(s.Space)
	}
	return r, labels, nil
}

// network puts the file's into a space and compares the two.
func (r *AdoptedRun) network(ctx context.Context, space *supernet.Space) (*supernet.Supernet,
	error) {
	net, err := r.Adopted.Supernet(ctx, space)
	if err != nil || r.Adopted.Example == nil {
		return net, err
	}
	r.Difference, err = r.Adopted.Check(net)
	if err == nil && r.Difference > adopt.Tolerance {
		err = fmt.Errorf("the network that was made of the file gives other values than the file: "+
			"they differ by %.2g of the largest, expected at most %g; this is a fault of tailor, "+
			"please report it with the file", r.Difference, adopt.Tolerance)
	}
	return net, err
}

// unfold puts batch norm back where it was folded away.
func (r *AdoptedRun) unfold(ctx context.Context, path string) error {
	a := r.Adopted
	switch folded := a.Folded(); {
	case !folded && path != "":
		return fmt.Errorf("%w: --data is for files whose batch norm was folded into the weights; "+
			"this one has its own: leave the flag out", adopt.ErrUnknown)
	case !folded:
		return nil
	}
	images := adopt.Invented(inventedImages, a.Side(), a.Network.Stem.In)
	if r.Invented = path == ""; !r.Invented {
		var err error
		if images, err = someImages(ctx, path, a); err != nil {
			return err
		}
	}
	var err error
	r.Measured, err = a.Unfold(ctx, images)
	return err
}

// someImages are a few of a data set, prepared as the network takes them.
func someImages(ctx context.Context, path string, a *adopt.Adopted) (iter.Seq2[[]float32, error],
	error) {
	d, err := data.Open(path, data.Options{Size: a.Side()})
	if err != nil {
		return nil, err
	}
	if d, err = d.For(d.Classes, a.Network.Stem.In); err != nil {
		return nil, err
	}
	loader, err := data.NewLoader(data.Subset(d.Train, measuredImages, 0), d.Size, d.Channels,
		data.LoaderConfig{Batch: 1, Transform: data.Transform{Mean: a.Facts.Mean.Value,
			Std: a.Facts.Std.Value}})
	if err != nil {
		return nil, err
	}
	return func(yield func([]float32, error) bool) {
		for b, err := range loader.Epoch(ctx, 0, 0) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(b.X, nil) {
				return
			}
		}
	}, nil
}

// LeftText says which part of a checkpoint was taken, of several that have tensors.
func LeftText(taken string, left []string) string {
	if taken == "" {
		taken = "what has no name before it"
	}
	return fmt.Sprintf("the file has more than one network, or a training's state: %s was taken, "+
		"%s left out (to take another, save its state dict alone)", taken, strings.Join(left, ", "))
}

// spaceName is what a space is called that is made of a file.
func spaceName(path string) string {
	base := filepath.Base(path)
	name := strings.ToValidUTF8(strings.TrimSuffix(base, filepath.Ext(base)), "")
	name = strings.Map(func(c rune) rune {
		if c < ' ' || c == 127 {
			return -1
		}
		return c
	}, name)
	if len(name) > 100 || name == "" {
		return "adopted"
	}
	return name
}

// labelsOf reads the names of the classes, one a line, or takes those of the file; nil if there are
// none.
func labelsOf(path string, a *adopt.Adopted) ([]string, error) {
	classes := a.Network.Classifier.Out
	if path == "" {
		if len(a.Facts.Labels) != classes {
			return nil, nil
		}
		return a.Facts.Labels, a.Facts.CheckLabels()
	}
	labels, err := data.LoadClasses(path)
	if err != nil {
		return nil, fmt.Errorf("read labels: %w", err)
	}
	if len(labels) != classes {
		return nil, fmt.Errorf("labels %s: it has %d names, the network tells apart %d classes: "+
			"one for each, in the order of its outputs", path, len(labels), classes)
	}
	return labels, nil
}
