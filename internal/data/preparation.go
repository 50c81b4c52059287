package data

// Preparation is what happens to an image between its file and a network, in this order. docs/formats.md says each step
// exactly.
type Preparation struct {
	Orientation string `json:"orientation"` // "exif": mirrored and turned as the file's EXIF says
	Background  string `json:"background"`  // "white": under transparent pixels
	Crop        string `json:"crop"`        // "centre-square"
	SizePx      int    `json:"size_px"`     // side that the square is scaled to
	Filter      string `json:"filter"`      // "catmull-rom-antialias": of that scaling
	Channels    string `json:"channels"`    // "rgb", in this order, or "grey"
	// Range is what the bytes 0 and 255 become before the mean is subtracted and the rest divided by the standard deviation.
	Range [2]float64 `json:"range"`
	Mean  []float32  `json:"mean"` // by channel
	Std   []float32  `json:"std"`
	// Resize is the filter that scales the result from SizePx to the resolution of a network: "bilinear-antialias".
	Resize string `json:"resize"`
}

// Preparation says how the images of d are prepared.
func (d *Dataset) Preparation() Preparation {
	p := Preparation{
		Orientation: "exif", Background: "white", Crop: "centre-square", SizePx: d.Size, Filter: "catmull-rom-antialias",
		Channels: "rgb", Range: [2]float64{0, 1}, Resize: "bilinear-antialias",
	}
	if d.Channels == 1 {
		p.Channels = "grey"
	}
	p.Mean, p.Std = d.Stats()
	return p
}
