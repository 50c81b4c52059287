package predictor

import (
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// resNetEncoding is that of the accuracy predictors of OFA's ResNets: 82 numbers.
const resNetEncoding = "ofa-resnet-82/1"

// The space of OFA's ResNets: two parts of a stem, and 4 stages of 18 blocks together.
const (
	resNetWidths = 6 // choices of a width
	resNetBlocks = 18
	resNetLength = 8 + 2 + resNetWidths*ofaChoices + resNetBlocks*ofaChoices
)

var (
	resNetResolutions = []int{128, 144, 160, 176, 192, 224, 240, 256}
	resNetExpands     = []float32{0.2, 0.25, 0.35}
)

// resNetEncoder writes, as OFA's published code does, one-hots of the resolution, of whether the
// stem has its second convolution, of the widths, and of the expand ratios of the 18 blocks, all
// zero beyond the depth. Other resolutions it does not know.
type resNetEncoder struct{ ofaEncoder }

func newResNetEncoder(space *supernet.Space) (*resNetEncoder, error) {
	o := newOneHots(choices.NewNumbering(space))
	o.length = resNetLength
	n := o.numbering
	blocks, widths, known := 0, 0, false
	for i, r := range n.Resolutions {
		o.resolutions[i] = slices.Index(resNetResolutions, r)
		known = known || o.resolutions[i] >= 0
	}
	for i := range n.Stages {
		s := &n.Stages[i]
		if s.WidthGene >= 0 {
			widths++
		}
		if s.First >= 0 {
			blocks += s.Blocks()
		}
		known = known && o.resNetStage(s, i)
	}
	if !known || widths != resNetWidths || blocks != resNetBlocks {
		return nil, fmt.Errorf("space %s is not of the shape that encoding %s has features for: that of ofa-resnet50, with %d widths and %d blocks, expand ratios of %v, and some of the resolutions %v",
			space.Name, resNetEncoding, resNetWidths, resNetBlocks, resNetExpands,
			resNetResolutions)
	}
	return &resNetEncoder{ofaEncoder{o}}, nil
}

// resNetStage gives the choices of a part their features; false if the encoding has none for one.
func (o *oneHots) resNetStage(s *choices.Stage, part int) bool {
	at := len(resNetResolutions)
	if part == 0 { // the stem, whose depth is a choice of two
		if len(s.Depths) != 2 {
			return false
		}
		for d := range s.Depths {
			o.set(s.Depth(d), at+d)
		}
	}
	if at += 2; s.WidthGene >= 0 {
		if s.Widths != ofaChoices || s.WidthGene >= resNetWidths {
			return false
		}
		for w := range s.Widths {
			o.set(s.Width(w), at+s.WidthGene*ofaChoices+w)
		}
	}
	if at += resNetWidths * ofaChoices; s.First < 0 {
		return true
	}
	expands, ok := places(s.Expands, resNetExpands)
	if !ok || len(s.Kernels) != 1 || s.First+s.Blocks() > resNetBlocks {
		return false
	}
	for j := range s.Blocks() {
		for v := range s.Variants(j) {
			_, expand := s.Genes(v)
			o.set(s.Variant(j, v), at+(s.First+j)*ofaChoices+expands[expand])
		}
	}
	return true
}

// publishedEncoding is that of OFA's predictors for spaces of this kind: ResNets have widths to
// choose.
func publishedEncoding(space *supernet.Space) string {
	if len(space.Widths) > 1 {
		return resNetEncoding
	}
	return ofaEncoding
}
