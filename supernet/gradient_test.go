package supernet_test

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// TestNetworksAgainstReference: logits of random sub-networks, and derivatives of a random function
// of them along random directions of each block's weights, are those of the reference.
func TestNetworksAgainstReference(t *testing.T) {
	eachNet(t, func(t *testing.T, net *supernet.Supernet) {
		const n = 3
		r := runner(t, 2, net)
		for i, a := range sampleArchs(net.Space, 2) {
			blocks := net.Space.Blocks(a)
			got := step(r, blocks, n, uint64(i))
			ref := newReference(weights.Params(net), n)
			var x []float64
			for _, v := range images(blocks, n, uint64(i)) {
				x = append(x, float64(v))
			}
			want := ref.logits(blocks, x)
			for j := range want {
				if d := math.Abs(float64(got[j]) - want[j]); d > 1e-4*(1+math.Abs(want[j])) {
					t.Errorf("%s: logit %d is %g, the reference has %g", show(net.Space, a), j,
						got[j], want[j])
				}
			}
			ref.checkGradients(t, weights.Params(net), blocks, func() (loss float64) {
				logits := ref.logits(blocks, x)
				for j, g := range logitGrad(len(logits), uint64(i)) {
					loss += logits[j] * float64(g)
				}
				return loss
			})
			gradients(net)
		}
	})
}

// checkGradients compares each block's gradient with differences of the reference's loss along a
// direction. Two step sizes tell whether a kink of an activation is between.
func (r *reference) checkGradients(t *testing.T, params []*nn.Param, blocks []supernet.Block,
	loss func() float64) {
	t.Helper()
	rnd, smooth, tried := newRand(21), 0, 0
	for _, b := range blocks {
		direction, want := map[string][]float64{}, 0.0
		for _, p := range params {
			if !strings.HasPrefix(p.Name, b.Name+".") {
				continue
			}
			for _, g := range p.Grad {
				d := rnd.NormFloat64()
				direction[p.Name] = append(direction[p.Name], d)
				want += d * float64(g)
			}
		}
		slope := func(step float64) float64 {
			return (r.moved(direction, step, loss) - r.moved(direction, -step, loss)) / (2 * step)
		}
		got, other := slope(1e-6), slope(1e-7)
		bound := 1e-3 * (1 + math.Abs(want))
		if tried++; math.Abs(got-other) > bound/2 {
			continue
		}
		smooth++
		if math.Abs(got-want) > bound {
			t.Errorf("%s: derivative %g, the reference has %g", b.Name, want, got)
		}
	}
	if smooth < tried*3/4 {
		t.Errorf("only %d of %d directions are smooth", smooth, tried)
	}
}

// moved is the loss with weights moved along a direction.
func (r *reference) moved(direction map[string][]float64, step float64,
	loss func() float64) float64 {
	was := maps.Clone(r.values)
	defer func() { r.values = was }()
	for name, d := range direction {
		v := slices.Clone(was[name])
		for i := range v {
			v[i] += step * d[i]
		}
		r.values[name] = v
	}
	return loss()
}
