package prepare

import (
	"fmt"
	"math"
)

// Preparation is what happens to an image between its file and a network, in this order.
// docs/formats.md says each step exactly.
type Preparation struct {
	Orientation string `json:"orientation"` // "exif": mirrored and turned as the file's EXIF says
	Background  string `json:"background"`  // "white": under transparent pixels
	Crop        string `json:"crop"`        // "centre-square"
	SizePx      int    `json:"size_px"`     // side that the square is scaled to
	Filter      string `json:"filter"`      // "catmull-rom-antialias": of that scaling
	Channels    string `json:"channels"`    // "rgb", in this order, or "grey"
	// Range is what the bytes 0 and 255 become before the mean is subtracted and the rest divided
	// by the standard deviation.
	Range [2]float64 `json:"range"`
	Mean  []float32  `json:"mean"` // by channel
	Std   []float32  `json:"std"`
	// Resize is the filter that scales the result from SizePx to the resolution of a network:
	// "bilinear-antialias".
	Resize string `json:"resize"`
}

// check refuses a preparation with steps that are not known here.
func (p Preparation) check(channels int) error {
	for _, step := range []struct{ name, got, want string }{
		{"orientation", p.Orientation, "exif"}, {"background", p.Background, "white"},
		{"crop", p.Crop, "centre-square"}, {"filter", p.Filter, "catmull-rom-antialias"},
		{"range", fmt.Sprint(p.Range), "[0 1]"}, {"resize", p.Resize, "bilinear-antialias"},
	} {
		if step.got != step.want {
			return fmt.Errorf("prepare: the preparation has %s %q: want %q, others this tailor does not know; "+
				"use the one that wrote it", step.name, step.got, step.want)
		}
	}
	switch {
	case channels == 0:
		return fmt.Errorf(`prepare: the preparation has channels %q: want "rgb" or "grey"`,
			p.Channels)
	case p.SizePx < 1 || p.SizePx > MaxSize:
		return fmt.Errorf("prepare: the preparation has size_px %d: want 1 to %d", p.SizePx,
			MaxSize)
	case len(p.Mean) != channels || len(p.Std) != channels:
		return fmt.Errorf("prepare: the preparation has %d means and %d values of std: want one of each "+
			"for %d channels", len(p.Mean), len(p.Std), channels)
	}
	for c, std := range p.Std {
		if !finite(p.Mean[c]) || !finite(std) || std <= 0 {
			return fmt.Errorf("prepare: the preparation has mean %v and std %v for channel %d: "+
				"want finite numbers, std above 0", p.Mean[c], std, c)
		}
	}
	return nil
}

// finite tells numbers from NaN and infinities.
func finite(v float32) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }
