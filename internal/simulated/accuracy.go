package simulated

import (
	"math"
	"math/rand/v2"

	"github.com/tailor-nas/tailor/supernet"
)

// Accuracy is an invented top-1: it rises with the resolution, the number of blocks, and the
// kernel and the expand ratio of each, by amounts that are drawn for each block.
type Accuracy struct {
	resolution              float64
	block, kernel, expand   [supernet.MaxBlocks]float64
	smallest, pixels, scale float64
}

// NewAccuracy draws one for a space.
func NewAccuracy(space *supernet.Space, seed uint64) *Accuracy {
	r := rand.New(rand.NewPCG(seed, 0xacc))
	draw := func(mean float64) float64 { return mean * math.Exp(0.7*r.NormFloat64()) }
	a := &Accuracy{resolution: draw(2), pixels: float64(space.Resolutions[0])}
	for i := range a.block {
		a.block[i], a.kernel[i], a.expand[i] = draw(0.25), draw(0.1), draw(0.25)
	}
	a.scale = 1
	a.smallest = a.worth(space.Min())
	a.scale = 1 / (a.worth(space.Max()) - a.smallest)
	return a
}

// worth is what accuracy rises with.
func (a *Accuracy) worth(n supernet.Arch) float64 {
	sum := a.resolution * math.Log(float64(n.Resolution)/a.pixels)
	for i, k := range n.Kernel {
		if k > 0 {
			sum += a.block[i] + a.kernel[i]*math.Log(float64(k))
			sum += a.expand[i] * math.Log(1+float64(n.Expand[i]))
		}
	}
	return sum
}

// Predict gives the top-1 of networks, 0.5 of the smallest to 0.8 of the largest, each step worth
// less than the one before.
func (a *Accuracy) Predict(archs []supernet.Arch) ([]float64, error) {
	top1 := make([]float64, len(archs))
	for i, n := range archs {
		top1[i] = 0.5 + 0.3*math.Sqrt(max(a.scale*(a.worth(n)-a.smallest), 0))
	}
	return top1, nil
}
