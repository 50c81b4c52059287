package main

import (
	"fmt"
	"math"
	"slices"
)

// result is everything that was measured, as --json writes it.
type result struct {
	Machine  machine  `json:"machine"`
	Settings settings `json:"settings"`
	Speeds   []speeds `json:"speeds"` // by number of threads
	Cases    []*trial `json:"cases"`  // by net and number of threads
}

// machine says where it was measured, with what and when.
type machine struct {
	CPU     string `json:"cpu"`
	Cores   int    `json:"cores"`
	ISA     string `json:"isa"` // of tailor's kernels
	System  string `json:"system"`
	Go      string `json:"go"`
	PyTorch string `json:"pytorch"`
	Python  string `json:"python"`
	Date    string `json:"date"` // RFC 3339
	// Load is the average number of running threads over the minute before, where the system tells.
	Load *float64 `json:"load_average_1min,omitempty"`
}

// speeds is what the machine gives a number of threads.
type speeds struct {
	Threads int `json:"threads"`
	machineSpeed
	TorchGemm float64 `json:"pytorch_sgemm_gflop_s"`
	// smaller than gemmSize where that would have taken minutes
	TorchGemmSize int `json:"pytorch_sgemm_size"`
}

// gemm is the better of the two matrix products.
func (s *speeds) gemm() float64 { return max(s.Gemm, s.TorchGemm) }

// trial is a net on a number of threads.
type trial struct {
	Net     string  `json:"net"`
	Title   string  `json:"title"`
	Threads int     `json:"threads"`
	Batch   int     `json:"batch"`
	MACs    int64   `json:"macs"`   // an image, over all networks
	Work    float64 `json:"gflop"`  // a step
	Traffic float64 `json:"gbytes"` // a step
	// What either alone would take at the machine's measured speed; the longer is the limit.
	ArithmeticMs float64 `json:"arithmetic_ms"`
	MemoryMs     float64 `json:"memory_ms"`
	Sides        []*side `json:"sides"` // tailor first
}

// side is one way to do the steps of a trial.
type side struct {
	Name      string    `json:"name"`
	RoundsMs  []float64 `json:"rounds_ms"` // median step of each round's process
	Ms        float64   `json:"ms"`        // median of the rounds
	ImgS      float64   `json:"img_s"`
	GflopS    float64   `json:"gflop_s"`
	OverLimit float64   `json:"over_limit"`  // time as a multiple of the limit
	Ratio     *spread   `json:"over_tailor"` // time as a multiple of tailor's in the same round
}

// spread is how a ratio varies over the rounds.
type spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// passes is how often an engine of few passes touches every convolution output z in a step.
// Forward, z is written and read by the next layer. Backward, z is read to make that layer's input
// again, and read to take the gradient behind the activation, which is written; both are read to
// make the gradient of z. The eighth stands for the outputs that shortcuts keep.
const passes = 8

func newTrial(n *net, batch int, s *speeds) *trial {
	t := &trial{Net: n.name, Title: n.title, Threads: s.Threads, Batch: batch, MACs: n.macs()}
	// Two operations a multiply-accumulate; forward, gradient of the input, gradient of the weight.
	t.Work = 6 * float64(t.MACs) * float64(batch) / 1e9
	t.Traffic = passes * 4 * float64(n.outputs()) * float64(batch) / 1e9
	t.ArithmeticMs, t.MemoryMs = 1e3*t.Work/s.gemm(), 1e3*t.Traffic/s.Copy
	return t
}

func (t *trial) limitMs() float64 { return max(t.ArithmeticMs, t.MemoryMs) }

// summarize derives everything from the rounds.
func (t *trial) summarize() {
	for _, s := range t.Sides {
		s.Ms = median(s.RoundsMs)
		s.ImgS, s.GflopS = 1e3*float64(t.Batch)/s.Ms, 1e3*t.Work/s.Ms
		s.OverLimit = s.Ms / t.limitMs()
		s.Ratio = ratios(s.RoundsMs, t.Sides[0].RoundsMs)
	}
}

// ratios compares rounds pair by pair.
func ratios(a, b []float64) *spread {
	r := make([]float64, len(a))
	for i := range a {
		r[i] = a[i] / b[i]
	}
	return &spread{Median: median(r), Min: slices.Min(r), Max: slices.Max(r)}
}

// median is the middle value, or the mean of the two in the middle. There must be one.
func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}

// lossTolerance is how far losses of the two sides may be apart, relative.
const lossTolerance = 1e-4

// agree compares the losses of the warm-up steps. The second step's follow from the first's
// gradients.
func agree(got, want [][]float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("losses of %d steps, expected %d", len(got), len(want))
	}
	for step := range want {
		if len(got[step]) != len(want[step]) {
			return fmt.Errorf("step %d has %d losses, expected %d", step, len(got[step]),
				len(want[step]))
		}
		for i, w := range want[step] {
			// Written so that NaN does not pass.
			if g := got[step][i]; !(math.Abs(g-w) <= lossTolerance*math.Abs(w)) {
				return fmt.Errorf("loss of network %d at step %d is %.7g, tailor's is %.7g: the two sides do not compute the same", i, step, g, w)
			}
		}
	}
	return nil
}
