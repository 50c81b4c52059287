package reference_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tailor-nas/tailor/internal/nn"
	"github.com/tailor-nas/tailor/internal/reference"
)

func TestDropout(t *testing.T) {
	const n, c, rate = 50, 400, 0.3
	pool := nn.NewPool(1)
	defer pool.Close()
	g := reference.NewGraph(pool)
	var d reference.Dropout
	g.Begin(n, reference.Train)
	x := g.Tensor(1, 1, c, reference.Outer0)
	d.Bind(g, x)
	g.End()
	set := func(v float32) {
		for i := range g.Data(x) {
			g.Data(x)[i], g.Grad(x)[i] = v, v
		}
	}
	set(2)
	d.Forward()
	for _, v := range g.Data(x) {
		if v != 2 {
			t.Fatal("dropout without a mask changed a value")
		}
	}
	d.Draw(rate, rand.New(rand.NewPCG(1, 1)))
	d.Forward()
	d.Backward()
	dropped := 0
	for i, v := range g.Data(x) {
		if g.Grad(x)[i] != v {
			t.Fatalf("value %d: forward gives %g, backward %g", i, v, g.Grad(x)[i])
		}
		if v == 0 {
			dropped++
		} else {
			near(t, "kept value", v, 2/(1-rate), 1e-6)
		}
	}
	share, deviation := float64(dropped)/(n*c), math.Sqrt(rate*(1-rate)/(n*c))
	if math.Abs(share-rate) > 4*deviation {
		t.Errorf("%.4f of the values were dropped, want %g", share, rate)
	}
	d.Draw(0, nil)
	set(3)
	d.Forward()
	if g.Data(x)[0] != 3 || g.Data(x)[n*c-1] != 3 {
		t.Error("rate 0 does not switch dropout off")
	}
}
