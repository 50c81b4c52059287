package predictor

import (
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// ofaEncoding is that of the accuracy predictor which OFA published: 128 numbers.
const ofaEncoding = "ofa-128/1"

// OFA's space: 5 stages of up to 4 blocks, and at most 8 resolutions.
const (
	ofaStages, ofaDepth = 5, 4
	ofaBlocks           = ofaStages * ofaDepth
	ofaChoices          = 3 // of kernel size, and of expand ratio
	ofaResolution       = 112
	ofaStep             = 16
	ofaResolutions      = 8
	ofaLength           = 2*ofaBlocks*ofaChoices + ofaResolutions
)

var (
	ofaKernels = []int{3, 5, 7}
	ofaExpands = []float32{3, 4, 6}
)

// ofaEncoder writes, as OFA's published code does, one-hots of the kernel size of each of the 20
// blocks, then those of their expand ratios, all zero beyond the depth, then one of the resolution:
// 112, 128, ... 224. Other resolutions it does not know.
type ofaEncoder struct{ genes oneHots }

func newOFAEncoder(space *supernet.Space) (*ofaEncoder, error) {
	n := choices.NewNumbering(space)
	o := newOneHots(n)
	o.length = ofaLength
	known := func(r int) bool { _, ok := ofaResolutionAt(r); return ok }
	if len(n.Stages) != ofaStages || !slices.ContainsFunc(space.Resolutions, known) {
		return nil, ofaShapeError(space)
	}
	for i, r := range n.Resolutions {
		if at, ok := ofaResolutionAt(r); ok {
			o.resolutions[i] = at
		}
	}
	for i := range n.Stages {
		if !o.ofaStage(&n.Stages[i]) {
			return nil, ofaShapeError(space)
		}
	}
	return &ofaEncoder{o}, nil
}

// ofaStage gives the choices of a stage their features; false if the encoding has none for one.
func (o *oneHots) ofaStage(s *choices.Stage) bool {
	kernels, ok := places(s.Kernels, ofaKernels)
	expands, ok2 := places(s.Expands, ofaExpands)
	if !ok || !ok2 || s.Blocks() != ofaDepth {
		return false
	}
	for j := range s.Blocks() {
		block := s.First + j
		for v := range s.Variants(j) {
			kernel, expand := s.Genes(v)
			o.set(s.Variant(j, v), block*ofaChoices+kernels[kernel])
			o.set(s.Variant(j, v), (ofaBlocks+block)*ofaChoices+expands[expand])
		}
	}
	return true
}

func ofaShapeError(space *supernet.Space) error {
	return fmt.Errorf("space %s is not of the shape that encoding %s has features for: %d elastic stages of up to %d blocks, kernels of %v, expand ratios of %v, resolutions from %d in steps of %d",
		space.Name, ofaEncoding, ofaStages, ofaDepth, ofaKernels, ofaExpands, ofaResolution,
		ofaStep)
}

// places finds the choices among all.
func places[T comparable](choices, all []T) ([]int, bool) {
	var at []int
	for _, c := range choices {
		at = append(at, slices.Index(all, c))
	}
	return at, len(at) > 0 && slices.Min(at) >= 0
}

func (e *ofaEncoder) Len() int { return e.genes.length }

func (e *ofaEncoder) encode(a supernet.Arch, dst []float32) bool {
	var t choices.Taken
	return e.genes.numbering.Read(&a, &t) && e.genes.encode(&t, dst)
}

// ofaResolutionAt is the feature of a resolution.
func ofaResolutionAt(r int) (at int, ok bool) {
	at = (r - ofaResolution) / ofaStep
	return 2*ofaBlocks*ofaChoices + at, at >= 0 && at < ofaResolutions && r == ofaResolution+
		at*ofaStep
}

func (e *ofaEncoder) spans(r *choices.Region, _ *choices.Within) []span {
	return e.genes.spans(r.Resolution)
}
