package data

import (
	"math"
	"slices"

	"github.com/tailor-nas/tailor/internal/augment"
)

const (
	statsImages = 10_000
	// minStd stands for the deviation of a constant channel: one grey level. Dividing by it
	// changes nothing there.
	minStd = 1.0 / 255
)

// Stats gives mean and standard deviation of each channel over the training images, in units of
// 0..1. For the official CIFAR-10 and CIFAR-100 binary sets they are the published constants;
// otherwise they are computed over at most 10,000 images, always the same random ones: the first
// would be of few classes in a folder, and evenly spaced ones are no fair sample of MNIST, whose
// order has a period. An image that cannot be read is left out here; reading it for training
// reports it.
func (d *Dataset) Stats() (mean, std []float32) {
	if d.stats == nil { // not from Open
		return d.computeStats()
	}
	mean, std = d.stats()
	return slices.Clone(mean), slices.Clone(std)
}

// computeStats reads the images.
func (d *Dataset) computeStats() (mean, std []float32) {
	var sum, squares [3]uint64
	count := uint64(0)
	pixels := make([]uint8, d.Size*d.Size*d.Channels)
	sample := Subset(d.Train, statsImages, 0)
	for i := range sample.Len() {
		if sample.Image(i, pixels) != nil {
			continue
		}
		for i := 0; i < len(pixels); i += d.Channels {
			for c, v := range pixels[i : i+d.Channels] {
				sum[c] += uint64(v)
				squares[c] += uint64(v) * uint64(v)
			}
		}
		count += uint64(d.Size * d.Size)
	}
	// The sums of 10,000 images of any size stay below 2^63: 10,000 * 2^20 pixels * 2^16.
	for c := range d.Channels {
		m, s := moments(sum[c], squares[c], count)
		mean, std = append(mean, float32(m)), append(std, float32(s))
	}
	return mean, std
}

// moments turns sums over bytes into mean and standard deviation over 0..1.
func moments(sum, squares, count uint64) (mean, std float64) {
	if count == 0 {
		return 0, 1
	}
	n := float64(count)
	m := float64(sum) / n
	v := max(float64(squares)/n-m*m, 0)
	return m / 255, max(math.Sqrt(v)/255, minStd)
}

// DefaultTransform is [Dataset.TrainTransform] with what happens to images by default: they are
// padded by an eighth of the side, and flipped if they are colour images. Grey images are not
// flipped, as they are mostly digits, characters and scans, which mirroring changes.
func (d *Dataset) DefaultTransform() Transform {
	light, err := augment.Preset(augment.Light)
	if err != nil {
		panic("data: the default augmentation is missing")
	}
	return d.TrainTransform(light)
}

// TrainTransform is a training transform for d: its Stats, and a recipe.
func (d *Dataset) TrainTransform(r augment.Recipe) Transform {
	mean, std := d.Stats()
	return Transform{Mean: mean, Std: std, Flip: r.Flips(d.Channels), Pad: r.Pad(d.Size), Recipe: r}
}
