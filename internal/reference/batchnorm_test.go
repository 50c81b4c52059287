package reference_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/reference"
)

// calibrated is a 1x1 convolution with batch norm over batches of unequal size.
type calibrated struct {
	params  *nn.Params
	conv    *reference.Conv
	graph   *reference.Graph
	batches [][]float32 // (n,side,side,in) each
	sizes   []int
}

const (
	bnSide, bnIn, bnOut, bnActive = 3, 4, 6, 5
	bnEps                         = 1e-3
)

func newCalibrated(pool *nn.Pool) *calibrated {
	c := &calibrated{params: &nn.Params{Train: true}, graph: reference.NewGraph(pool),
		sizes: []int{7, 2, 1, 12}}
	c.conv = reference.NewConv(c.params, "conv", 1, 1, bnIn, bnOut, reference.HSwish, bnEps)
	randomise(c.params, 1)
	r := rand.New(rand.NewPCG(9, 9))
	for i, n := range c.sizes {
		batch := make([]float32, n*bnSide*bnSide*bnIn)
		for j := range batch {
			batch[j] = float32(r.NormFloat64()*float64(i+1)) + float32(i) // batches differ much
		}
		c.batches = append(c.batches, batch)
	}
	return c
}

func (c *calibrated) run(mode reference.Mode, batch int) []float32 {
	l := bindConv(c.graph, c.params, c.conv, mode, shape{c.sizes[batch], bnSide, bnSide, bnIn},
		bnActive)
	copy(c.graph.Data(l.x), c.batches[batch])
	c.conv.Forward()
	return slices.Clone(c.graph.Data(l.y))
}

// z is the convolution's output for a batch, by channel, in float64.
func (c *calibrated) z(batch int) [bnActive][]float64 {
	var z [bnActive][]float64
	x := c.batches[batch]
	for row := 0; row < len(x); row += bnIn {
		for j := range bnActive {
			var s float64
			for i := range bnIn {
				s += float64(x[row+i]) * float64(c.conv.Weight.Data[i*bnOut+j])
			}
			z[j] = append(z[j], s)
		}
	}
	return z
}

// moments are mean and biased variance.
func moments(z []float64) (mean, variance float64) {
	for _, v := range z {
		mean += v / float64(len(z))
	}
	for _, v := range z {
		variance += (v - mean) * (v - mean) / float64(len(z))
	}
	return mean, variance
}

// TestCalibration: the statistics are averages of each batch's mean and biased variance, weighted
// by its images, and every batch is normalised by its own.
func TestCalibration(t *testing.T) {
	pool := nn.NewPool(2)
	defer pool.Close()
	c := newCalibrated(pool)
	var mean, variance [bnActive]float64
	images := 0.0
	for batch, n := range c.sizes {
		y, z := c.run(reference.Calibrate, batch), c.z(batch)
		for j := range bnActive {
			m, v := moments(z[j])
			mean[j] += m * float64(n)
			variance[j] += v * float64(n)
			c.checkOutput(t, y, z[j], j, m, v)
		}
		images += float64(n)
	}
	c.conv.BN.FinishStatistics()
	for j := range bnActive {
		near(t, fmt.Sprintf("mean of channel %d", j), c.conv.BN.Mean[j], mean[j]/images, 1e-5)
		near(t, fmt.Sprintf("variance of channel %d", j), c.conv.BN.Var[j], variance[j]/images,
			1e-5)
	}
	for batch := range c.sizes {
		y, z := c.run(reference.Infer, batch), c.z(batch)
		for j := range bnActive {
			c.checkOutput(t, y, z[j], j, mean[j]/images, variance[j]/images)
		}
	}
}

// checkOutput compares channel j of y with h_swish(gamma*(z-mean)/√(var+eps) + beta).
func (c *calibrated) checkOutput(t *testing.T, y []float32, z []float64, j int, mean,
	variance float64) {
	t.Helper()
	gamma, beta := float64(c.conv.BN.Scale.Data[j]), float64(c.conv.BN.Shift.Data[j])
	for i, v := range z {
		u := gamma*(v-mean)/math.Sqrt(variance+bnEps) + beta
		near(t, fmt.Sprintf("output %d of channel %d", i, j), y[i*bnActive+j],
			u*math.Min(math.Max(u+3, 0), 6)/6, 1e-5)
	}
}

// TestCalibrationStartsAfresh: a reset forgets earlier batches, and channels beyond the active ones
// keep their statistics.
func TestCalibrationStartsAfresh(t *testing.T) {
	pool := nn.NewPool(1)
	defer pool.Close()
	c := newCalibrated(pool)
	for j := range c.conv.BN.Mean {
		c.conv.BN.Mean[j], c.conv.BN.Var[j] = 100, 200
	}
	c.run(reference.Calibrate, 3)
	c.conv.BN.ResetStatistics()
	c.run(reference.Calibrate, 0)
	c.conv.BN.FinishStatistics()
	z := c.z(0)
	for j := range bnActive {
		mean, variance := moments(z[j])
		near(t, "mean", c.conv.BN.Mean[j], mean, 1e-5)
		near(t, "variance", c.conv.BN.Var[j], variance, 1e-5)
	}
	if c.conv.BN.Mean[bnActive] != 100 || c.conv.BN.Var[bnActive] != 200 {
		t.Error("calibration changed the statistics of a channel that was not active")
	}
}

// TestTrainingLeavesStatistics: only calibration writes them.
func TestTrainingLeavesStatistics(t *testing.T) {
	pool := nn.NewPool(1)
	defer pool.Close()
	c := newCalibrated(pool)
	mean, variance := slices.Clone(c.conv.BN.Mean), slices.Clone(c.conv.BN.Var)
	c.run(reference.Train, 0)
	c.run(reference.Infer, 1)
	equal(t, "mean", c.conv.BN.Mean, mean)
	equal(t, "variance", c.conv.BN.Var, variance)
}

// TestConstantChannel: a channel without variance is normalised by eps alone and stays finite.
func TestConstantChannel(t *testing.T) {
	pool := nn.NewPool(1)
	defer pool.Close()
	c := newCalibrated(pool)
	for i := range c.batches[0] {
		c.batches[0][i] = 1e4
	}
	for j, v := range c.run(reference.Train, 0) {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			t.Fatalf("output %d is %g", j, v)
		}
	}
}
