package ofa

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tailor-nas/tailor/internal/torchfile"
	"github.com/tailor-nas/tailor/predictor/regress"
)

// ErrPredictor is wrapped by errors about files that are no accuracy predictor of OFA.
var ErrPredictor = errors.New("not an accuracy predictor of OFA")

// PublishedResolutions are those that the published predictor was fitted to. It has inputs for 112,
// 128 and 144 pixels too, whose weights are all within 1/sqrt(128), the bound of PyTorch's initial
// values, while each of the others has weights beyond it.
func PublishedResolutions() []int { return []int{160, 176, 192, 208, 224} }

// ReadAccuracy reads the state dict of an accuracy predictor: fully connected layers in their
// order, each a weight (out,in) and a bias (out). The last bias may be missing, and a value
// base_acc be there, which is added to every prediction.
func ReadAccuracy(path string) (n *regress.MLP, base float64, err error) {
	data, err := readFile(path, maxPredictor, ErrPredictor)
	if err != nil {
		return nil, 0, fmt.Errorf("read accuracy predictor: %w", err)
	}
	f, err := torchfile.Read(context.Background(), data)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", path, err)
	}
	if n, base, err = layers(f.Tensors); err != nil {
		return nil, 0, fmt.Errorf("%s: %w: %w", path, ErrPredictor, err)
	}
	return n, base, nil
}

// layers puts the layers in the order that [regress.MLP] has: by layer the weight as (in,out), then
// the bias.
func layers(tensors []torchfile.Tensor) (n *regress.MLP, base float64, err error) {
	n = &regress.MLP{}
	biased := true // the layer before
	for _, t := range tensors {
		last := len(n.Sizes) - 1
		switch {
		case last >= maxLayers:
			return nil, 0, fmt.Errorf("it has more than %d layers", maxLayers)
		case strings.HasSuffix(t.Name, "base_acc") && len(t.Data) == 1:
			base = float64(t.Data[0])
		case strings.HasSuffix(t.Name, "weight") && len(t.Shape) == 2 &&
			(last < 0 || biased && t.Shape[1] == n.Sizes[last]):
			if last < 0 {
				n.Sizes = append(n.Sizes, t.Shape[1])
			}
			n.Sizes = append(n.Sizes, t.Shape[0])
			n.Weights = append(n.Weights, transposed(t)...)
			biased = false
		case strings.HasSuffix(t.Name, "bias") && !biased && len(t.Shape) == 1 &&
			t.Shape[0] == n.Sizes[last]:
			n.Weights = append(n.Weights, t.Data...)
			biased = true
		default:
			return nil, 0, fmt.Errorf(
				"tensor %.80q of shape %v does not continue layers of sizes %v, expected a weight (out,in) and a bias (out) by turns", t.Name, t.Shape, n.Sizes)
		}
	}
	if len(n.Sizes) < 2 || n.Sizes[len(n.Sizes)-1] != 1 {
		return nil, 0, fmt.Errorf("its layers have sizes %v, expected the last to be 1", n.Sizes)
	}
	if !biased {
		n.Weights = append(n.Weights, 0)
	}
	return n, base, nil
}

func transposed(t torchfile.Tensor) []float32 {
	out, in := t.Shape[0], t.Shape[1]
	v := make([]float32, out*in)
	for i, x := range t.Data {
		v[i%in*out+i/in] = x
	}
	return v
}
