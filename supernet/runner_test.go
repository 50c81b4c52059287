package supernet_test

import (
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/supernet"
)

// TestStepOnAnyWorkers: two sub-networks forward and backward, then calibration and inference, give
// the same bits on 1 to 4 workers.
func TestStepOnAnyWorkers(t *testing.T) {
	for _, text := range netTexts {
		var want map[string][]float32
		for workers := 1; workers <= 4; workers++ {
			net := newNet(t, text)
			r := runner(t, workers, net)
			small, large := net.Space.Blocks(net.Space.Random(newRand(8))),
				net.Space.Blocks(net.Space.Max())
			got := map[string][]float32{}
			got["small logits"] = step(r, small, 11, 1)
			got["large logits"] = step(r, large, 5, 2)
			for name, g := range gradients(net) {
				got["gradient of "+name] = g
			}
			calibrate(r, small)
			got["inference"] = forward(r, small, nn.Infer, 3, 4)
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
	return slices.EqualFunc(a, b,
		func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}

// TestInferenceOfOneImage: an image's logits do not depend on the batch it is in.
func TestInferenceOfOneImage(t *testing.T) {
	eachNet(t, func(t *testing.T, net *supernet.Supernet) {
		r := runner(t, 2, net)
		blocks := net.Space.Blocks(net.Space.Max())
		calibrate(r, blocks)
		const n = 5
		batch, size, classes := images(blocks, n, 9), blocks[0].In.Len(), net.Space.Classes
		all := forward(r, blocks, nn.Infer, n, 9)
		r.Bind(blocks, 1, nn.Infer)
		for i := range n {
			copy(r.Input(), batch[i*size:])
			if !sameBits(r.Forward(), all[i*classes:][:classes]) {
				t.Errorf("image %d alone has other logits than in the batch", i)
			}
		}
	})
}

// TestRebindContinuesACalibration: statistics of batches of 9 and 4 images are the weighted
// averages of both.
func TestRebindContinuesACalibration(t *testing.T) {
	net := newNet(t, everything)
	r := runner(t, 1, net)
	blocks := net.Space.Blocks(net.Space.Min())
	// of the stem, whose input is the same in every calibration
	statistics := func() (all []float32) {
		for _, tensor := range r.Extract(blocks, net.Space.BNEps).Tensors() {
			if tensor.Name == "stem.bn.mean" || tensor.Name == "stem.bn.var" {
				all = append(all, tensor.Data...)
			}
		}
		return all
	}
	alone := func(n int, seed uint64) []float32 {
		forward(r, blocks, nn.Calibrate, n, seed)
		r.FinishCalibration()
		return statistics()
	}
	first, second := alone(9, 1), alone(4, 2)
	calibrate(r, blocks)
	for i, got := range statistics() {
		want := (9*float64(first[i]) + 4*float64(second[i])) / 13
		if math.Abs(float64(got)-want) > 1e-5*(1+math.Abs(want)) {
			t.Errorf("statistic %d is %g, want %g", i, got, want)
		}
	}
	if len(first) != 2*blocks[0].Out.C {
		t.Errorf("the stem has %d statistics", len(first))
	}
}

// TestRunnersAtOnce: two runners infer with the same weights at the same time, each with its own
// statistics.
func TestRunnersAtOnce(t *testing.T) {
	net := newNet(t, everything)
	var want, got [2][]float32
	archs := []supernet.Arch{net.Space.Min(), net.Space.Max()}
	run := func(i int) []float32 {
		pool := nn.NewPool(2)
		defer pool.Close()
		r, blocks := engine.NewRunner(net, pool), net.Space.Blocks(archs[i])
		calibrate(r, blocks)
		return forward(r, blocks, nn.Infer, 3, 1)
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
	r := runner(t, 1, net)
	blocks := net.Space.Blocks(net.Space.Max())
	want := forward(r, blocks, nn.Train, 8, 1)
	r.Dropout(0, nil)
	if !sameBits(r.Forward(), want) {
		t.Error("dropout of nothing changes the logits")
	}
	r.Dropout(0.5, newRand(1))
	if sameBits(r.Forward(), want) {
		t.Error("dropout does not change the logits")
	}
	if !sameBits(forward(r, blocks, nn.Train, 8, 1), want) {
		t.Error("dropout outlives Bind")
	}
}

// TestSwitchingIsCheap: once the largest network has run, binding any sub-network makes no memory
// for activations.
func TestSwitchingIsCheap(t *testing.T) {
	net := newNet(t, everything)
	r := runner(t, 2, net)
	largest := net.Space.Blocks(net.Space.Max())
	widest := widestBlocks(t, net.Space)
	for range 2 {
		step(r, largest, 8, 1)
		step(r, widest, 8, 1)
	}
	for _, a := range sampleArchs(net.Space, 10) {
		blocks := net.Space.Blocks(a)
		if allocs := testing.AllocsPerRun(5,
			func() { r.Bind(blocks, 8, nn.Train) }); allocs > 0 {
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
