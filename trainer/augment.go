package trainer

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/augment"
	"github.com/tailor-nas/tailor/internal/settings"
)

// Augment says what happens to training images at random, in the order of its fields; the zero
// value stands for the preset light. [LoadAugment] gives one of a name or of a file. 0 leaves an
// operation out.
type Augment struct {
	// Preset is none, light, standard or strong: what the values come from, or those that a file
	// does not say.
	Preset string `json:"preset"`
	// CropArea is the share of the image that a random crop has, lowest and highest; the crop is
	// scaled back to the image's size. CropRatio is its width over its height.
	CropArea  [2]float64 `json:"crop_area"`
	CropRatio [2]float64 `json:"crop_ratio"`
	// Brightness, Contrast and Saturation are multiplied by a factor of 1 - v to 1 + v. Hue is
	// turned by up to so many turns of the colour circle, either way.
	Brightness float64 `json:"brightness"`
	Contrast   float64 `json:"contrast"`
	Saturation float64 `json:"saturation"`
	Hue        float64 `json:"hue"`
	// TrivialAugment does one of 14 operations at a random strength.
	TrivialAugment bool `json:"trivial_augment"`
	// Shift pads by this share of the side with reflected pixels, and crops back at random.
	Shift float64 `json:"shift"`
	// Flip mirrors with probability 1/2: none, colour (colour images alone) or all.
	Flip string `json:"flip"`
	// Erase is the probability that a rectangle becomes the mean colour; EraseArea is the share of
	// the image that it has.
	Erase     float64    `json:"erase"`
	EraseArea [2]float64 `json:"erase_area"`
	// Mixup and CutMix are the parameter of the beta distribution that the share of the other image
	// comes from; with both, a batch has either. MixShare is the share of batches that are mixed.
	Mixup    float64 `json:"mixup"`
	CutMix   float64 `json:"cutmix"`
	MixShare float64 `json:"mix_share"`
}

// LoadAugment gives a preset by its name (none, light, standard, strong), or what a YAML file says:
// anything with a path separator or ending in .yaml or .yml is a file.
func LoadAugment(nameOrFile string) (Augment, error) {
	r, err := augment.Load(nameOrFile)
	return Augment(r), err
}

// String says what happens, in a line.
func (a Augment) String() string { return augment.Recipe(a).String() }

// lightAugment is the default.
func lightAugment() Augment {
	r, err := augment.Preset(augment.Light)
	if err != nil {
		panic("trainer: the default augmentation is missing")
	}
	return Augment(r)
}

// Check gives the first field that is out of range.
func (a Augment) Check() error {
	if err := augment.Recipe(a).Check(); err != nil {
		return fmt.Errorf("%w: augmentation: %w", ErrConfig, err)
	}
	return nil
}

// Differences says how the augmentation of a run differs from what is asked for; empty if it does
// not.
func (a Augment) Differences(want Augment) string {
	if a.Preset != want.Preset {
		return fmt.Sprintf("with --augment %s, asked for %s", a.Preset, want.Preset)
	}
	have, asked := settings.Of(a), settings.Of(want)
	for i, s := range have {
		if s != asked[i] {
			return fmt.Sprintf("with --augment of %s %s, asked for %s", s.Name, s.Text,
				asked[i].Text)
		}
	}
	return ""
}
