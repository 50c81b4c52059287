package nn_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tailor-nas/tailor/internal/kernel"
	"github.com/tailor-nas/tailor/internal/nn"
)

// chain is a small network with everything that units can do: a stem whose output a shortcut adds,
// a block without expand convolution, elastic widths, both strides, kernels smaller than the full
// one, with and without transforms, shortcuts one after the other, squeeze-and-excitation, every
// activation, pooling, features, dropout and a classifier.
type chain struct {
	params  nn.Params
	graph   *nn.Graph
	stem    *nn.Unit
	blocks  []block
	last    *nn.Unit
	pool    *nn.Pool2D
	mix     *nn.Linear
	dropout nn.Dropout
	linear  *nn.Linear
	input   []float32
	logits  *nn.Vector
}

type block struct {
	expand, depthwise, project *nn.Unit
	mid, out, side, hidden     int
	skip                       bool
}

const (
	chainSide, chainChannels = 11, 3
	chainClasses             = 5
)

func newChain(pool *nn.Pool) *chain {
	c := &chain{params: nn.Params{Train: true}, graph: nn.NewGraph(pool)}
	p := &c.params
	c.stem = nn.NewDense(p, "stem", 3, 2, chainChannels, 8, nn.HSwish, 1e-5)
	add := func(name string, in, fullMid, mid, fullOut, out, stride, side int, kernels []int,
		transforms bool, fullHidden, hidden int, act nn.Act, expand, skip bool) {
		b := block{mid: mid, out: out, side: side, hidden: hidden, skip: skip}
		if expand {
			b.expand = nn.NewPointwise(p, name+".expand", in, fullMid, nil, act, 1e-3)
		}
		b.depthwise = nn.NewDepthwise(p, name+".depthwise", kernels, stride, fullMid, transforms,
			act, 1e-5)
		var se *nn.SE
		if fullHidden > 0 {
			seAct, gate := excitation(act)
			se = nn.NewSE(p, name+".se", fullMid, fullHidden, seAct, gate)
		}
		b.project = nn.NewPointwise(p, name+".project", fullMid, fullOut, se, nn.Identity, 1e-5)
		c.blocks = append(c.blocks, b)
	}
	add("a", 8, 8, 8, 8, 8, 1, 3, []int{3}, false, 0, 0, nn.ReLU, false, true)
	add("b", 8, 40, 20, 12, 12, 2, 5, []int{3, 5, 7}, true, 12, 7, nn.HSwish, true, false)
	add("c", 12, 40, 17, 12, 12, 1, 3, []int{3, 5, 7}, true, 12, 5, nn.SiLU, true, true)
	add("d", 12, 24, 24, 12, 12, 1, 5, []int{5, 7}, false, 0, 0, nn.ReLU6, true, true)
	c.last = nn.NewPointwise(p, "last", 12, 20, nil, nn.HSwish, 1e-5)
	c.pool = nn.NewPool2D()
	c.mix = nn.NewLinear(p, "mix", 20, 18, false, nn.SiLU)
	c.linear = nn.NewLinear(p, "classifier", 18, chainClasses, true, nn.Identity)
	p.Init(3)
	r := rand.New(rand.NewPCG(9, 9))
	for _, w := range p.List {
		for i := range w.Data {
			w.Data[i] += float32(r.NormFloat64() * 0.1)
		}
	}
	return c
}

// excitation is what squeeze-and-excitation has beside blocks with an activation: EfficientNet's
// beside silu, MobileNetV3's beside others.
func excitation(act nn.Act) (hidden, gate nn.Act) {
	if act == nn.SiLU {
		return nn.SiLU, nn.Sigmoid
	}
	return nn.ReLU, nn.HSigmoid
}

// chainPads are the zeros around the input of a depthwise convolution: those of block b, which has
// a stride of 2, are uneven, as in TensorFlow.
func chainPads(u *nn.Unit, side int) nn.Pads {
	before, after := side/2, side/2
	if u.Weight().Name == "b.depthwise.weight" {
		before--
	}
	return nn.Pads{Top: before, Bottom: after, Left: before, Right: after}
}

func (c *chain) bind(n int, mode nn.Mode) {
	g := c.graph
	g.Begin(n, mode)
	c.input = g.Input(chainSide, chainSide, chainChannels)
	c.stem.BindStem(g, c.input, chainSide, chainSide, chainChannels, 8, nn.Pads{Top: 1, Bottom: 1,
		Left: 1, Right: 1}, nn.Outer0)
	u := c.stem
	for i, b := range c.blocks {
		first := u
		if b.expand != nil {
			b.expand.BindPointwise(g, u, b.mid, 0, nn.Inner0)
			u = b.expand
		}
		b.depthwise.BindDepthwise(g, u, b.side, chainPads(b.depthwise, b.side), nn.Inner1)
		b.project.BindPointwise(g, b.depthwise, b.out, b.hidden, nn.Outer0+nn.Slot((i+1)&1))
		if u = b.project; b.skip {
			u.AddSkip(first)
		}
	}
	c.last.BindPointwise(g, u, 20, 0, nn.Outer0+nn.Slot((len(c.blocks)+1)&1))
	v := c.mix.Bind(g, c.pool.Bind(g, c.last))
	c.dropout.Bind(g, v)
	c.logits = c.linear.Bind(g, v)
	g.End()
}

func (c *chain) units() []*nn.Unit {
	u := []*nn.Unit{c.stem}
	for _, b := range c.blocks {
		if b.expand != nil {
			u = append(u, b.expand)
		}
		u = append(u, b.depthwise, b.project)
	}
	return append(u, c.last)
}

func (c *chain) forward() []float32 {
	for _, u := range c.units() {
		u.Forward()
	}
	c.pool.Forward()
	c.mix.Forward()
	c.dropout.Forward()
	c.linear.Forward()
	return c.logits.Data
}

func (c *chain) backward() {
	c.linear.Backward()
	c.dropout.Backward()
	c.mix.Backward()
	c.pool.Backward()
	u := c.units()
	for i := len(u) - 1; i >= 0; i-- {
		u[i].Backward()
	}
	c.graph.Finish()
}

func fill(r *rand.Rand, v []float32) {
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
}

// step runs the chain forward and backward and gives the bits of all that comes out.
func step(workers, n int) []uint32 {
	pool := nn.NewPool(workers)
	defer pool.Close()
	c := newChain(pool)
	c.bind(n, nn.Train)
	r := rand.New(rand.NewPCG(5, 6))
	fill(r, c.input)
	out := append([]float32(nil), c.forward()...)
	fill(r, c.logits.Grad)
	c.backward()
	for _, p := range c.params.List {
		out = append(out, p.Grad...)
	}
	bits := make([]uint32, len(out))
	for i, v := range out {
		bits[i] = math.Float32bits(v)
	}
	return bits
}

func TestSameBitsOnAnyWorkers(t *testing.T) {
	for _, n := range []int{1, 3, 11, 33} {
		want := step(1, n)
		for workers := 2; workers <= 4; workers++ {
			for i, b := range step(workers, n) {
				if b != want[i] {
					t.Fatalf("batch of %d: %d workers give other bits than 1, first at value %d", n,
						workers, i)
				}
			}
		}
	}
}

// TestInstructionSetsAgree compares a whole step with each instruction set with the portable one.
func TestInstructionSetsAgree(t *testing.T) {
	run := func(i kernel.ISA) []uint32 {
		restore, err := kernel.Use(i)
		if err != nil {
			return nil
		}
		defer restore()
		return step(2, 9)
	}
	want := run(kernel.Portable)
	var most float64
	for _, v := range want {
		most = max(most, math.Abs(float64(math.Float32frombits(v))))
	}
	for _, isa := range kernel.ISAs[1:] {
		for i, b := range run(isa) {
			got, w := float64(math.Float32frombits(b)), float64(math.Float32frombits(want[i]))
			if math.Abs(got-w) > 1e-5*most {
				t.Fatalf("%v: value %d is %g, portable %g", isa, i, got, w)
			}
		}
	}
}

// TestSteadyStepAllocatesNothing runs the largest network once and then switches between it and
// another batch size.
func TestSteadyStepAllocatesNothing(t *testing.T) {
	pool := nn.NewPool(2)
	defer pool.Close()
	c := newChain(pool)
	units := c.units()
	once := func(n int) {
		c.bind(n, nn.Train)
		for _, u := range units {
			u.Forward()
		}
		c.pool.Forward()
		c.mix.Forward()
		c.linear.Forward()
		c.linear.Backward()
		c.mix.Backward()
		c.pool.Backward()
		for i := len(units) - 1; i >= 0; i-- {
			units[i].Backward()
		}
	}
	once(16)
	once(16)
	// The runtime now and then allocates for a worker that waits long: what the step allocates, it
	// does in every attempt.
	least := math.Inf(1)
	for range 5 {
		least = min(least, testing.AllocsPerRun(5, func() { once(16); once(9) }))
	}
	if least > 0 {
		t.Errorf("a steady step allocates %g times", least)
	}
}

// TestModesAgree compares batch statistics with the same ones recorded and used.
func TestModesAgree(t *testing.T) {
	pool := nn.NewPool(2)
	defer pool.Close()
	c := newChain(pool)
	r := rand.New(rand.NewPCG(7, 7))
	images := make([]float32, 10*chainSide*chainSide*chainChannels)
	fill(r, images)
	logits := map[nn.Mode][]float32{}
	for _, mode := range []nn.Mode{nn.Train, nn.Calibrate, nn.Infer} {
		c.bind(10, mode)
		if mode == nn.Calibrate {
			for _, u := range c.units() {
				u.BN.ResetStatistics()
			}
		}
		copy(c.input, images)
		logits[mode] = append([]float32(nil), c.forward()...)
		if mode == nn.Calibrate {
			for _, u := range c.units() {
				u.BN.FinishStatistics()
			}
		}
	}
	for i, want := range logits[nn.Train] {
		for _, mode := range []nn.Mode{nn.Calibrate, nn.Infer} {
			if d := math.Abs(float64(logits[mode][i] - want)); d > 1e-4 {
				t.Errorf("mode %d, logit %d is %g, in training %g", mode, i, logits[mode][i], want)
			}
		}
	}
}

// TestOneImageOnManyWorkers compares inference on one image, whose rows are split, with one
// worker's.
func TestOneImageOnManyWorkers(t *testing.T) {
	var want []float32
	for _, workers := range []int{1, 2, 3, 8} {
		pool := nn.NewPool(workers)
		c := newChain(pool)
		c.bind(1, nn.Infer)
		fill(rand.New(rand.NewPCG(8, 8)), c.input)
		for range 2 {
			got := c.forward()
			if want == nil {
				want = append(want, got...)
			}
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("%d workers: logit %d is %g, with one worker %g", workers, i, got[i],
						want[i])
				}
			}
		}
		pool.Close()
	}
}
