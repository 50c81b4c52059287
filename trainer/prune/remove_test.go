package prune

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"

	"github.com/tailor-nas/tailor/internal/engine"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// TestGlobalIsSorting: the weights that the global criterion removes are the smallest of all
// layers, as a plain sort finds them.
func TestGlobalIsSorting(t *testing.T) {
	net := published(t, "lenet-300-100", 5)
	c := Defaults(Magnitude, supernet.Weights)
	c.Criterion = Global
	r := newRemover(net, c, nil)
	r.dead = nil
	for _, share := range []float64{0.3, 0.31, 0.9, 0.95} {
		r.update(share, 0)
		var sizes []float64
		for _, m := range weights.Matrices(published(t, "lenet-300-100", 5)) {
			for _, v := range m.Param.Data {
				sizes = append(sizes, math.Abs(float64(v)))
			}
		}
		sort.Float64s(sizes)
		number := int(share*float64(len(sizes)) + 0.5)
		if gone := r.total - r.left(); gone != number {
			t.Errorf("%g: %d weights are gone, want %d", share, gone, number)
		}
		for _, l := range r.layers {
			m := l.(*matrix)
			for i, g := range m.gone {
				v := math.Abs(float64(m.param.Data[i]))
				if !g && v < sizes[number] || g && v != 0 {
					t.Fatalf("%g: weight %d of %s is %g and gone is %v, the limit is %g", share, i,
						m.name, v, g, sizes[number])
				}
			}
		}
	}
}

func published(t *testing.T, name string, seed uint64) *supernet.Subnet {
	t.Helper()
	blocks, err := supernet.Published(name)
	if err != nil {
		t.Fatal(err)
	}
	net, err := supernet.NewSubnet(blocks, 1e-5, seed)
	if err != nil {
		t.Fatal(err)
	}
	weights.EnableTraining(net)
	return net
}

// TestLAMP holds the score against its definition, summed for each weight anew.
func TestLAMP(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	score := make([]float64, 50)
	for i := range score {
		score[i] = math.Abs(r.NormFloat64())
	}
	for i, got := range lamp(score) {
		sum := 0.0
		for _, s := range score {
			if s >= score[i] {
				sum += s * s
			}
		}
		if want := score[i] * score[i] / sum; math.Abs(got-want) > 1e-12 {
			t.Errorf("score %d is %g, want %g", i, got, want)
		}
	}
}

func TestKth(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for n := 1; n < 60; n++ {
		v := make([]float64, n)
		for i := range v {
			v[i] = float64(r.IntN(10)) // many are equal
		}
		sorted := slices.Sorted(slices.Values(v))
		for k := range n {
			if got := kth(slices.Clone(v), k); got != sorted[k] {
				t.Fatalf("of %v at %d: %g, want %g", sorted, k, got, sorted[k])
			}
		}
	}
}

// TestLayerCriterion: every layer loses the share, the classifier half of it.
func TestLayerCriterion(t *testing.T) {
	net := published(t, "lenet-5-caffe", 2)
	c := Defaults(Magnitude, supernet.Weights)
	c.Criterion = Layer
	r := newRemover(net, c, nil)
	r.dead = nil
	r.update(0.8, 0)
	for i, l := range r.layers {
		gone := 0
		for _, g := range r.gone[i] {
			if g {
				gone++
			}
		}
		want := 0.8
		if l.block() == "fc2" {
			want = 0.4
		}
		if got := float64(gone) / float64(l.units()); math.Abs(got-want) > 0.002 {
			t.Errorf("%s: %.4f of the weights are gone, want %g", l.block(), got, want)
		}
	}
}

// TestShares: what was chosen for each block beforehand is what each loses.
func TestShares(t *testing.T) {
	net := published(t, "lenet-300-100", 2)
	c := Defaults(Magnitude, supernet.Weights)
	c.Sparsity = 0.7
	shares := map[string]float64{"fc1": 0.9, "fc2": 0.5}
	r := newRemover(net, c, shares)
	r.dead = nil
	for _, part := range []float64{0.5, 1} {
		r.update(part*c.Sparsity, 0)
		for i, l := range r.layers {
			want := int(part*shares[l.block()]*float64(l.units()) + 0.5)
			if got := count(r.gone[i]); got != want {
				t.Errorf("%s at %g: %d are gone, want %d", l.block(), part, got, want)
			}
		}
	}
}

func count(gone []bool) (n int) {
	for _, g := range gone {
		if g {
			n++
		}
	}
	return n
}

// TestDeadUnits: taking away what no longer matters changes no output, and leaves no unit that
// nothing reads or that reads nothing.
func TestDeadUnits(t *testing.T) {
	for _, name := range []string{"lenet-300-100", "lenet-5-caffe"} {
		net := published(t, name, 7)
		random := rand.New(rand.NewPCG(1, 1))
		for _, p := range weights.Params(net) {
			for i := range p.Data {
				if !p.Decay {
					// biases, some of which ReLU takes to zero
					p.Data[i] = float32(random.NormFloat64())
				}
			}
		}
		c := Defaults(Magnitude, supernet.Weights)
		c.Criterion, c.Sparsity = Layer, 0.985
		r := newRemover(net, c, nil)
		dead := r.dead
		r.dead = nil
		r.update(0.985, 0)
		want := logits(net)
		before := r.left()
		r.dead = dead
		r.apply()
		if r.left() >= before {
			t.Errorf("%s: nothing was dead", name)
		}
		got := logits(net)
		for i := range got {
			if math.Abs(float64(got[i]-want[i])) > 1e-4*math.Max(1, math.Abs(float64(want[i]))) {
				t.Fatalf("%s: output %d is %g, was %g", name, i, got[i], want[i])
			}
		}
		for _, k := range dead.links {
			for ch := range k.channels {
				read, made := false, false
				k.reads(ch, func(i int) { read = read || k.second.param.Data[i] != 0 })
				k.gives(ch, func(i int) { made = made || k.first.param.Data[i] != 0 })
				if read != made {
					t.Errorf("%s: a channel of %s is read %v, made %v", name, k.first.name, read,
						made)
				}
			}
		}
	}
}

// logits of ten random images.
func logits(net *supernet.Subnet) []float32 {
	pool := nn.NewPool(1)
	defer pool.Close()
	run := engine.NewRunner(net, pool)
	run.Bind(net.Blocks, 10, nn.Infer)
	r := rand.New(rand.NewPCG(8, 8))
	for i := range run.Input() {
		run.Input()[i] = float32(r.NormFloat64())
	}
	return slices.Clone(run.Forward())
}

// TestCut: a network without the channels that are gone gives what the one with zeros in their
// place gives.
func TestCut(t *testing.T) {
	d := synthetic(t, 24)
	net := tiny(t, d)
	weights.EnableTraining(net)
	c := Defaults(SSGD, supernet.Channels)
	c.Sparsity = 0.5
	r := newRemover(net, c, nil)
	r.update(0.5, 0)
	want := logits(net)
	narrow, err := r.cut(net)
	if err != nil {
		t.Fatal(err)
	}
	got := logits(narrow)
	for i := range got {
		if math.Abs(float64(got[i]-want[i])) > 1e-4*math.Max(1, math.Abs(float64(want[i]))) {
			t.Fatalf("output %d is %g, was %g", i, got[i], want[i])
		}
	}
}

// TestSchedule: the cubic curve and the rate at some points.
func TestSchedule(t *testing.T) {
	c := Config{Sparsity: 0.8, Begin: 0.2, End: 0.6, LR: 0.1, Hold: 0.5}
	for part, want := range map[float64]float64{0: 0, 0.2: 0, 0.4: 0.7, 0.6: 0.8, 1: 0.8} {
		if got := c.share(part); math.Abs(got-want) > 1e-12 {
			t.Errorf("at %g the share is %g, want %g", part, got, want)
		}
	}
	for part, want := range map[float64]float64{0: 0.1, 0.5: 0.1, 0.75: 0.05, 1: 0} {
		if got := c.rate(part); math.Abs(got-want) > 1e-12 {
			t.Errorf("at %g the rate is %g, want %g", part, got, want)
		}
	}
	c.Regrow = 0.4
	for part, want := range map[float64]float64{0: 0.4, 0.3: 0.2, 0.6: 0, 1: 0} {
		if got := c.exchange(part); math.Abs(got-want) > 1e-12 {
			t.Errorf("at %g the share exchanged is %g, want %g", part, got, want)
		}
	}
}
