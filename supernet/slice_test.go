package supernet_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// TestGradientsAdd: the gradient of two sub-networks in one step is the sum of both.
func TestGradientsAdd(t *testing.T) {
	eachNet(t, func(t *testing.T, net *supernet.Supernet) {
		r := runner(t, 2, net)
		archs := sampleArchs(net.Space, 2)
		for i, a := range archs[1:] {
			first, second := net.Space.Blocks(archs[i]), net.Space.Blocks(a)
			step(r, first, 4, 1)
			one := gradients(net)
			step(r, second, 3, 2)
			two := gradients(net)
			step(r, first, 4, 1)
			step(r, second, 3, 2)
			for name, both := range gradients(net) {
				want := slices.Clone(one[name])
				for j, g := range two[name] {
					want[j] += g
				}
				if d := difference(t, both, want); d > 1e-5*(1+largest(want)) {
					t.Errorf("%s: the gradient of both is %.3g away from the sum", name, d)
				}
			}
		}
	})
}

// TestGradientStaysInTheSlice: what a sub-network does not use does not move, and nearly everything
// it uses does.
func TestGradientStaysInTheSlice(t *testing.T) {
	eachNet(t, func(t *testing.T, net *supernet.Supernet) {
		r := runner(t, 2, net)
		for _, a := range sampleArchs(net.Space, 6) {
			used := map[string]supernet.Block{}
			for _, b := range net.Space.Blocks(a) {
				used[b.Name] = b
			}
			step(r, net.Space.Blocks(a), 6, 1)
			moved, still := 0, 0
			for _, p := range weights.Params(net) {
				for i, g := range p.Grad {
					at := position(p.Shape, i)
					switch uses := uses(used, net.Space.KernelTransform, p, at); {
					case !uses && g != 0:
						t.Fatalf("%s: %s%v is not part of it and has gradient %g",
							show(net.Space, a), p.Name, at, g)
					case uses && g != 0:
						moved++
					case uses:
						still++
					}
				}
				clear(p.Grad)
			}
			if moved < 3*still {
				t.Errorf("%s: %d of %d weights have no gradient", show(net.Space, a), still,
					moved+still)
			}
		}
	})
}

// uses says whether an element of a full weight takes part in the network of the given blocks.
func uses(blocks map[string]supernet.Block, transforms bool, p *nn.Param, at []int) bool {
	name, part := split(p.Name)
	b, ok := blocks[name]
	if !ok || b.Kind != supernet.MBConv {
		return ok && inOps(b, p.Name, at)
	}
	switch part {
	case "expand.weight":
		return b.HasExpand() && at[1] < b.Mid
	case "expand.bn.weight", "expand.bn.bias":
		return b.HasExpand() && at[0] < b.Mid
	case "depthwise.weight":
		return at[2] < b.Mid && central(p.Shape[0], b.Kernel, transforms, at[0], at[1])
	case "se.reduce.weight":
		return at[0] < b.Mid && at[1] < b.SE
	case "se.reduce.bias":
		return at[0] < b.SE
	case "se.expand.weight":
		return at[0] < b.SE && at[1] < b.Mid
	case "depthwise.bn.weight", "depthwise.bn.bias", "se.expand.bias", "project.weight":
		return at[0] < b.Mid
	case "project.bn.weight", "project.bn.bias":
		return true
	}
	var from, to int
	if n, _ := fmt.Sscanf(part, "depthwise.transform.%dto%d", &from, &to); n != 2 {
		return false
	}
	return b.Kernel <= to
}

// inOps says whether an element of a weight, or an entry of batch norm or a bias, is within the
// shapes of the block's operations.
func inOps(b supernet.Block, name string, at []int) bool {
	for _, o := range b.MustOps() {
		within := []int{o.Out.C}
		if name == o.Weight {
			within = o.WeightShape()
		} else if name != o.Bias && name != o.Norm+".weight" && name != o.Norm+".bias" {
			continue
		}
		for axis, i := range at {
			if i >= within[axis] {
				return false
			}
		}
		return true
	}
	return false
}

// central says whether a tap of the full kernel is read for a smaller one: one in its centre, or
// with transforms one in the centre that the first of them reads, which in these spaces leaves out
// a ring.
func central(full, kernel int, transforms bool, y, x int) bool {
	margin := (full - kernel) / 2
	if transforms {
		margin = min(margin, 1)
	}
	return y >= margin && y < full-margin && x >= margin && x < full-margin
}

// split takes the name of a weight apart into that of its block and the rest.
func split(weight string) (block, part string) {
	n := map[string]int{"stem": 1, "head": 2, "stages": 3}
	words := strings.Split(weight, ".")
	at := n[words[0]]
	if words[0] == "stem" && words[1] != "weight" && words[1] != "bn" { // of a deep stem
		at = 2
	}
	return strings.Join(words[:at], "."), strings.Join(words[at:], ".")
}

// position is the index in every dimension of the i-th element.
func position(shape []int, i int) []int {
	at := make([]int, len(shape))
	for d := len(shape) - 1; d >= 0; d-- {
		at[d] = i % shape[d]
		i /= shape[d]
	}
	return at
}
