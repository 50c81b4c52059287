package reference

import (
	"math"

	"github.com/tailor-nas/tailor/internal/kernel"
	"github.com/tailor-nas/tailor/internal/nn"
)

// BatchNorm normalises over batch, height and width, then applies an activation. Scale and shift
// are trained; Mean and Var are the population statistics that calibration measures. All are at
// full width; leading entries are active.
type BatchNorm struct {
	Scale, Shift *nn.Param
	Mean, Var    []float32
	act          Act
	eps          float64

	g          *Graph
	rows, c    int // of the bound batch
	norm       kernel.Norm
	meanG      []float32
	meanGX     []float32
	sumMean    []float64 // calibration: image-weighted sums
	sumVar     []float64
	seenImages float64
}

func newBatchNorm(p *nn.Params, name string, width int, act Act, eps float64) *BatchNorm {
	f := func() []float32 { return make([]float32, width) }
	mean, variance := f(), f()
	if p.Statistics {
		mean = p.Add(name+".mean", false, nn.Constant(0), width).Data
		variance = p.Add(name+".var", false, nn.Constant(1), width).Data
	}
	b := &BatchNorm{
		Scale: p.Add(name+".weight", false, nn.Constant(1), width),
		Shift: p.Add(name+".bias", false, nn.Constant(0), width),
		Mean:  mean, Var: variance, act: act, eps: eps,
		norm:  kernel.Norm{Mean: f(), InvStd: f(), Scale: f(), Shift: f()},
		meanG: f(), meanGX: f(), sumMean: make([]float64, width), sumVar: make([]float64, width),
	}
	return b
}

func (b *BatchNorm) bind(g *Graph, t Tensor) {
	b.g, b.rows, b.c = g, g.n*t.H*t.W, t.C
	full := b.norm
	b.norm = kernel.Norm{Mean: full.Mean[:b.c], InvStd: full.InvStd[:b.c], Scale: full.Scale[:b.c],
		Shift: full.Shift[:b.c], Act: b.act}
}

// ResetStatistics begins a calibration.
func (b *BatchNorm) ResetStatistics() {
	clear(b.sumMean)
	clear(b.sumVar)
	b.seenImages = 0
}

// FinishStatistics ends a calibration: Mean and Var of the active channels become the averages of
// the batches seen.
func (b *BatchNorm) FinishStatistics() {
	for j := range b.c {
		b.Mean[j] = float32(b.sumMean[j] / b.seenImages)
		b.Var[j] = float32(b.sumVar[j] / b.seenImages)
	}
}

// forward computes y from the convolution's output z.
func (b *BatchNorm) forward(y, z []float32) {
	if b.g.mode == Infer {
		for j := range b.c {
			b.set(j, float64(b.Mean[j]), float64(b.Var[j]))
		}
	} else {
		b.measure(z)
	}
	per := b.rows / b.g.n * b.c
	b.g.pool.Run(b.g.chunks(), func(_, chunk int) {
		from, to := b.g.images(chunk)
		kernel.ScaleShift(y[from*per:to*per], z[from*per:to*per], b.norm.Scale, b.norm.Shift, b.act)
	})
}

func (b *BatchNorm) set(j int, mean, variance float64) {
	inv := 1 / math.Sqrt(variance+b.eps)
	scale := float64(b.Scale.Data[j]) * inv
	b.norm.Mean[j], b.norm.InvStd[j] = float32(mean), float32(inv)
	b.norm.Scale[j], b.norm.Shift[j] = float32(scale), float32(float64(b.Shift.Data[j])-mean*scale)
}

// measure takes the batch statistics of z.
func (b *BatchNorm) measure(z []float32) {
	sums := b.overRows(func(from, to int, s0, s1 []float64) {
		kernel.Moments(z[from:to], b.c, s0,
			s1)
	})
	rows := float64(b.rows)
	for j := range b.c {
		mean := sums[j] / rows
		variance := max(sums[b.c+j]/rows-mean*mean, 0)
		b.set(j, mean, variance)
		if b.g.mode == Calibrate {
			b.sumMean[j] += mean * float64(b.g.n)
			b.sumVar[j] += variance * float64(b.g.n)
		}
	}
	if b.g.mode == Calibrate {
		b.seenImages += float64(b.g.n)
	}
}

// overRows runs f on the values of every chunk and adds its two sums in the order of the chunks.
func (b *BatchNorm) overRows(f func(from, to int, s0, s1 []float64)) []float64 {
	sums, c := b.g.chunkSums(b.c), b.c
	per := b.rows / b.g.n * c
	b.g.pool.Run(b.g.chunks(), func(_, chunk int) {
		from, to := b.g.images(chunk)
		s := sums[chunk*2*c:][:2*c]
		f(from*per, to*per, s[:c], s[c:])
	})
	for chunk := 1; chunk < b.g.chunks(); chunk++ {
		for j, v := range sums[chunk*2*c:][:2*c] {
			sums[j] += v
		}
	}
	return sums[:2*c]
}

// backward turns the gradient dy of the output into that of z, dz, and adds the gradients of scale
// and shift.
func (b *BatchNorm) backward(dz, z, dy []float32) {
	sums := b.overRows(func(from, to int, s0, s1 []float64) {
		b.norm.BackwardSums(z[from:to],
			dy[from:to], s0, s1)
	})
	for j := range b.c {
		b.Shift.Grad[j] += float32(sums[j])
		b.Scale.Grad[j] += float32(sums[b.c+j])
		b.meanG[j] = float32(sums[j] / float64(b.rows))
		b.meanGX[j] = float32(sums[b.c+j] / float64(b.rows))
	}
	per := b.rows / b.g.n * b.c
	b.g.pool.Run(b.g.chunks(), func(_, chunk int) {
		from, to := b.g.images(chunk)
		b.norm.BackwardInput(dz[from*per:to*per], z[from*per:to*per], dy[from*per:to*per], b.meanG,
			b.meanGX)
	})
}
