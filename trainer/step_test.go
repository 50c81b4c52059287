package trainer

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/internal/data"
	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// oneBatch is 16 images of the micro data.
func oneBatch(t *testing.T) *data.Batch {
	t.Helper()
	d, err := data.Open("synthetic", data.Options{Size: 16, Train: 40, Test: 10})
	if err != nil {
		t.Fatal(err)
	}
	l, err := data.NewLoader(d.Train, 16, 3, data.LoaderConfig{Batch: 16})
	if err != nil {
		t.Fatal(err)
	}
	for b, err := range l.Epoch(context.Background(), 0, 0) {
		if err != nil {
			t.Fatal(err)
		}
		return &data.Batch{N: b.N, Size: b.Size, Channels: b.Channels, X: slices.Clone(b.X),
			Labels: slices.Clone(b.Labels)}
	}
	t.Fatal("no batch")
	return nil
}

// TestStepSumsGradients compares a sandwich step with its networks taken one by one: the gradient
// must be that of the largest network plus β times those of the students against the largest one's
// softmax.
func TestStepSumsGradients(t *testing.T) {
	const beta, tau = 0.3, 2.0
	c := changed(t, func(c *Config) {
		c.Batch, c.Temperature, c.Seed, c.WeightDecay = 16, tau, 3,
			1e-9
	})
	b := oneBatch(t)
	space := micro(t)
	lessons := sandwich(c, space, 11)
	for i := range lessons[1:] {
		lessons[1+i].answers = beta
	}
	pool := nn.NewPool(2)
	defer pool.Close()

	net := supernet.New(space, 5)
	s := newStepper(c, net, pool)
	s.step(t.Context(), 11, b, lessons, 0)
	got := gradients(net)

	want := make([][]float64, len(got))
	one := supernet.New(space, 5)
	o := newStepper(c, one, pool)
	add := func(weight float64) {
		for i, g := range gradients(one) {
			if want[i] == nil {
				want[i] = make([]float64, len(g))
			}
			for k, v := range g {
				want[i][k] += weight * float64(v)
			}
		}
	}
	o.step(t.Context(), 11, b, lessons[:1], 0)
	add(1)
	teacher := slices.Clone(o.teacher)
	for _, l := range lessons[1:] {
		o.zeroGradients()
		logits := o.forward(l.arch, b, noDropout)
		nn.CrossEntropy(o.run.LogitGrad(), logits, teacher, 10, tau, 1)
		o.run.Backward()
		add(beta * tau * tau)
	}
	// Where a gradient's summands cancel, as in front of batch norm, what is left is their
	// rounding: that of the largest gradient in float32.
	rounding := largest(want...) / (1 << 24)
	for i, p := range weights.Params(net) {
		var diff float64
		for k, v := range got[i] {
			diff = max(diff, math.Abs(float64(v)-want[i][k]))
		}
		if norm := largest(want[i]); diff > 1e-5*norm+rounding {
			t.Errorf("%s: summed gradient differs by %g of %g", p.Name, diff, norm)
		}
	}
}

// largest is the largest absolute value of all.
func largest(lists ...[]float64) (most float64) {
	for _, v := range slices.Concat(lists...) {
		most = max(most, math.Abs(v))
	}
	return most
}

func gradients(net *supernet.Supernet) [][]float32 {
	var all [][]float32
	for _, p := range weights.Params(net) {
		all = append(all, slices.Clone(p.Grad))
	}
	return all
}

func TestSandwich(t *testing.T) {
	space := micro(t)
	c := changed(t, func(c *Config) { c.Networks, c.Seed = 5, 1 })
	archs := func(c Config, step int) (all []supernet.Arch) {
		s := schedule{steps: 100, shrinkFrom: 10, fullRateFrom: 10}
		for _, l := range (curriculum{c, space, s}).at(step) {
			all = append(all, l.arch)
		}
		return all
	}
	if got := archs(c, 9); !slices.Equal(got, []supernet.Arch{space.Max()}) {
		t.Errorf("%d networks before shrinking, want the largest", len(got))
	}
	a, b, later := archs(c, 10), archs(c, 10), archs(c, 11)
	if len(a) != 5 || a[0] != space.Max() || a[1] != space.Min() {
		t.Fatalf("%d networks, want the largest, the smallest and 3 others", len(a))
	}
	if !slices.Equal(a, b) {
		t.Error("the same step draws other networks")
	}
	if slices.Equal(a[2:], later[2:]) {
		t.Error("another step draws the same networks")
	}
	c.Seed = 2
	if slices.Equal(a[2:], archs(c, 10)[2:]) {
		t.Error("another seed draws the same networks")
	}
	c.Resolution = BatchResolution
	for _, one := range archs(c, 10) {
		if one.Resolution != archs(c, 10)[0].Resolution {
			t.Error("networks of a step have several resolutions")
		}
	}
}
