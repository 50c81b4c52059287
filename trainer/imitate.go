package trainer

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/passes"
	"github.com/tailor-nas/tailor/supernet"
)

// Answers are those of a network for the images of a set, to compare others with.
type Answers struct {
	classes       int
	probabilities []float32 // (images, classes)
	// negative entropies of the rows
	certainty []float64
}

// Imitation is how the answers of a network are beside the labels, and beside a teacher's.
type Imitation struct {
	Top1 float64 // share of the images that it classifies right
	// Top1Even is the same of every second image, from the first one on: what both halves say
	// apart tells how much of Top1 is the choice of images.
	Top1Even float64
	// Divergence is the mean of the Kullback-Leibler divergence of its answer from the teacher's,
	// in nats. It tells networks apart that classify equally many images right, and needs no label.
	Divergence float64
}

// Answers calibrates a sub-network and gives its answers for a set's images.
func (e *Evaluator) Answers(ctx context.Context, arch supernet.Arch, set Set) (*Answers, error) {
	t := &Answers{classes: e.space.Classes}
	err := e.answers(ctx, arch, set, func(logits []float32, _ []int32) error {
		for ; len(logits) > 0; logits = logits[t.classes:] {
			row := logits[:t.classes]
			scale, certainty := logSumExp(row), 0.0
			for _, z := range row {
				log := float64(z) - scale
				p := math.Exp(log)
				certainty += p * log
				t.probabilities = append(t.probabilities, float32(p))
			}
			t.certainty = append(t.certainty, certainty)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

// Imitate calibrates a sub-network and compares its answers for a set's images with the labels and
// with the answers of a teacher for the same images.
func (e *Evaluator) Imitate(ctx context.Context, arch supernet.Arch, set Set,
	t *Answers) (Imitation, error) {
	if set == nil || t == nil || len(t.certainty) != set.Len() || t.classes != e.space.Classes {
		return Imitation{}, fmt.Errorf("evaluate: %w: the teacher's answers are for other images",
			ErrConfig)
	}
	var sum float64
	var image int
	var right [2]int
	var found []int32
	err := e.answers(ctx, arch, set, func(logits []float32, labels []int32) error {
		found = nn.Largest(found, logits, t.classes)
		for i, label := range labels {
			if found[i] == label {
				right[image%2]++
			}
			row := logits[i*t.classes:][:t.classes]
			scale := logSumExp(row)
			divergence := t.certainty[image]
			for j, p := range t.probabilities[image*t.classes:][:t.classes] {
				divergence += float64(p) * (scale - float64(row[j]))
			}
			sum += max(0, divergence) // below 0 by rounding alone
			image++
		}
		return nil
	})
	if err != nil {
		return Imitation{}, err
	}
	n := float64(image)
	return Imitation{Top1: float64(right[0]+right[1]) / n,
		Top1Even: float64(right[0]) / float64((image+1)/2), Divergence: sum / n}, nil
}

// answers calibrates a sub-network and gives f its logits, batch by batch. They are finite.
func (e *Evaluator) answers(ctx context.Context, arch supernet.Arch, set Set,
	f func(logits []float32, labels []int32) error) error {
	loader, err := e.loader(set)
	if err != nil {
		return err
	}
	if err := e.Calibrate(ctx, arch); err != nil {
		return err
	}
	err = passes.Answers(ctx, e.now, e.space.Blocks(arch), loader, e.inputs,
		func(logits []float32, labels []int32) error {
			if err := passes.CheckFinite(logits); err != nil {
				return err
			}
			return f(logits, labels)
		})
	return e.named(arch, err)
}

// logSumExp is log(sum(exp(logits))).
func logSumExp(logits []float32) float64 {
	largest := float64(slices.Max(logits))
	sum := 0.0
	for _, z := range logits {
		sum += math.Exp(float64(z) - largest)
	}
	return largest + math.Log(sum)
}
