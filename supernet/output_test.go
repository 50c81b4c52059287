package supernet_test

import (
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/supernet"
)

// TestOutput runs networks block by block, each on the output of the one before: the last gives
// the logits of the whole network.
func TestOutput(t *testing.T) {
	for _, text := range netTexts {
		net := newNet(t, text)
		for _, workers := range []int{1, 2} {
			r := runner(t, workers, net)
			for _, a := range sampleArchs(net.Space, 3) {
				blocks := net.Space.Blocks(a)
				calibrate(r, blocks)
				for _, n := range []int{1, 3} {
					want := forward(r, blocks, nn.Infer, n, 7)
					got := images(blocks, n, 7)
					for _, b := range blocks {
						r.Bind([]supernet.Block{b}, n, nn.Infer)
						copy(r.Input(), got)
						r.Forward()
						got = make([]float32, n*b.Out.Len())
						r.Output(got)
					}
					if d := difference(t, got, want); d > 1e-4*largest(want) {
						t.Errorf("%d images, %d workers: block by block %g off", n, workers, d)
					}
				}
			}
		}
	}
}
