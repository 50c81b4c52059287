package manifest

import (
	"fmt"

	"github.com/tailor-nas/tailor/supernet"
)

// Finetuned says how a network was trained further from its parent, which is the manifest's input
// [ParentRole].
type Finetuned struct {
	Epochs int     `json:"epochs"`
	Batch  int     `json:"batch"` // images a step
	Seed   uint64  `json:"seed"`
	LR     float64 `json:"lr"` // at the start of the cosine
	// for so long the classifier alone was trained
	FreezeEpochs   float64 `json:"freeze_epochs,omitempty"`
	Momentum       float64 `json:"momentum"` // Nesterov
	WeightDecay    float64 `json:"weight_decay"`
	LabelSmoothing float64 `json:"label_smoothing"`
	// Augment says what happened to training images at random; empty: they were shifted, and
	// mirrored if they have colours.
	Augment string `json:"augment,omitempty"`
	// NewClassifier says that the classes are not the parent's: the classifier began at random.
	NewClassifier bool `json:"new_classifier,omitempty"`
	// Before is of the network as training began; without an accuracy where the classifier is new.
	Before PrunedFigures `json:"before"`
	// After is of the network; what is not measured is filled in by [Manifest.Save].
	After PrunedFigures `json:"after"`
}

// check looks at the fields alone.
func (f *Finetuned) check() error {
	switch {
	case f.Epochs < 1 || f.Batch < 1:
		return fmt.Errorf("fine-tuning of %d epochs in batches of %d does not exist", f.Epochs,
			f.Batch)
	case !(f.LR >= 0 && f.FreezeEpochs >= 0 && f.FreezeEpochs <= float64(f.Epochs)):
		return fmt.Errorf("fine-tuning at a rate of %g, with %g epochs of %d frozen, does not exist",
			f.LR, f.FreezeEpochs, f.Epochs)
	}
	return nil
}

// after are the figures of a network that was made from a parent; nil for any other.
func (m *Manifest) after() *PrunedFigures {
	switch {
	case m.Pruned != nil:
		return &m.Pruned.After
	case m.Finetuned != nil:
		return &m.Finetuned.After
	}
	return nil
}

// checkParent wants a parent of a network that was made from one and of no other, and figures that
// are those of the network.
func (m *Manifest) checkParent(net *supernet.Subnet) error {
	after, parent := m.after(), m.Inputs[ParentRole].SHA256
	switch {
	case after == nil && parent == "":
		return nil
	case after == nil:
		return fmt.Errorf("a manifest with the input %q says how it was pruned or fine-tuned, this one does not",
			ParentRole)
	case m.Pruned != nil && m.Finetuned != nil:
		return fmt.Errorf("a network is pruned or fine-tuned from its parent: one after the other takes two manifests")
	case parent == "":
		return fmt.Errorf("a pruned or fine-tuned network has the manifest that it was made from as its input %q, this one has none", ParentRole)
	case net == nil:
		return fmt.Errorf("a pruned or fine-tuned network has weights, this one has none")
	}
	if err := m.checkHow(); err != nil {
		return err
	}
	return after.check(net)
}

// checkHow looks at how it was made from its parent.
func (m *Manifest) checkHow() error {
	if m.Finetuned != nil {
		return m.Finetuned.check()
	}
	return m.Pruned.check()
}

// check wants the counts of a network.
func (f *PrunedFigures) check(net *supernet.Subnet) error {
	counted := *f
	counted.Count(net)
	if counted != *f {
		return fmt.Errorf("the network has %d weights (%d not zero) and %d MACs (%d with these), the manifest says %d (%d) and %d (%d): "+
			"it is of another network", counted.Weights, counted.NonZero, counted.MACs,
			counted.MACsNonZero, f.Weights, f.NonZero, f.MACs, f.MACsNonZero)
	}
	return nil
}
