package blocktimes

import (
	"math"
	"strconv"

	"github.com/tailor-nas/tailor/supernet"
)

// feature is what a correction adds to a block's time: so much of the block's price, or of the mean
// price of all blocks, where a device may take as long for each, however small.
type feature struct {
	group            string
	ofPrice, ofMeans float64
}

// fine is how far corrections of small groups depart from 0 beforehand, where others have 1.
const fine = 0.5

// middle is the resolution that trends over resolutions are centred at, in pixels.
const middle = 176

// features are those of a block in networks of a resolution, from large groups to small ones.
func features(resolution int, b supernet.Block) []feature {
	at := strconv.Itoa(resolution)
	trend := math.Log2(float64(resolution) / middle)
	kind, stage, shape := groupsOf(b)
	return []feature{
		{"resolution " + at, 1, 0},
		{"kind " + kind, 1, 0},
		{"kind, each " + kind, 0, 1},
		{"stage " + stage, 1, 0},
		{"stage, each " + stage, 0, 1},
		{"stage at " + at + " " + stage, fine, 0},
		{"shape " + shape, 1, 0},
		{"shape, each " + shape, 0, 1},
		{"shape, trend " + shape, trend, 0},
		{"block at " + at + " " + b.Key(), fine, 0},
	}
}

// groupsOf names what a block has in common with others: the kind of work, the channels and stride
// of its stage, and all but the size of the image.
func groupsOf(b supernet.Block) (kind, stage, shape string) {
	k := supernet.Block{Kind: b.Kind, Kernel: b.Kernel, Stride: b.Stride, Act: b.Act}
	if b.SE > 0 {
		k.SE = 1
	}
	s := b
	s.In.H, s.In.W, s.Out.H, s.Out.W = 0, 0, 0, 0
	shape = s.Key()
	s.Kernel, s.Mid, s.SE = 0, 0, 0
	return k.Key(), s.Key(), shape
}
