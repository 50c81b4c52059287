package supernet

import (
	"fmt"
	"math/rand/v2"

	"github.com/tailor-nas/tailor/internal/nn"
)

// linearKind is a fully connected layer with bias, perhaps an activation. Maps are flattened as
// (height,width,channels).
type linearKind struct{ noChannels }

// Classifies says whether a network that ends in the block gives logits.
func (b Block) Classifies() bool { return b.Kind == Linear }

func (linearKind) check(b Block) error {
	if b.Out.H != 1 || b.Out.W != 1 {
		return fmt.Errorf("a linear from %v to %v does not exist", b.In, b.Out)
	}
	if err := b.checkOptionalAct(); err != nil {
		return err
	}
	if b != (Block{Name: b.Name, Kind: Linear, In: b.In, Out: b.Out, Act: b.Act, Zeros: b.Zeros,
		Run: b.Run}) {
		return fmt.Errorf("a linear has an input, an output, perhaps an activation and nothing else")
	}
	return nil
}

func (linearKind) ops(b Block) []Op {
	return []Op{{
		Kind: OpLinear, Name: b.Name, Args: []int{BlockInput}, In: b.In, Out: b.Out,
		Weight: b.Name + ".weight", Bias: b.Name + ".bias", Act: b.Act,
	}}
}

func (linearKind) signals(Block) (takes, gives signal) { return wholeMaps | features, features }

func (linearKind) layer(p *nn.Params, b Block, _ layerOptions) layer {
	return &linearLayer{linear: nn.NewLinear(p, b.Name, b.In.Len(), b.Out.C, true, b.Act.nn())}
}

func (b *builder) linear(name string, width int, act Act) {
	b.add(Block{Name: name, Kind: Linear, Out: Shape{1, 1, width}, Act: act})
}

// linearLayer works on features, or on a map as if it were features, with dropout before it.
type linearLayer struct {
	dropout nn.Dropout
	linear  *nn.Linear
}

func (l *linearLayer) bind(g *nn.Graph, b Block, in flow, _ nn.Slot) flow {
	v := in.maps(g, b)
	l.dropout.Bind(g, v)
	return flow{vector: l.linear.Bind(g, v)}
}

func (l *linearLayer) forward() {
	l.dropout.Forward()
	l.linear.Forward()
}

func (l *linearLayer) backward() {
	l.linear.Backward()
	l.dropout.Backward()
}
func (l *linearLayer) norms() []*nn.BatchNorm { return nil }

func (l *linearLayer) drop(rate float64, rnd *rand.Rand) { l.dropout.Draw(rate, rnd) }
