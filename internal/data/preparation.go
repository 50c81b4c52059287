package data

import "github.com/tailor-nas/tailor/internal/prepare"

// Preparation says how the images of d are prepared.
func (d *Dataset) Preparation() prepare.Preparation {
	p := prepare.Preparation{
		Orientation: "exif", Background: "white", Crop: "centre-square", SizePx: d.Size,
		Filter:   "catmull-rom-antialias",
		Channels: "rgb", Range: [2]float64{0, 1}, Resize: "bilinear-antialias",
	}
	if d.Channels == 1 {
		p.Channels = "grey"
	}
	p.Mean, p.Std = d.Stats()
	return p
}
