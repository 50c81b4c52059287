package data

import (
	"fmt"
	"sync"

	"github.com/tailor-nas/tailor/internal/prepare"
)

// Parts are a data set as other packages, and other modules, may put one together: of the same
// layout as trainer.Data.
type Parts struct {
	Name             string
	Classes          []string
	Channels, Size   int
	Train, Val, Test Set
	SHA256           string
	Stats            func() (mean, std []float32)
	Report           fmt.Stringer
}

// Parts are those of d. Its report is a [Report].
func (d *Dataset) Parts() *Parts {
	return &Parts{Name: d.Name, Classes: d.Classes, Channels: d.Channels, Size: d.Size,
		Train: d.Train, Val: d.Val, Test: d.Test, SHA256: d.SHA256, Stats: d.Stats,
		Report: d.Report}
}

// Preparation says how the images are prepared, as [Dataset.Preparation].
func (p *Parts) Preparation() prepare.Preparation {
	d := Dataset{Size: p.Size, Channels: p.Channels, Train: p.Train, stats: p.Stats}
	return d.Preparation()
}

// Dataset checks the parts and puts them together.
func (p *Parts) Dataset() (*Dataset, error) {
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	d := &Dataset{Name: p.Name, Classes: p.Classes, Channels: p.Channels, Size: p.Size,
		Train: p.Train, Val: p.Val, Test: p.Test, SHA256: p.SHA256, stats: p.Stats}
	if d.stats == nil {
		d.stats = sync.OnceValues(d.computeStats)
	}
	for _, s := range []*Set{&d.Train, &d.Val, &d.Test} {
		if *s == nil {
			*s = noImages{}
		}
	}
	d.Report, _ = p.Report.(Report)
	return d, nil
}

func (p *Parts) check() error {
	switch {
	case p == nil:
		return fmt.Errorf("there are no images: open them first")
	case p.Channels != 1 && p.Channels != 3:
		return fmt.Errorf("images have %d channels, expected 1 or 3", p.Channels)
	case p.Size < 1 || p.Size > prepare.MaxSize:
		return fmt.Errorf("images have a side of %d pixels, expected 1 to %d", p.Size,
			prepare.MaxSize)
	case len(p.Classes) < 1:
		return fmt.Errorf("the images have no classes")
	case p.Train == nil || p.Train.Len() == 0:
		return fmt.Errorf("there are no training images")
	}
	for name, set := range map[string]Set{"training": p.Train, "validation": p.Val,
		"test": p.Test} {
		if err := CheckLabels(set, len(p.Classes)); err != nil {
			return fmt.Errorf("%s images: %w", name, err)
		}
	}
	return nil
}

// CheckLabels refuses a set with an image of a class that does not exist. The set may be nil.
func CheckLabels(s Set, classes int) error {
	if s == nil {
		return nil
	}
	for i := range s.Len() {
		if l := s.Label(i); l < 0 || l >= classes {
			return fmt.Errorf("image %d has label %d, expected 0 to %d", i, l, classes-1)
		}
	}
	return nil
}

// noImages is an empty set.
type noImages struct{}

func (noImages) Len() int                { return 0 }
func (noImages) Label(int) int           { panic("data: an empty set has no images") }
func (noImages) Image(int, []byte) error { panic("data: an empty set has no images") }
