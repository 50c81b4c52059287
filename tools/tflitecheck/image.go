package main

import (
	"math/rand/v2"

	"github.com/tailor-nas/tailor/supernet"
)

// ImageNet's mean and standard deviation.
var (
	mean = []float32{0.485, 0.456, 0.406}
	std  = []float32{0.229, 0.224, 0.225}
)

// cells is how many patches of one colour an image has along each side.
const cells = 6

// image is a random one, as bytes and normalised: patches of colours of its own, and noise. Noise
// alone would look the same to every filter, in every image, and batch norm would then make
// rounding errors large.
func image(in supernet.Shape, seed uint64) (raw []byte, pixels []float32) {
	r := rand.New(rand.NewPCG(seed, 2))
	patches := make([]float64, cells*cells*in.C)
	contrast := 20 + 100*r.Float64()
	for i := range patches {
		patches[i] = 128 + contrast*r.NormFloat64()
	}
	for y := range in.H {
		for x := range in.W {
			cell := (y*cells/in.H*cells + x*cells/in.W) * in.C
			for c := range in.C {
				v := byte(min(max(patches[cell+c]+10*r.NormFloat64(), 0), 255))
				raw = append(raw, v)
				normal := (float64(v)/255 - float64(mean[c])) / float64(std[c])
				pixels = append(pixels, float32(normal))
			}
		}
	}
	return raw, pixels
}
