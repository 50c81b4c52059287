package augment

import (
	"fmt"
	"strings"
)

// What Recipe.Flip may be.
const (
	FlipNone   = "none"
	FlipColour = "colour" // colour images alone: digits, characters and scans are mostly grey
	FlipAll    = "all"
)

// Recipe says what happens to a training image, in the order of its fields. The zero value of a
// number leaves its operation out.
type Recipe struct {
	// Preset is the name that the values come from, or those that a file does not say.
	Preset string `json:"preset" yaml:"preset"`
	// CropArea is the share of the image that a random crop has, lowest and highest; the crop is
	// scaled back to the image's size. CropRatio is its width over its height.
	CropArea  [2]float64 `json:"crop_area" yaml:"crop_area"`
	CropRatio [2]float64 `json:"crop_ratio" yaml:"crop_ratio"`
	// Brightness, Contrast and Saturation are multiplied by a factor of 1 - v to 1 + v. Hue is
	// turned by up to so many turns of the colour circle, either way.
	Brightness float64 `json:"brightness" yaml:"brightness"`
	Contrast   float64 `json:"contrast" yaml:"contrast"`
	Saturation float64 `json:"saturation" yaml:"saturation"`
	Hue        float64 `json:"hue" yaml:"hue"`
	// TrivialAugment does one of 14 operations at a random strength.
	TrivialAugment bool `json:"trivial_augment" yaml:"trivial_augment"`
	// Shift pads by this share of the side with reflected pixels, and crops back at random.
	Shift float64 `json:"shift" yaml:"shift"`
	Flip  string  `json:"flip" yaml:"flip"` // mirrors left to right with probability 1/2
	// Erase is the probability that a rectangle becomes the mean colour; EraseArea is the share of
	// the image that it has.
	Erase     float64    `json:"erase" yaml:"erase"`
	EraseArea [2]float64 `json:"erase_area" yaml:"erase_area"`
	// Mixup and CutMix are the parameter of the beta distribution that the share of the other image
	// comes from. Where both are above 0, a batch has one or the other, each with probability 1/2.
	Mixup  float64 `json:"mixup" yaml:"mixup"`
	CutMix float64 `json:"cutmix" yaml:"cutmix"`
	// MixShare is the share of batches that are mixed at all.
	MixShare float64 `json:"mix_share" yaml:"mix_share"`
}

// Crops says whether images are cropped at random.
func (r Recipe) Crops() bool { return r.CropArea != [2]float64{} }

// Edits says whether something happens to the bytes of an image besides shift and flip.
func (r Recipe) Edits() bool {
	return r.Crops() || r.TrivialAugment || r.Brightness+r.Contrast+r.Saturation+r.Hue > 0
}

// Mixes says whether batches are mixed.
func (r Recipe) Mixes() bool { return r.Mixup+r.CutMix > 0 && r.MixShare > 0 }

// Flips says whether images of so many channels are mirrored.
func (r Recipe) Flips(channels int) bool {
	return r.Flip == FlipAll || r.Flip == FlipColour && channels == 3
}

// Pad is how many pixels an image of some size is shifted by at most.
func (r Recipe) Pad(size int) int { return int(r.Shift * float64(size)) }

// FieldError says which field of a recipe is wrong.
type FieldError struct{ Field, Msg string }

func (e *FieldError) Error() string { return e.Field + " " + e.Msg }

// Check gives the first field that is out of range as a [*FieldError].
func (r Recipe) Check() error {
	if _, err := Preset(r.Preset); err != nil {
		return &FieldError{"preset", err.Error()}
	}
	if f := r.Flip; f != FlipNone && f != FlipColour && f != FlipAll {
		return &FieldError{"flip", fmt.Sprintf("is %.40q, expected %s, %s or %s", f, FlipNone,
			FlipColour, FlipAll)}
	}
	if err := r.checkNumbers(); err != nil {
		return err
	}
	return r.checkRanges()
}

func (r Recipe) checkNumbers() error {
	for _, n := range []struct {
		field    string
		v, limit float64
	}{
		{"brightness", r.Brightness, 1}, {"contrast", r.Contrast, 1},
		{"saturation", r.Saturation, 1}, {"hue", r.Hue, 0.5}, {"shift", r.Shift, 0.5},
		{"erase", r.Erase, 1}, {"mixup", r.Mixup, 10}, {"cutmix", r.CutMix, 10},
		{"mix_share", r.MixShare, 1},
	} {
		if !(n.v >= 0 && n.v <= n.limit) { // not of NaN
			return &FieldError{n.field, fmt.Sprintf("is %v, expected 0 to %v", n.v, n.limit)}
		}
	}
	return nil
}

// checkRanges refuses a range that is needed and is none.
func (r Recipe) checkRanges() error {
	for _, n := range []struct {
		field    string
		v        [2]float64
		low, top float64
		needed   bool
	}{
		{"crop_area", r.CropArea, 0.01, 1, r.Crops()},
		{"crop_ratio", r.CropRatio, 0.1, 10, r.Crops()},
		{"erase_area", r.EraseArea, 0.001, 0.9, r.Erase > 0},
	} {
		none := !n.needed && n.v == [2]float64{}
		if !none && !(n.v[0] >= n.low && n.v[0] <= n.v[1] && n.v[1] <= n.top) {
			return &FieldError{n.field, fmt.Sprintf(
				"is %v to %v, expected the lower first, from %v to %v", n.v[0], n.v[1], n.low,
				n.top)}
		}
	}
	return nil
}

// String names what happens, for people: "standard: crops of 0.25 to 1, flip, mixup 0.2".
func (r Recipe) String() string {
	var all []string
	say := func(on bool, format string, args ...any) {
		if on {
			all = append(all, fmt.Sprintf(format, args...))
		}
	}
	say(r.Crops(), "crops of %v to %v", r.CropArea[0], r.CropArea[1])
	say(r.Brightness+r.Contrast+r.Saturation+r.Hue > 0, "colour jitter")
	say(r.TrivialAugment, "TrivialAugment")
	say(r.Shift > 0, "shift by %v", r.Shift)
	say(r.Flip == FlipAll, "flip")
	say(r.Flip == FlipColour, "flip of colour images")
	say(r.Erase > 0, "erasing %v", r.Erase)
	say(r.MixShare > 0 && r.Mixup > 0, "mixup %v", r.Mixup)
	say(r.MixShare > 0 && r.CutMix > 0, "cutmix %v", r.CutMix)
	if len(all) == 0 {
		return r.Preset + ": nothing"
	}
	return r.Preset + ": " + strings.Join(all, ", ")
}
