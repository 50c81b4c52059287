package predictor

import (
	"slices"

	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// sets are the features of each choice by its number, then those of the resolutions.
func (o *oneHots) sets() [][]int {
	all := slices.Clone(o.features)
	for _, feature := range o.resolutions {
		var one []int
		if feature >= 0 {
			one = []int{feature}
		}
		all = append(all, one)
	}
	return all
}

// rises fills out with about by how much the model rises from where the tangent is with each set.
func rises(f *regress.FirstLayer, t *regress.Tangent, sets [][]choices.Swap, out []float64) {
	f.From(t)
	for i, set := range sets {
		for _, s := range set {
			for j := range max(len(s.Out), len(s.In)) {
				f.Swap(at(s.Out, j), at(s.In, j))
			}
		}
		out[i] = f.Rise()
	}
}

// at is the i-th of some, or -1.
func at(of []int32, i int) int {
	if i < len(of) {
		return int(of[i])
	}
	return -1
}

// HasJoint says whether [Accuracy.NearJointly] knows more than [Accuracy.Near]: that of predictors
// whose features are one-hots alone, as those of OFA, with hidden layers.
func (a *Accuracy) HasJoint() bool {
	for i := range a.Model.Networks {
		if len(a.Model.Networks[i].Sizes) < 3 {
			return false
		}
	}
	return a.onlyOneHots() != nil && len(a.Model.Networks) > 0
}

// onlyOneHots are the features, nil if there are others.
func (a *Accuracy) onlyOneHots() *oneHots {
	switch e := a.encoder.(type) {
	case *ofaEncoder:
		return &e.genes
	case *resNetEncoder:
		return &e.genes
	}
	return nil
}

// NearJointly is [Accuracy.Near] that also says about what several choices do together: the first
// layers of the model are computed, and what is behind them is a line. That costs some hundredths
// of a prediction, and orders pairs of choices better than the sum of what Near says of each. It
// takes a predictor that [Accuracy.HasJoint] holds of.
func (a *Accuracy) NearJointly(bases []supernet.Arch) ([][]choices.Affine, []choices.Joint, error) {
	lines, tangents, err := a.near(bases, true)
	if err != nil {
		return nil, nil, err
	}
	all := make([]choices.Joint, len(bases))
	for i := range bases {
		all[i] = func(sets [][]choices.Swap, out []float64) {
			a.gradients.Lock()
			defer a.gradients.Unlock()
			if a.first == nil {
				a.first = a.gradient.FirstLayer(a.onlyOneHots().sets())
			}
			rises(a.first, &tangents[i], sets, out)
		}
	}
	return lines, all, nil
}
