package prune

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// TestFisherIsSorting: what goes are the weights of which the square, times a running mean of
// squared gradients, is smallest: computed here in float64 and sorted plainly.
func TestFisherIsSorting(t *testing.T) {
	net := published(t, "lenet-300-100", 5)
	c := Defaults(Magnitude, supernet.Weights)
	c.Criterion = Fisher
	r := newRemover(net, c, nil)
	r.dead = nil
	r.watch()
	random := rand.New(rand.NewPCG(1, 1))
	mean := make([][]float64, len(r.layers))
	for range 5 {
		for i, l := range r.layers {
			p := l.(*matrix).param
			if mean[i] == nil {
				mean[i] = make([]float64, len(p.Data))
			}
			for j := range p.Grad {
				g := random.NormFloat64() * math.Exp(random.NormFloat64())
				p.Grad[j] = float32(g)
				mean[i][j] = 0.99*mean[i][j] + 0.01*g*g
			}
		}
		r.fisher.observe()
	}
	var all []float64
	costs := make([][]float64, len(r.layers))
	for i, l := range r.layers {
		for j, w := range l.(*matrix).param.Data {
			costs[i] = append(costs[i], float64(w)*float64(w)*mean[i][j])
		}
		all = append(all, costs[i]...)
	}
	slices.Sort(all)
	r.update(0.9, 0)
	limit := all[int(0.9*float64(len(all))+0.5)]
	for i, l := range r.layers {
		for j, gone := range l.(*matrix).gone {
			if cost := costs[i][j]; gone != (cost < limit) && math.Abs(cost/limit-1) > 1e-4 {
				t.Fatalf("weight %d of %s costs %g and gone is %v, the limit is %g", j,
					l.(*matrix).name, cost, gone, limit)
			}
		}
	}
}

// TestFisherResumes: a run that compares weights by their gradients, and exchanges some, is
// interrupted while weights go, and goes on to the same weights.
func TestFisherResumes(t *testing.T) {
	d := synthetic(t, 24)
	for _, k := range []supernet.Structure{supernet.Weights, supernet.Vectors16,
		supernet.Channels} {
		job := Job{Net: tiny(t, d), Data: d, Config: short(Magnitude, k, 0.65), Parent: hash,
			Workers: 1, SaveEvery: time.Minute}
		job.Config.Criterion = Fisher
		if k != supernet.Channels {
			job.Config.Regrow = 0.2
		}
		testInterrupted(t, job)
	}
}

// TestCutRefusesFisher: without training there are no gradients to go by.
func TestCutRefusesFisher(t *testing.T) {
	d := synthetic(t, 24)
	c := short(Magnitude, supernet.Weights, 0.5)
	c.Criterion = Fisher
	if _, err := Cut(t.Context(), NewJob(tiny(t, d), d, c)); !errors.Is(err, trainer.ErrConfig) {
		t.Errorf("Cut says %v", err)
	}
}
