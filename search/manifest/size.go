package manifest

import (
	"strconv"

	"github.com/tailor-nas/tailor/supernet"
)

// Parts of a file of weights: the length of the header, the braces around it, spaces that fill it
// up, and digits of the largest place in a file, of which there are two for each tensor.
const (
	fileFrame   = 8 + 2 + 7
	placeDigits = 10
)

// SizeAtMost is how many bytes the weights file of a network has at most: it has a few for each
// tensor less, as places in a file are written with as many digits as they have, and far less where
// weights are zero.
func SizeAtMost(blocks []supernet.Block) int64 {
	bytes := int64(fileFrame)
	for _, b := range blocks {
		bytes += BlockBytes(b)
	}
	return bytes
}

// FileFrame is what a file of weights has beside the bytes of its blocks.
const FileFrame = fileFrame

// BlockBytes is what one block has of that. It panics if the kind is unknown, as
// [supernet.Block.MustOps] does.
func BlockBytes(b supernet.Block) (bytes int64) {
	for _, o := range b.MustOps() {
		if o.Weight != "" {
			bytes += tensorBytes(o.Weight, o.WeightShape()...)
		}
		if o.Bias != "" {
			bytes += tensorBytes(o.Bias, o.Out.C)
		}
		if o.Norm != "" {
			for _, part := range []string{".weight", ".bias", ".mean", ".var"} {
				bytes += tensorBytes(o.Norm+part, o.Out.C)
			}
		}
	}
	return bytes
}

// tensorBytes is what a tensor takes: values of 4 bytes, and what the header says of it.
func tensorBytes(name string, shape ...int) int64 {
	const around = len(`"":{"dtype":"F32","shape":[],"data_offsets":[,]},`)
	values, header := int64(1), around+len(name)+2*placeDigits
	for _, n := range shape {
		values *= int64(n)
		header += len(strconv.Itoa(n)) + 1
	}
	return 4*values + int64(header)
}
