package standalone

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/trainer"
)

// weight makes a parameter with random values and gradients; every fifth value is large.
func weight(seed uint64, decay bool, shape ...int) *nn.Param {
	r := rand.New(rand.NewPCG(seed, 1))
	n := 1
	for _, s := range shape {
		n *= s
	}
	p := &nn.Param{Name: "w", Shape: shape, Data: make([]float32, n), Grad: make([]float32, n),
		Momentum: make([]float32, n), Decay: decay}
	for i := range p.Data {
		p.Data[i] = float32(r.NormFloat64() * 0.1)
		if i%5 == 0 {
			p.Data[i] *= 10
		}
	}
	return p
}

// draw gives new gradients.
func draw(p *nn.Param, r *rand.Rand) {
	for i := range p.Grad {
		p.Grad[i] = float32(r.NormFloat64())
	}
}

func mover(t *testing.T, o trainer.Optimizer, s Structure, params ...*nn.Param) *Mover {
	t.Helper()
	pool := nn.NewPool(2)
	t.Cleanup(pool.Close)
	m, err := NewMover(o, s, params, pool)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// plain is trainer.SSGD as the formulas say it, in float64: w² of every group, its mean over the
// layer,
// Nesterov momentum.
type plain struct {
	squared func(meanSquare float64) float64 // w² of a group
	decay   float64
	v       []float64
}

func (p *plain) step(w []float64, grad []float32, group []int, rate, momentum float64) {
	size, square := map[int]float64{}, map[int]float64{}
	for i, g := range group {
		size[g]++
		square[g] += w[i] * w[i]
	}
	mean := 0.0
	factor := map[int]float64{}
	for g := range size {
		factor[g] = p.squared(square[g] / size[g])
		mean += factor[g] / float64(len(size))
	}
	for i, g := range group {
		scaled := factor[g]/mean*float64(grad[i]) + p.decay*w[i]
		p.v[i] = momentum*p.v[i] + scaled
		w[i] -= rate * (scaled + momentum*p.v[i])
	}
}

// TestSSGDFormulas holds every measure, alone and in runs, against the formulas over twenty steps.
func TestSSGDFormulas(t *testing.T) {
	const rows, cols, eps = 13, 20, 0.3
	for name, c := range map[string]struct {
		scaling trainer.Scaling
		squared func(z float64) float64
	}{
		"log-l2": {trainer.Scaling{Measure: trainer.LogL2, Epsilon: eps, EpsilonEnd: eps,
			Absolute: true},
			func(z float64) float64 { return z + eps }},
		"log-l1": {trainer.Scaling{Measure: trainer.LogL1, Epsilon: eps, EpsilonEnd: eps,
			Absolute: true},
			func(z float64) float64 { return (math.Sqrt(z) + eps) * (math.Sqrt(z) + eps) }},
		"p-norm, half": {trainer.Scaling{Measure: trainer.PNorm, P: 0.5, Epsilon: eps,
			EpsilonEnd: eps,
			Absolute:   true}, func(z float64) float64 { return math.Pow(math.Sqrt(z)+eps, 1.5) }},
		"p-norm": {trainer.Scaling{Measure: trainer.PNorm, P: 0.7, Epsilon: eps, EpsilonEnd: eps,
			Absolute: true}, func(z float64) float64 { return math.Pow(math.Sqrt(z)+eps, 1.3) }},
	} {
		for _, run := range []int{1, 8} {
			t.Run(fmt.Sprintf("%s in runs of %d", name, run), func(t *testing.T) {
				p := weight(3, true, rows, cols)
				reference := &plain{squared: c.squared, decay: 0.01, v: make([]float64, rows*cols)}
				want, group := make([]float64, rows*cols), make([]int, rows*cols)
				for i, v := range p.Data {
					want[i] = float64(v)
					group[i] = i/cols*cols + i%cols/run
				}
				m := mover(t, trainer.Optimizer{Rule: trainer.SSGD, Momentum: 0.9,
					WeightDecay: 0.01,
					Scaling:     c.scaling}, Structure{Run: run}, p)
				r := rand.New(rand.NewPCG(5, 5))
				for range 20 {
					draw(p, r)
					reference.step(want, p.Grad, group, 0.01, 0.9)
					m.Step(0.01, 0)
				}
				for i, v := range p.Data {
					if math.Abs(float64(v)-want[i]) > 1e-5*math.Max(1, math.Abs(want[i])) {
						t.Fatalf("weight %d is %g, the formulas give %g", i, v, want[i])
					}
				}
			})
		}
	}
}

// TestSSGDChannels: all that belongs to a channel moves by one factor, the mean square of its
// weights, batch norm too.
func TestSSGDChannels(t *testing.T) {
	const n, eps = 6, 0.05
	columns, rows, scale := weight(1, true, 4, n), weight(2, true, n, 3), weight(3, false, n)
	c := weights.MiddleChannels{Block: "b", N: n, Members: []weights.ChannelMember{
		{Param: columns, Weight: true}, {Param: rows, First: true, Weight: true}, {Param: scale},
	}}
	var square [n]float64
	for ch := range n {
		for r := range 4 {
			square[ch] += math.Pow(float64(columns.Data[r*n+ch]), 2) / 7
		}
		for r := range 3 {
			square[ch] += math.Pow(float64(rows.Data[ch*3+r]), 2) / 7
		}
	}
	mean := 0.0
	for _, s := range square {
		mean += (s + eps) / n
	}
	before := [][]float32{append([]float32(nil), columns.Data...),
		append([]float32(nil), rows.Data...), append([]float32(nil), scale.Data...)}
	for i, p := range []*nn.Param{columns, rows, scale} {
		draw(p, rand.New(rand.NewPCG(uint64(i), 9)))
	}
	grads := [][]float32{append([]float32(nil), columns.Grad...),
		append([]float32(nil), rows.Grad...), append([]float32(nil), scale.Grad...)}
	m := mover(t, trainer.Optimizer{Rule: trainer.SSGD,
		Scaling: trainer.Scaling{Measure: trainer.LogL2, Epsilon: eps,
			EpsilonEnd: eps, Absolute: true}}, Structure{Channels: []weights.MiddleChannels{c}},
		columns, rows, scale)
	m.Step(0.1, 0)
	channel := []func(i int) int{func(i int) int { return i % n }, func(i int) int { return i / 3 },
		func(i int) int { return i }}
	for k, p := range []*nn.Param{columns, rows, scale} {
		for i, v := range p.Data {
			want := float64(before[k][i]) - 0.1*(square[channel[k](i)]+eps)/
				mean*float64(grads[k][i])
			if math.Abs(float64(v)-want) > 1e-5 {
				t.Errorf("tensor %d, value %d is %g, want %g", k, i, v, want)
			}
		}
	}
}

// TestSSGDIsSGD: with p = 2, or with an epsilon that no weight matters beside, trainer.SSGD is
// plain trainer.SGD to
// the bit.
func TestSSGDIsSGD(t *testing.T) {
	for name, s := range map[string]trainer.Scaling{
		"p = 2":               {Measure: trainer.PNorm, P: 2, Epsilon: 0.1, EpsilonEnd: 0.001},
		"huge epsilon, l2":    {Measure: trainer.LogL2, Epsilon: 1e30, EpsilonEnd: 1e30},
		"huge epsilon, l1":    {Measure: trainer.LogL1, Epsilon: 1e30, EpsilonEnd: 1e30},
		"huge epsilon, p = 1": {Measure: trainer.PNorm, P: 1, Epsilon: 1e30, EpsilonEnd: 1e30},
	} {
		for _, run := range []int{1, 16} {
			a, b := weight(7, true, 9, 33), weight(7, true, 9, 33)
			sgd := mover(t, trainer.Optimizer{Rule: trainer.SGD, Momentum: 0.9, WeightDecay: 1e-3},
				Structure{}, a)
			ssgd := mover(t, trainer.Optimizer{Rule: trainer.SSGD, Momentum: 0.9, WeightDecay: 1e-3,
				Scaling: s},
				Structure{Run: run}, b)
			r := rand.New(rand.NewPCG(1, 1))
			for i := range 10 {
				draw(a, r)
				copy(b.Grad, a.Grad)
				sgd.Step(0.1, float64(i)/10)
				ssgd.Step(0.1, float64(i)/10)
			}
			for i := range a.Data {
				if a.Data[i] != b.Data[i] {
					t.Fatalf("%s, runs of %d: weight %d is %g, with trainer.SGD %g", name, run, i,
						b.Data[i], a.Data[i])
				}
			}
		}
	}
}

// TestPowerpropagation: for small steps Powerpropagation is trainer.SSGD's p-norm-like measure with
// p =
// 2/α, no ε and no mean: dθ/dt = -α²·|θ|^(2-2/α)·∂J/∂θ.
func TestPowerpropagation(t *testing.T) {
	const steps, rate = 2000, 2e-5
	for _, alpha := range []float64{2, 2.5, 3, 4} {
		a, b := weight(11, true, 40), weight(11, true, 40)
		target := weight(12, true, 40)
		power := mover(t, trainer.Optimizer{Rule: trainer.Powerprop, Alpha: alpha}, Structure{}, a)
		ssgd := mover(t, trainer.Optimizer{Rule: trainer.SSGD,
			Scaling: trainer.Scaling{Measure: trainer.PNorm, P: 2 / alpha,
				Epsilon: 1e-12, EpsilonEnd: 1e-12, Absolute: true, Unnormalized: true}},
			Structure{}, b)
		moved := 0.0
		start := append([]float32(nil), a.Data...)
		for range steps {
			for i := range a.Data { // the gradient of half the squared distance to a target
				a.Grad[i], b.Grad[i] = a.Data[i]-target.Data[i], b.Data[i]-target.Data[i]
			}
			power.Step(rate, 0)
			ssgd.Step(rate*alpha*alpha, 0)
		}
		for i := range a.Data {
			moved = max(moved, math.Abs(float64(a.Data[i]-start[i])))
			if d := math.Abs(float64(a.Data[i] - b.Data[i])); d > 5e-4 {
				t.Errorf("alpha %g: weight %d is %g, on trainer.SSGD's path %g", alpha, i,
					a.Data[i],
					b.Data[i])
			}
		}
		if moved < 0.02 {
			t.Errorf("alpha %g: weights moved by %g only, which shows nothing", alpha, moved)
		}
	}
}

// TestMask: what is masked is zero and stays it, and counts for nothing in the mean.
func TestMask(t *testing.T) {
	p, few := weight(2, true, 5, 8), weight(2, true, 5, 4)
	gone := make([]bool, 40)
	for i := range gone {
		gone[i] = i%8 >= 4
		if !gone[i] {
			few.Data[i/8*4+i%8] = p.Data[i]
		}
	}
	o := trainer.Optimizer{Rule: trainer.SSGD, Momentum: 0.9,
		Scaling: trainer.Scaling{Measure: trainer.LogL1, Epsilon: 0.5,
			EpsilonEnd: 0.1}}
	m, alone := mover(t, o, Structure{}, p), mover(t, o, Structure{}, few)
	m.Mask(p, gone)
	r := rand.New(rand.NewPCG(4, 4))
	for step := range 5 {
		draw(p, r)
		for i := range gone {
			if !gone[i] {
				few.Grad[i/8*4+i%8] = p.Grad[i]
			}
		}
		m.Step(0.05, float64(step)/5)
		alone.Step(0.05, float64(step)/5)
	}
	for i, v := range p.Data {
		switch {
		case gone[i] && (v != 0 || p.Momentum[i] != 0):
			t.Errorf("masked weight %d is %g, momentum %g", i, v, p.Momentum[i])
		case !gone[i] && v != few.Data[i/8*4+i%8]:
			t.Errorf("weight %d is %g, in a layer without the masked ones %g", i, v,
				few.Data[i/8*4+i%8])
		}
	}
}

// TestMaskPartOfRun: a run of weights of which some are masked moves by the others, and a mask of
// another length is refused.
func TestMaskPartOfRun(t *testing.T) {
	p := weight(2, true, 5, 16)
	gone := make([]bool, 80)
	for i := range gone {
		gone[i] = i%8 < 3
	}
	before := slices.Clone(p.Data)
	draw(p, rand.New(rand.NewPCG(4, 4)))
	m := mover(t, trainer.Optimizer{Rule: trainer.SSGD,
		Scaling: trainer.Scaling{Measure: trainer.LogL2, Epsilon: 0.5,
			EpsilonEnd: 0.1}}, Structure{Run: 8}, p)
	m.Mask(p, gone)
	m.Step(0.05, 0)
	for i, v := range p.Data {
		if gone[i] && v != 0 || !gone[i] && v == before[i] {
			t.Errorf("weight %d is %g, was %g, and gone is %v", i, v, before[i], gone[i])
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a mask of another length is taken")
		}
	}()
	m.Mask(p, gone[1:])
}

// TestL1 is the proximal step: a weight whose gradient is zero shrinks by rate times lambda, and
// stops at zero.
func TestL1(t *testing.T) {
	p := &nn.Param{Shape: []int{4}, Data: []float32{1, -1, 0.01, -0.005}, Grad: make([]float32, 4),
		Momentum: make([]float32, 4), Decay: true}
	mover(t, trainer.Optimizer{Rule: trainer.L1, Lambda: 0.2}, Structure{}, p).Step(0.1, 0)
	for i, want := range []float32{0.98, -0.98, 0, 0} {
		if math.Abs(float64(p.Data[i]-want)) > 1e-7 {
			t.Errorf("weight %d is %g, want %g", i, p.Data[i], want)
		}
	}
}

// TestPlainParameters: batch norm and biases move as with plain trainer.SGD, whatever the rule.
func TestPlainParameters(t *testing.T) {
	for _, rule := range []trainer.Optimizer{
		{Rule: trainer.SSGD, Momentum: 0.9, WeightDecay: 0.1, Lambda: 0.1,
			Scaling: trainer.Scaling{Measure: trainer.LogL2,
				Epsilon: 0.1, EpsilonEnd: 0.1}},
		{Rule: trainer.L1, Momentum: 0.9, WeightDecay: 0.1, Lambda: 0.1}, {Rule: trainer.Powerprop,
			Momentum:    0.9,
			WeightDecay: 0.1, Alpha: 2},
	} {
		a, b := weight(1, false, 10), weight(1, false, 10)
		draw(a, rand.New(rand.NewPCG(1, 1)))
		copy(b.Grad, a.Grad)
		mover(t, rule, Structure{}, a).Step(0.1, 0.5)
		mover(t, trainer.Optimizer{Momentum: 0.9}, Structure{}, b).Step(0.1, 0.5)
		for i := range a.Data {
			if a.Data[i] != b.Data[i] {
				t.Errorf("%s: value %d is %g, with trainer.SGD %g", rule.Rule, i, a.Data[i],
					b.Data[i])
			}
		}
	}
}

func TestOptimizerRefuses(t *testing.T) {
	pool := nn.NewPool(1)
	defer pool.Close()
	for name, o := range map[string]trainer.Optimizer{
		"rule": {Rule: "adam"},
		"measure": {Rule: trainer.SSGD, Scaling: trainer.Scaling{Measure: "l0", Epsilon: 1,
			EpsilonEnd: 1}},
		"epsilon": {Rule: trainer.SSGD, Scaling: trainer.Scaling{Measure: trainer.LogL2, Epsilon: 0,
			EpsilonEnd: 1}},
		"end": {Rule: trainer.SSGD, Scaling: trainer.Scaling{Measure: trainer.LogL2, Epsilon: 1,
			EpsilonEnd: math.NaN()}},
		"p": {Rule: trainer.SSGD, Scaling: trainer.Scaling{Measure: trainer.PNorm, P: 2.5,
			Epsilon:    1,
			EpsilonEnd: 1}},
		"p of l2": {Rule: trainer.SSGD, Scaling: trainer.Scaling{Measure: trainer.LogL2, P: 1,
			Epsilon:    1,
			EpsilonEnd: 1}},
		"alpha":     {Rule: trainer.Powerprop},
		"momentum":  {Momentum: 1},
		"lambda":    {Rule: trainer.L1, Lambda: -1},
		"infinite":  {Rule: trainer.L1, Lambda: math.Inf(1)},
		"undefined": {WeightDecay: math.NaN()},
	} {
		if _, err := NewMover(o, Structure{}, nil, pool); !errors.Is(err, trainer.ErrConfig) {
			t.Errorf("%s: %v, want ErrConfig", name, err)
		}
	}
}
