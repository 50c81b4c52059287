package supernet

import (
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/safetensors"
)

// Train makes the network trainable: it allocates a gradient and a momentum for every weight.
// Runners of the network, made before or after, may then be bound in mode [Train] and go
// [Runner.Backward], which adds to the gradients; clearing them is the caller's. Calling it again
// changes nothing.
//
// Batch norm uses the statistics of the batch while it trains. Those that [Infer] uses stay as they
// are until a calibration: [Runner.Bind] in mode [Calibrate], batches, [Runner.FinishCalibration].
func (s *Subnet) Train() { s.params.EnableTraining() }

// Params are the network's weights and the statistics of its batch norms, in the order of
// [Subnet.Tensors]. Statistics are marked ([nn.Param.Statistic]): they have neither gradient nor
// momentum, and no optimiser may move them.
func (s *Subnet) Params() []*nn.Param { return s.params.List }

// Clone copies the network, without gradients.
func (s *Subnet) Clone() *Subnet {
	c := newSubnet(s.Blocks, s.BNEps)
	for i, p := range c.params.List {
		copy(p.Data, s.params.List[i].Data)
	}
	return c
}

// Load sets weights and statistics from a file.
func (s *Subnet) Load(f *safetensors.File) error {
	return load(f, s.params.List, func(p *nn.Param) []float32 { return p.Data })
}
