package augment

import (
	"fmt"
	"strings"
)

// The presets, from none to the strongest. docs/training.md has what they hold as a table.
const (
	None     = "none"
	Light    = "light" // the default
	Standard = "standard"
	Strong   = "strong"
)

// Presets lists the names.
func Presets() []string { return []string{None, Light, Standard, Strong} }

// Preset gives the recipe of a name.
func Preset(name string) (Recipe, error) {
	ratio := [2]float64{0.75, 1.3333} // of Inception (Szegedy et al., CVPR 2015) and all since
	switch name {
	case None:
		return Recipe{Preset: None, Flip: FlipNone}, nil
	case Light:
		return Recipe{Preset: Light, Shift: 0.125, Flip: FlipColour}, nil
	case Standard:
		return Recipe{Preset: Standard, CropArea: [2]float64{0.35, 1}, CropRatio: ratio,
			Brightness: 0.2, Contrast: 0.2, Saturation: 0.2, Flip: FlipColour}, nil
	case Strong:
		return Recipe{Preset: Strong, CropArea: [2]float64{0.2, 1}, CropRatio: ratio,
			TrivialAugment: true, Flip: FlipColour, Erase: 0.1,
			EraseArea: [2]float64{0.02, 0.33}, Mixup: 0.2, CutMix: 1, MixShare: 0.5}, nil
	}
	return Recipe{}, fmt.Errorf("is %.40q, expected one of %s", name,
		strings.Join(Presets(), ", "))
}
