// Package weights is the weights of the networks of package supernet, for the rooms of tailor that
// train, save and check them. What others may do with a network are the methods of supernet's
// types, which need nothing of this package.
package weights

import (
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/safetensors"
)

// Held is what a network holds for this package. A network embeds it under a name that is not
// exported, so that other modules do not see it.
type Held struct {
	params   *nn.Params
	runner   func(*nn.Pool) any
	channels func() []MiddleChannels
	matrices func() []Matrix
}

// Hold says what a network holds: its weights, and what makes a runner of it (package engine has
// the type).
func Hold(params *nn.Params, runner func(*nn.Pool) any) Held {
	return Held{params: params, runner: runner}
}

// HoldParts does so for a network that stands alone, with the parts that pruning removes from.
func HoldParts(params *nn.Params, runner func(*nn.Pool) any, channels func() []MiddleChannels,
	matrices func() []Matrix) Held {
	return Held{params: params, runner: runner, channels: channels, matrices: matrices}
}

// Network is a *supernet.Supernet or a *supernet.Subnet: what embeds [Held].
type Network interface{ held() *Held }

func (h *Held) held() *Held { return h }

// Params are the weights at full size, and the statistics of a network that stands alone, in a
// fixed order. Statistics are marked ([nn.Param.Statistic]): they have neither gradient nor
// momentum, and no optimiser may move them.
func Params(n Network) []*nn.Param {
	if h := n.held(); h.params != nil {
		return h.params.List
	}
	return nil // of a network that nobody made
}

// EnableTraining allocates a gradient and a momentum for every weight. Runners of the network, made
// before or after, may then be bound for training and go backward, which adds to the gradients;
// clearing them is the caller's. Calling it again changes nothing.
//
// Batch norm uses the statistics of the batch while it trains. Those that inference uses stay as
// they are until a calibration.
func EnableTraining(n Network) { n.held().params.EnableTraining() }

// Runner makes what runs the network on a pool: ask package engine, which knows its type.
func Runner(n Network, pool *nn.Pool) any { return n.held().runner(pool) }

// Tensors lists the weights for saving.
func Tensors(n Network) []safetensors.Tensor {
	return tensors(n, func(p *nn.Param) []float32 { return p.Data })
}

// Momentum lists the optimiser's state, under the names of the weights: nothing of a network that
// does not train.
func Momentum(n Network) []safetensors.Tensor {
	return tensors(n, func(p *nn.Param) []float32 { return p.Momentum })
}

func tensors(n Network, of func(*nn.Param) []float32) []safetensors.Tensor {
	var t []safetensors.Tensor
	for _, p := range Params(n) {
		if data := of(p); data != nil {
			t = append(t, safetensors.Tensor{Name: p.Name, Shape: p.Shape, Data: data})
		}
	}
	return t
}

// Load sets weights and statistics to tensors, which must be exactly those of the network.
func Load(n Network, from []safetensors.Tensor) error {
	return load(n, from, func(p *nn.Param) []float32 { return p.Data })
}

// LoadMomentum sets the optimiser's state.
func LoadMomentum(n Network, from []safetensors.Tensor) error {
	return load(n, from, func(p *nn.Param) []float32 { return p.Momentum })
}

func load(n Network, from []safetensors.Tensor, into func(*nn.Param) []float32) error {
	byName := make(map[string]safetensors.Tensor, len(from))
	for _, t := range from {
		byName[t.Name] = t
	}
	params := Params(n)
	for _, p := range params {
		t, ok := byName[p.Name]
		switch {
		case !ok:
			return fmt.Errorf("tensor %s is missing; the file holds another network", p.Name)
		case !slices.Equal(t.Shape, p.Shape):
			return fmt.Errorf("tensor %s is %v, expected %v; the file holds another network",
				p.Name, t.Shape, p.Shape)
		case len(t.Data) != len(p.Data):
			return fmt.Errorf("tensor %s has %d values, its shape %v takes %d", p.Name,
				len(t.Data), t.Shape, len(p.Data))
		}
	}
	if len(from) != len(params) {
		return fmt.Errorf("%d tensors, expected %d; the file holds another network", len(from),
			len(params))
	}
	for _, p := range params {
		copy(into(p), byName[p.Name].Data)
	}
	return nil
}
