package predictor

import (
	"slices"

	"github.com/tailor-nas/tailor/predictor/regress"
)

// minPerResolution is how many samples of a resolution it takes to give it an error of its own.
const minPerResolution = 5

// ResolutionHeldOut is the error for the networks of one resolution. A model that is good over all
// may owe that to telling resolutions apart.
type ResolutionHeldOut struct {
	Resolution int `json:"resolution"`
	regress.HeldOut
}

// byResolution splits an error by resolution, in ascending order; nil if there is only one.
func byResolution(resolutions []int, predicted, measured []float64) []ResolutionHeldOut {
	distinct := slices.Compact(slices.Sorted(slices.Values(resolutions)))
	if len(distinct) < 2 {
		return nil
	}
	var all []ResolutionHeldOut
	for _, r := range distinct {
		var p, m []float64
		for i := range resolutions {
			if resolutions[i] == r {
				p, m = append(p, predicted[i]), append(m, measured[i])
			}
		}
		if len(m) >= minPerResolution {
			all = append(all, ResolutionHeldOut{r, regress.Compare(p, m)})
		}
	}
	return all
}
