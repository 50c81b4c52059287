package predictor

import (
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/supernet"
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

// ofaEncoder writes, as OFA's published code does, one-hots of the kernel size of each of the 20 blocks, then those of their expand
// ratios, all zero beyond the depth, then one of the resolution: 112, 128, ... 224. Other resolutions it does not know.
type ofaEncoder struct {
	layout  *layout
	kernels [][]int // by stage and kernel choice, the place in a one-hot
	expands [][]int
}

func newOFAEncoder(space *supernet.Space) (*ofaEncoder, error) {
	e := &ofaEncoder{layout: newLayout(space)}
	known := func(r int) bool { _, ok := ofaResolutionAt(r); return ok }
	if len(e.layout.stages) != ofaStages || !slices.ContainsFunc(space.Resolutions, known) {
		return nil, ofaShapeError(space)
	}
	for _, s := range e.layout.stages {
		kernels, ok := places(s.kernels, ofaKernels)
		expands, ok2 := places(s.expands, ofaExpands)
		if !ok || !ok2 || s.most() != ofaDepth {
			return nil, ofaShapeError(space)
		}
		e.kernels, e.expands = append(e.kernels, kernels), append(e.expands, expands)
	}
	return e, nil
}

func ofaShapeError(space *supernet.Space) error {
	return fmt.Errorf("space %s is not of the shape that encoding %s has features for: %d elastic stages of up to %d blocks, kernels of %v, expand ratios of %v, resolutions from %d in steps of %d",
		space.Name, ofaEncoding, ofaStages, ofaDepth, ofaKernels, ofaExpands, ofaResolution, ofaStep)
}

// places finds the choices among all.
func places[T comparable](choices, all []T) ([]int, bool) {
	var at []int
	for _, c := range choices {
		at = append(at, slices.Index(all, c))
	}
	return at, len(at) > 0 && slices.Min(at) >= 0
}

func (e *ofaEncoder) Len() int { return ofaLength }

func (e *ofaEncoder) encode(a supernet.Arch, dst []float32) bool {
	var c choices
	if !e.layout.read(&a, &c) {
		return false
	}
	at, ok := ofaResolutionAt(int(a.Resolution))
	if !ok {
		return false
	}
	clear(dst)
	dst[at] = 1
	for b, v := range c.variant[:ofaBlocks] {
		if v >= 0 {
			kernel, expand := e.featuresOf(b, int(v))
			dst[kernel], dst[expand] = 1, 1
		}
	}
	return true
}

// featuresOf gives the features of a block's variant.
func (e *ofaEncoder) featuresOf(block, variant int) (kernel, expand int) {
	stage := block / ofaDepth
	k, x := e.layout.stages[stage].genes(variant)
	return block*ofaChoices + e.kernels[stage][k], (ofaBlocks+block)*ofaChoices + e.expands[stage][x]
}

// ofaResolutionAt is the feature of a resolution.
func ofaResolutionAt(r int) (at int, ok bool) {
	at = (r - ofaResolution) / ofaStep
	return 2*ofaBlocks*ofaChoices + at, at >= 0 && at < ofaResolutions && r == ofaResolution+at*ofaStep
}

func (e *ofaEncoder) spans(r *Region, _ *sieve) []span {
	features := make([]Affine, ofaLength)
	for i := range features {
		features[i].weights = make([]float64, e.layout.choices())
	}
	for b, variants := range e.layout.variants {
		for v := range variants {
			kernel, expand := e.featuresOf(b, v)
			at := e.layout.variantAt(b) + v
			features[kernel].weights[at], features[expand].weights[at] = 1, 1
		}
	}
	if at, ok := ofaResolutionAt(e.layout.resolutions[r.resolution]); ok {
		features[at].constant = 1
	}
	all := make([]span, ofaLength)
	for i, f := range features {
		all[i] = span{f, f}
	}
	return all
}
