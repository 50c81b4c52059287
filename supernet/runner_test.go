package supernet_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/supernet"
)

// TestGradientsAdd: the gradient of two sub-networks in one step is the sum of both.
func TestGradientsAdd(t *testing.T) {
	eachNet(t, func(t *testing.T, net *supernet.Supernet) {
		r := runner(t, 2, net.Runner)
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

// TestGradientStaysInTheSlice: what a sub-network does not use does not move, and nearly everything it uses does.
func TestGradientStaysInTheSlice(t *testing.T) {
	eachNet(t, func(t *testing.T, net *supernet.Supernet) {
		r := runner(t, 2, net.Runner)
		for _, a := range sampleArchs(net.Space, 6) {
			used := map[string]supernet.Block{}
			for _, b := range net.Space.Blocks(a) {
				used[b.Name] = b
			}
			step(r, net.Space.Blocks(a), 6, 1)
			moved, still := 0, 0
			for _, p := range net.Params() {
				for i, g := range p.Grad {
					at := position(p.Shape, i)
					switch uses := uses(used, net.Space.KernelTransform, p, at); {
					case !uses && g != 0:
						t.Fatalf("%s: %s%v is not part of it and has gradient %g", show(net.Space, a), p.Name, at, g)
					case uses && g != 0:
						moved++
					case uses:
						still++
					}
				}
				clear(p.Grad)
			}
			if moved < 3*still {
				t.Errorf("%s: %d of %d weights have no gradient", show(net.Space, a), still, moved+still)
			}
		}
	})
}

// uses says whether an element of a full weight takes part in the network of the given blocks.
func uses(blocks map[string]supernet.Block, transforms bool, p *nn.Param, at []int) bool {
	name, part := split(p.Name)
	b, ok := blocks[name]
	if !ok || b.Kind != supernet.MBConv {
		return ok
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

// central says whether a tap of the full kernel is read for a smaller one: one in its centre, or with transforms one in the
// centre that the first of them reads, which in these spaces leaves out a ring.
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

// TestStepOnAnyWorkers: two sub-networks forward and backward, then calibration and inference, give the same bits on 1 to 4
// workers.
func TestStepOnAnyWorkers(t *testing.T) {
	for _, text := range netTexts {
		var want map[string][]float32
		for workers := 1; workers <= 4; workers++ {
			net := newNet(t, text)
			r := runner(t, workers, net.Runner)
			small, large := net.Space.Blocks(net.Space.Random(newRand(8))), net.Space.Blocks(net.Space.Max())
			got := map[string][]float32{}
			got["small logits"] = step(r, small, 11, 1)
			got["large logits"] = step(r, large, 5, 2)
			for name, g := range gradients(net) {
				got["gradient of "+name] = g
			}
			calibrate(r, small)
			got["inference"] = forward(r, small, supernet.Infer, 3, 4)
			if workers == 1 {
				want = got
			}
			for name, v := range want {
				if !sameBits(v, got[name]) {
					t.Errorf("%s: %d workers give other bits of %s", net.Space.Name, workers, name)
				}
			}
		}
	}
}

func sameBits(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}

// TestInferenceOfOneImage: an image's logits do not depend on the batch it is in.
func TestInferenceOfOneImage(t *testing.T) {
	eachNet(t, func(t *testing.T, net *supernet.Supernet) {
		r := runner(t, 2, net.Runner)
		blocks := net.Space.Blocks(net.Space.Max())
		calibrate(r, blocks)
		const n = 5
		batch, size, classes := images(blocks, n, 9), blocks[0].In.Len(), net.Space.Classes
		all := forward(r, blocks, supernet.Infer, n, 9)
		r.Bind(blocks, 1, supernet.Infer)
		for i := range n {
			copy(r.Input(), batch[i*size:])
			if !sameBits(r.Forward(), all[i*classes:][:classes]) {
				t.Errorf("image %d alone has other logits than in the batch", i)
			}
		}
	})
}

// TestRunnersAtOnce: two runners infer with the same weights at the same time, each with its own statistics.
func TestRunnersAtOnce(t *testing.T) {
	net := newNet(t, everything)
	var want, got [2][]float32
	archs := []supernet.Arch{net.Space.Min(), net.Space.Max()}
	run := func(i int) []float32 {
		pool := nn.NewPool(2)
		defer pool.Close()
		r, blocks := net.Runner(pool), net.Space.Blocks(archs[i])
		calibrate(r, blocks)
		return forward(r, blocks, supernet.Infer, 3, 1)
	}
	for i := range want {
		want[i] = run(i)
	}
	var wait sync.WaitGroup
	for i := range got {
		wait.Go(func() { got[i] = run(i) })
	}
	wait.Wait()
	for i := range got {
		if !sameBits(got[i], want[i]) {
			t.Errorf("runner %d gives other logits beside another", i)
		}
	}
}

// TestDropout changes the logits, not for rate 0, and not before it is drawn.
func TestDropout(t *testing.T) {
	net := newNet(t, everything)
	r := runner(t, 1, net.Runner)
	blocks := net.Space.Blocks(net.Space.Max())
	want := forward(r, blocks, supernet.Train, 8, 1)
	r.Dropout(0, nil)
	if !sameBits(r.Forward(), want) {
		t.Error("dropout of nothing changes the logits")
	}
	r.Dropout(0.5, newRand(1))
	if sameBits(r.Forward(), want) {
		t.Error("dropout does not change the logits")
	}
	if !sameBits(forward(r, blocks, supernet.Train, 8, 1), want) {
		t.Error("dropout outlives Bind")
	}
}

// TestSwitchingIsCheap: once the largest network has run, binding any sub-network makes no memory for activations.
func TestSwitchingIsCheap(t *testing.T) {
	net := newNet(t, everything)
	r := runner(t, 2, net.Runner)
	largest := net.Space.Blocks(net.Space.Max())
	widest := widestBlocks(t, net.Space)
	for range 2 {
		step(r, largest, 8, 1)
		step(r, widest, 8, 1)
	}
	for _, a := range sampleArchs(net.Space, 10) {
		blocks := net.Space.Blocks(a)
		if allocs := testing.AllocsPerRun(5, func() { r.Bind(blocks, 8, supernet.Train) }); allocs > 0 {
			t.Errorf("%s: binding allocates %g times", show(net.Space, a), allocs)
		}
	}
}

// widestBlocks is a network of the space with the most activation memory.
func widestBlocks(t testing.TB, s *supernet.Space) []supernet.Block {
	t.Helper()
	a, err := s.ParseArch([]byte(`{"ks":[7,7,5,5,0,5,5],"e":[3,3,0,0,0,4,4],"d":[2,2,2],"r":16}`))
	if err != nil {
		t.Fatal(err)
	}
	return s.Blocks(a)
}
