// Package classify is what it takes to classify an image with a network, whatever runs the network:
// how the image is prepared before, and what the network's outputs say after.
package classify

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/internal/prepare"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

// Preparer checks that a manifest says all that classifying images takes, and prepares them so. The
// network is nil if the manifest has none.
func Preparer(m *manifest.Manifest, net *supernet.Subnet) (*prepare.Preparer, error) {
	switch {
	case net == nil:
		return nil, errors.New("it has no weights, as it was searched without a training run: " +
			"search with --run")
	case m.Images == nil || m.Images.Preparation == nil:
		return nil, errors.New(
			"it does not say how images are prepared, as an older tailor wrote it: " +
				"train and search again")
	}
	in, out := net.Blocks[0].In, net.Blocks[len(net.Blocks)-1].Out
	p := prepare.Preparation(*m.Images.Preparation)
	if in.H != in.W || in.C != len(p.Mean) || out.Len() != len(m.Classes) {
		return nil, fmt.Errorf(
			"the network takes %dx%d pixels of %d channels and gives %d outputs, "+
				"its manifest prepares squares of %d channels and has %d classes: search again",
			in.H, in.W, in.C, out.Len(), len(p.Mean), len(m.Classes))
	}
	return prepare.NewPreparer(p, in.H)
}

// Ranked is one of a network's outputs.
type Ranked struct {
	Index       int
	Logit       float32 // the output itself
	Probability float64
}

// Rank sorts the softmax of logits; of equal ones the first comes first.
func Rank(logits []float32) ([]Ranked, error) {
	most, sum := float64(slices.Max(logits)), 0.0
	all := make([]Ranked, len(logits))
	for i, l := range logits {
		all[i] = Ranked{i, l, math.Exp(float64(l) - most)}
		sum += all[i].Probability
	}
	if math.IsNaN(sum) {
		return nil, errors.New("the network gives no finite numbers, " +
			"as after a training that went wrong: train again")
	}
	for i := range all {
		all[i].Probability /= sum
	}
	slices.SortStableFunc(all, func(a, b Ranked) int {
		return cmp.Compare(b.Probability, a.Probability)
	})
	return all, nil
}
