package nn

import (
	"math"

	"github.com/tailor-nas/tailor/internal/kernel"
)

// BatchNorm normalises over batch, height and width, then applies an activation. Scale and shift
// are trained; Mean and Var are the population statistics that calibration measures. All are at
// full width; leading entries are active.
type BatchNorm struct {
	Scale, Shift *Param
	Mean, Var    []float32
	eps          float64

	g     *Graph
	rows  int // of the bound batch, wherever they are
	norm  kernel.Norm
	other [3][]float32 // coefficients of the backward pass
	sums  []float64    // by chunk: two sums a channel

	sumMean, sumVar []float64 // calibration: image-weighted sums
	seenImages      float64
}

func newBatchNorm(p *Params, name string, width int, act Act, eps float64) *BatchNorm {
	f := func() []float32 { return make([]float32, width) }
	mean, variance := f(), f()
	if p.Statistics {
		mean = p.addStatistic(name+".mean", 0, width).Data
		variance = p.addStatistic(name+".var", 1, width).Data
	}
	return &BatchNorm{
		Scale: p.Add(name+".weight", false, Constant(1), width),
		Shift: p.Add(name+".bias", false, Constant(0), width),
		Mean:  mean, Var: variance, eps: eps,
		norm:    kernel.Norm{Mean: f(), InvStd: f(), Scale: f(), Shift: f(), Act: act},
		other:   [3][]float32{f(), f(), f()},
		sumMean: make([]float64, width), sumVar: make([]float64, width),
	}
}

func (b *BatchNorm) bind(g *Graph, c, pixels int) {
	b.g, b.rows = g, g.share.batch*pixels
	b.norm.Mean, b.norm.InvStd = b.norm.Mean[:c], b.norm.InvStd[:c]
	b.norm.Scale, b.norm.Shift = b.norm.Scale[:c], b.norm.Shift[:c]
	for i := range b.other {
		b.other[i] = b.other[i][:c]
	}
	b.sums = grow(b.sums, 2*c*g.share.parts)
}

// width is the number of active channels.
func (b *BatchNorm) width() int { return len(b.norm.Scale) }

// ResetStatistics begins a calibration.
func (b *BatchNorm) ResetStatistics() {
	clear(b.sumMean)
	clear(b.sumVar)
	b.seenImages = 0
}

// FinishStatistics ends a calibration: Mean and Var of the active channels become the averages of
// the batches seen.
func (b *BatchNorm) FinishStatistics() {
	for j := range b.width() {
		b.Mean[j] = float32(b.sumMean[j] / b.seenImages)
		b.Var[j] = float32(b.sumVar[j] / b.seenImages)
	}
}

// chunkSums are the two sums of a part of the whole batch.
func (b *BatchNorm) chunkSums(chunk int) (first, second []float64) {
	c := b.width()
	s := b.sums[2*c*chunk:][:2*c]
	return s[:c], s[c:]
}

// total adds the chunks' sums in order into those of the first.
func (b *BatchNorm) total() (first, second []float64) {
	b.g.share.gatherSums(b.sums, 2*b.width())
	first, second = b.chunkSums(0)
	for chunk := 1; chunk < b.g.share.parts; chunk++ {
		f, s := b.chunkSums(chunk)
		for j := range first {
			first[j] += f[j]
			second[j] += s[j]
		}
	}
	return first, second
}

// useRecorded takes the recorded statistics.
func (b *BatchNorm) useRecorded() {
	for j := range b.width() {
		b.set(j, float64(b.Mean[j]), float64(b.Var[j]))
	}
}

// useBatch takes the statistics of the batch, whose sums of values and squares are complete.
func (b *BatchNorm) useBatch() {
	sum, square := b.total()
	n, rows := float64(b.g.share.batch), float64(b.rows)
	for j := range sum {
		mean := sum[j] / rows
		variance := max(square[j]/rows-mean*mean, 0)
		b.set(j, mean, variance)
		if b.g.mode == Calibrate {
			b.sumMean[j] += mean * n
			b.sumVar[j] += variance * n
		}
	}
	if b.g.mode == Calibrate {
		b.seenImages += n
	}
}

func (b *BatchNorm) set(j int, mean, variance float64) {
	inv := 1 / math.Sqrt(variance+b.eps)
	scale := float64(b.Scale.Data[j]) * inv
	b.norm.Mean[j], b.norm.InvStd[j] = float32(mean), float32(inv)
	b.norm.Scale[j], b.norm.Shift[j] = float32(scale), float32(float64(b.Shift.Data[j])-mean*scale)
}

// backward turns the sums Σ g and Σ g·(z-mean) of the batch into the gradients of scale and shift,
// and into the coefficients of dz = k0·g + k1·z + k2, which is the batch norm's input gradient
// (Ioffe and Szegedy, 2015, section 3): scale·(g - mean(g) - x̂·mean(g·x̂)).
func (b *BatchNorm) backward() {
	sum, dot := b.total()
	rows := float64(b.rows)
	for j := range sum {
		inv, scale, mean := float64(b.norm.InvStd[j]), float64(b.norm.Scale[j]),
			float64(b.norm.Mean[j])
		b.Shift.Grad[j] += float32(sum[j])
		b.Scale.Grad[j] += float32(dot[j] * inv)
		meanG, slope := sum[j]/rows, dot[j]*inv*inv/rows
		b.other[0][j] = float32(scale)
		b.other[1][j] = float32(-scale * slope)
		b.other[2][j] = float32(scale * (slope*mean - meanG))
	}
}
