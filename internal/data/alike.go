package data

import (
	"fmt"
	"math"
)

const (
	alikeImages = 64
	// alikeLevels is the least that images should differ, in grey levels of 255. JPEG's noise alone
	// is less; thin lines on white are several.
	alikeLevels = 0.5
)

// alike warns if the training images are nearly the same, as drawings become whose lines are of the
// colour that their transparent ground gets. It looks at some of them, always the same.
func (d *Dataset) alike() string {
	size := d.Size * d.Size * d.Channels
	pixels, sum, squares := make([]uint8, size), make([]float64, size), make([]float64, size)
	sample, n := Subset(d.Train, alikeImages, 0), 0.0
	for i := range sample.Len() {
		if sample.Image(i, pixels) != nil {
			continue // reading it for training reports it
		}
		n++
		for j, v := range pixels {
			sum[j] += float64(v)
			squares[j] += float64(v) * float64(v)
		}
	}
	if n < 2 {
		return ""
	}
	// The mean over all pixels of their variance from image to image.
	variance := 0.0
	for j := range sum {
		variance += squares[j]/n - sum[j]/n*sum[j]/n
	}
	level := math.Sqrt(max(variance, 0) / float64(size))
	if level >= alikeLevels {
		return ""
	}
	return fmt.Sprintf("the images are nearly the same: %.0f of them, taken at random, differ by %.2f of 255 grey levels, so that there is nothing to learn. "+
		"Are they copies, or drawings whose lines are white on a transparent ground? Transparent pixels are laid on white", n, level)
}
