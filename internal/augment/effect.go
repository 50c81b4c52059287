package augment

import (
	"fmt"

	"github.com/tailor-nas/tailor/internal/textfile"
)

// needs are fields that say nothing unless another does.
func (r Recipe) needs() []need {
	none, mixed := [2]float64{}, r.Mixup+r.CutMix > 0
	return []need{
		{"crop_ratio", r.CropRatio != none, r.Crops(), "crop_area"},
		{"erase_area", r.EraseArea != none, r.Erase > 0, "erase"},
		{"mixup", r.Mixup > 0, r.MixShare > 0, "mix_share"},
		{"cutmix", r.CutMix > 0, r.MixShare > 0, "mix_share"},
		{"mix_share", r.MixShare > 0, mixed, "mixup or cutmix"},
	}
}

// need is a field, whether it is set, and what must be set for it to have an effect.
type need struct {
	field    string
	set, has bool
	without  string
}

// checkEffect refuses what somebody has written in a file and can have no effect with the rest of
// the recipe. What a preset has is no matter.
func (r Recipe) checkEffect(y *textfile.YAML) error {
	written := func(field string) bool { return y.Line(field) > 0 }
	for _, n := range r.needs() {
		if n.set && !n.has && written(n.field) {
			return &FieldError{n.field, fmt.Sprintf("has no effect without %s: add that, or leave "+
				"%s out", n.without, n.field)}
		}
	}
	if !r.Crops() || r.fits() {
		return nil
	}
	for _, field := range []string{"crop_area", "crop_ratio"} {
		if written(field) {
			return &FieldError{field, fmt.Sprintf("has no effect: no part of an image but the "+
				"whole has an area from %v and a ratio of %v to %v; begin with a smaller area, or "+
				"write crop_area: [0, 0] for no crops", r.CropArea[0], r.CropRatio[0],
				r.CropRatio[1])}
		}
	}
	return nil
}

// fits says whether a crop can be smaller than the image and within it.
func (r Recipe) fits() bool {
	least := r.CropArea[0]
	return least < 1 && r.CropRatio[1] >= least && r.CropRatio[0] <= 1/least
}
