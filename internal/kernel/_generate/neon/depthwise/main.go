// Command depthwise generates for NEON the depthwise convolution over an image that has its padding
// around it (strip.go), and the weight gradient of a row of taps (taps.go). Channels are taken 8 at
// a time, so that there are enough sums for the processor to work at together.
package main

import "github.com/tailor-nas/tailor/internal/kernel/_generate/neon"

func main() {
	neon.Generate(func(f *neon.File) {
		for _, k := range []int{3, 5, 7} {
			for _, stride := range []int{1, 2} {
				for _, pixels := range []int{8, 4, 2, 1} {
					strip(f, k, stride, pixels)
				}
				taps(f, k, stride)
			}
		}
	})
}
