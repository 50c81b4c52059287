package adopt

import (
	"context"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"

	"github.com/tailor-nas/tailor/internal/onnxgraph"
)

// Batch norm that was folded into a convolution's weights and bias is put back with the mean and
// variance that the convolution's output has on images: scale and shift undo them, so that nothing
// changes in the network as it is, and everything is in order when batch norm is calibrated anew.

// moments are the sums of values and of their squares, by channel.
type moments struct {
	n           float64
	sum, square []float64
}

// Folded says whether batch norm was folded away, so that [Adopted.Unfold] has something to
// measure.
func (a *Adopted) Folded() bool { return len(a.Network.folded()) > 0 }

// Side is that of the images that [Adopted.Unfold] takes.
func (a *Adopted) Side() int { return a.Facts.Resolution.Value }

// Unfold measures what batch norm is put back with, on normalised images (height,width,channels),
// and says on how many.
func (a *Adopted) Unfold(ctx context.Context, images iter.Seq2[[]float32, error]) (n int,
	err error) {
	folded := map[string]*Conv{}
	for _, c := range a.Network.folded() {
		c.seen = &moments{sum: make([]float64, c.Out), square: make([]float64, c.Out)}
		folded[c.output] = c
	}
	watch := func(n *onnxgraph.Node, result *onnxgraph.Tensor) {
		if c := folded[n.Outputs[0]]; c != nil {
			c.seen.add(result, c.Out)
		}
	}
	in := a.Network.input
	for image, err := range images {
		if err != nil {
			return n, err
		}
		if len(image) != in.side*in.side*in.channels {
			return n, fmt.Errorf("an image has %d values, expected %d", len(image),
				in.side*in.side*in.channels)
		}
		if _, _, err := a.Network.graph.Run(ctx, in.tensor(image), watch); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// add counts the values (1,C,H,W) of an image.
func (m *moments) add(t *onnxgraph.Tensor, channels int) {
	pixels := len(t.Data) / channels
	for i, v := range t.Data {
		m.sum[i/pixels] += v
		m.square[i/pixels] += v * v
	}
	m.n += float64(pixels)
}

// unfolded is the batch norm of a convolution whose own was folded away.
func (c *Conv) unfolded(eps float64) *Norm {
	n := &Norm{Scale: make([]float32, c.Out), Shift: make([]float32, c.Out),
		Mean: make([]float32, c.Out), Var: make([]float32, c.Out)}
	for i := range c.Out {
		mean, variance := 0.0, 1-eps
		if c.seen != nil {
			mean = c.seen.sum[i] / c.seen.n
			variance = max(0, c.seen.square[i]/c.seen.n-mean*mean)
			if c.own != nil {
				mean -= float64(c.own[i])
			}
		}
		n.Mean[i], n.Var[i] = float32(mean), float32(variance)
		n.Scale[i] = float32(math.Sqrt(float64(n.Var[i]) + eps))
		n.Shift[i] = n.Mean[i]
		if c.Bias != nil {
			n.Shift[i] += c.Bias[i]
		}
	}
	return n
}

// Invented draws images that are smooth as photos are: noise of all sizes, the larger the stronger.
// They stand in for images of the network's own kind where there are none.
func Invented(n, side, channels int) iter.Seq2[[]float32, error] {
	return func(yield func([]float32, error) bool) {
		r := rand.New(rand.NewPCG(2, 2))
		for range n {
			if !yield(smoothNoise(side, channels, r), nil) {
				return
			}
		}
	}
}

func smoothNoise(side, channels int, r *rand.Rand) []float32 {
	image := make([]float32, side*side*channels)
	for cells := 1; cells <= side; cells *= 2 {
		addNoise(image, side, channels, cells, 1/math.Sqrt(float64(cells)), r)
	}
	standardise(image)
	return image
}

// addNoise adds random values on a grid of cells x cells, and between them what lies between.
func addNoise(image []float32, side, channels, cells int, size float64, r *rand.Rand) {
	grid := make([]float64, (cells+1)*(cells+1)*channels)
	for i := range grid {
		grid[i] = size * r.NormFloat64()
	}
	at := func(y, x, c int) float64 { return grid[(y*(cells+1)+x)*channels+c] }
	for y := range side {
		py := float64(y) / float64(side) * float64(cells)
		iy, fy := int(py), py-math.Floor(py)
		for x := range side {
			px := float64(x) / float64(side) * float64(cells)
			ix, fx := int(px), px-math.Floor(px)
			for c := range channels {
				v := (1-fy)*((1-fx)*at(iy, ix, c)+fx*at(iy, ix+1, c)) +
					fy*((1-fx)*at(iy+1, ix, c)+fx*at(iy+1, ix+1, c))
				image[(y*side+x)*channels+c] += float32(v)
			}
		}
	}
}

// standardise gives values the mean 0 and the variance 1.
func standardise(v []float32) {
	sum, square := 0.0, 0.0
	for _, x := range v {
		sum, square = sum+float64(x), square+float64(x)*float64(x)
	}
	mean := sum / float64(len(v))
	std := math.Sqrt(max(1e-12, square/float64(len(v))-mean*mean))
	for i, x := range v {
		v[i] = float32((float64(x) - mean) / std)
	}
}
