package manifest

import (
	"fmt"

	"github.com/tailor-nas/tailor/supernet"
)

// The structures that pruning may remove.
const (
	PrunedWeights = "weights" // single weights, which become zero
	// runs of 8 or 16 weights along the output channels, which become zero together
	PrunedVectors  = "vectors"
	PrunedChannels = "channels" // middle channels, which go: blocks become smaller
)

// ParentRole is the input of a pruned or fine-tuned manifest that it was made from: another
// manifest, by its hash.
const ParentRole = "parent"

// Pruned says how a network was made from its parent, which is the manifest's input [ParentRole].
type Pruned struct {
	Method    string `json:"method"`        // ssgd, magnitude, l1, powerprop, one-shot, ...
	Structure string `json:"structure"`     // PrunedWeights, PrunedVectors or PrunedChannels
	Run       int    `json:"run,omitempty"` // of vectors: their length, 8 or 16
	// Sparsity is the share that was asked for, of the weights that pruning may remove, 0 to below
	// 1; what is there in the end is in After.
	Sparsity float64 `json:"sparsity"`
	// if pruning went on until the network was so fast
	MaxLatencyMS float64 `json:"max_latency_ms,omitempty"`
	// or until it had so few parameters
	MaxParams int64 `json:"max_params,omitempty"`
	// of training on the way, 0 if none
	Epochs   int           `json:"epochs"`
	Seed     uint64        `json:"seed"`
	Settings PruneSettings `json:"settings"`
	Before   PrunedFigures `json:"before"` // of the parent
	// of the network; what is not measured is filled in by [Manifest.Save]
	After PrunedFigures `json:"after"`
}

// PruneSettings are those of the optimiser and of removal. What a method does not have is 0, left
// out of the file.
type PruneSettings struct {
	// how weights of different layers are compared: lamp, global, fisher or layer
	Criterion string `json:"criterion,omitempty"`
	// parts of training between which weights go; equal: all at once
	Begin  float64 `json:"begin,omitempty"`
	End    float64 `json:"end,omitempty"`
	Regrow float64 `json:"regrow,omitempty"` // share of what is left exchanged each time
	// of diversity, which decides how small weights are slowed down
	Measure string  `json:"measure,omitempty"`
	P       float64 `json:"p,omitempty"` // exponent of the p-norm-like measure
	// added to a weight, or its square, within the measure, at the start of training
	Epsilon     float64 `json:"epsilon,omitempty"`
	EpsilonEnd  float64 `json:"epsilon_end,omitempty"`  // and at its end
	Alpha       float64 `json:"alpha,omitempty"`        // power of Powerpropagation
	Lambda      float64 `json:"lambda,omitempty"`       // weight of the penalty
	LR          float64 `json:"lr,omitempty"`           // highest learning rate
	WeightDecay float64 `json:"weight_decay,omitempty"` // without the learning rate
	// weight of the parent's outputs in the loss, 0 to 1
	Distillation float64 `json:"distillation,omitempty"`
}

// PrunedFigures are those that pruning trades against one another, and what fine-tuning changes.
// Latencies of Before and After
// were measured interleaved.
type PrunedFigures struct {
	Top1   float64 `json:"top1,omitempty"`   // share of the test images
	Images int     `json:"images,omitempty"` // how many these are
	// of one image; absent if not measured
	LatencyMS     float64 `json:"latency_ms,omitempty"`
	LatencyLowMS  float64 `json:"latency_ci_low_ms,omitempty"` // 95 % interval
	LatencyHighMS float64 `json:"latency_ci_high_ms,omitempty"`
	FileBytes     int64   `json:"file_bytes"` // of the weights
	// of convolutions and linear layers: no biases, no batch norm
	Weights int64 `json:"weights"`
	NonZero int64 `json:"nonzero_weights"` // of these
	// multiply-accumulates of the blocks, as if no weight were zero
	MACs        int64 `json:"macs"`
	MACsNonZero int64 `json:"macs_nonzero"` // those with weights that are not zero
}

// Count fills in what follows from the network alone: weights and multiply-accumulates.
func (f *PrunedFigures) Count(net *supernet.Subnet) {
	f.Weights, f.NonZero = net.NonZero()
	f.MACs, f.MACsNonZero = supernet.MACs(net.Blocks), net.MACsNonZero()
}

// check looks at the fields alone.
func (p *Pruned) check() error {
	switch vectors := p.Structure == PrunedVectors; {
	case p.Method == "":
		return fmt.Errorf("the method of pruning is missing")
	case !vectors && p.Structure != PrunedWeights && p.Structure != PrunedChannels:
		return fmt.Errorf("pruning of %q is unknown; use %s, %s or %s", p.Structure, PrunedWeights,
			PrunedVectors, PrunedChannels)
	case vectors && p.Run != 8 && p.Run != 16 || !vectors && p.Run != 0:
		return fmt.Errorf("pruning of %s in runs of %d does not exist; vectors have 8 or 16 weights, others no runs", p.Structure, p.Run)
	case !(p.Sparsity >= 0 && p.Sparsity < 1):
		return fmt.Errorf("a sparsity of %g does not exist, expected 0 to below 1", p.Sparsity)
	}
	return nil
}
