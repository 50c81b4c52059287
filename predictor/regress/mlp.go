package regress

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
)

// MLP is a multilayer perceptron: fully connected layers, with one output and ReLU between
// its layers.
type MLP struct {
	Sizes []int `json:"sizes"` // inputs, hidden layers, 1
	// Weights holds by layer a matrix, row by row (in, out), and a bias (out).
	Weights Weights `json:"weights"`
}

// maxLayer bounds the width of a layer, and so the memory that a document can ask for.
const maxLayer = 1 << 14

// newMLP draws He-normal weights, of variance 2/in, and for the output 1/in; biases are 0.
func newMLP(sizes []int, r *rand.Rand) *MLP {
	n := &MLP{Sizes: sizes, Weights: make(Weights, parameters(sizes))}
	for l, layer := range n.Layers() {
		gain := 2.0
		if l == len(sizes)-2 {
			gain = 1
		}
		sd := math.Sqrt(gain / float64(sizes[l]))
		for i := range layer.Matrix {
			layer.Matrix[i] = float32(sd * r.NormFloat64())
		}
	}
	return n
}

// parameters counts the weights and biases of all layers.
func parameters(sizes []int) (n int) {
	for l := range sizes[1:] {
		n += (sizes[l] + 1) * sizes[l+1]
	}
	return n
}

// Layer is a view of one layer's weights: writing to it changes the MLP.
type Layer struct {
	Matrix []float32 // (in, out), row by row
	Bias   []float32 // (out)
}

// Layers are the views of the MLP's layers in their order. The MLP must have as many weights
// as its sizes take.
func (n *MLP) Layers() []Layer { return layersOf(n.Sizes, n.Weights) }

// layersOf splits a vector that is laid out as the weights of an MLP: the weights themselves, a
// gradient, or the state of an optimiser.
func layersOf(sizes []int, v []float32) []Layer {
	layers := make([]Layer, len(sizes)-1)
	for l := range layers {
		size := sizes[l] * sizes[l+1]
		layers[l] = Layer{v[:size:size], v[size : size+sizes[l+1] : size+sizes[l+1]]}
		v = v[size+sizes[l+1]:]
	}
	return layers
}

// check says what is wrong with an MLP that was read from a file, for this number of inputs.
func (n *MLP) check(inputs int) error {
	if len(n.Sizes) < 2 || n.Sizes[len(n.Sizes)-1] != 1 {
		return errors.New("an MLP's sizes must be those of its inputs, its hidden layers and 1 output")
	}
	for _, s := range n.Sizes {
		if s < 1 || s > maxLayer {
			return fmt.Errorf("a layer of an MLP has %d units, expected 1 to %d", s, maxLayer)
		}
	}
	if n.Sizes[0] != inputs {
		return fmt.Errorf("an MLP has %d inputs, expected %d", n.Sizes[0], inputs)
	}
	if want := parameters(n.Sizes); len(n.Weights) != want {
		return fmt.Errorf("an MLP of sizes %v has %d weights, expected %d", n.Sizes,
			len(n.Weights), want)
	}
	return nil
}
