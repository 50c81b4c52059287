package main

import (
	"math"
	"math/rand/v2"
	"slices"
)

// trained is a step of data-parallel training, on average.
type trained struct {
	step, speedup                  float64 // seconds; against one machine
	computing, waiting, exchanging float64 // shares of the step, of the average machine
	bytes                          float64 // that a machine receives
}

// steps is how many are simulated.
const steps = 200

// train simulates steps on machines that share the parts of a batch. Between two exchanges each
// computes its parts, and takes by chance more or less time; then all wait for the last, and gather
// the sums of all parts: in rounds that double what is known, as collectives do, so that latency
// counts once a doubling and each byte from others crosses a machine's link once. Gradients of
// weights travel beside: each machine sends its parts of the segments of others, and the sum of its
// own segment to all (docs/results/ranks.md); what does not fit beside the computing that hides it
// is waited for. Machines beyond the parts of a batch have nothing to do. Left out: switches that
// are shared, and that what travels beside slows the gathers.
func train(t training, l link, machines int, seed uint64) (r trained) {
	rng := rand.New(rand.NewPCG(seed, uint64(machines)))
	most := (t.Parts + machines - 1) / machines // parts of the busiest
	pieces := make([]float64, machines)
	for m := range pieces {
		share := t.Parts / machines
		if m < t.Parts%machines {
			share++
		}
		pieces[m] = t.Seconds / float64(t.Exchanges) *
			(t.Alone + (1-t.Alone)*float64(share)/float64(t.Parts))
	}
	n, parts := float64(min(machines, t.Parts)), float64(t.Parts)
	sums := t.PartBytes * (parts - float64(most))
	weights := t.WeightBytes * (parts/n + 1) * (n - 1) / n
	r.bytes = sums + weights
	exchange := 0.0
	if machines > 1 {
		exchange = math.Ceil(math.Log2(n))*l.LatencyS + 8*sums/float64(t.Exchanges)/(l.Mbit*1e6)
	}
	computing, slowest := 0.0, 0.0
	times := make([]float64, machines)
	for range steps * t.Exchanges {
		for m := range times {
			times[m] = pieces[m] * math.Exp(t.Spread*rng.NormFloat64())
			computing += times[m] / float64(machines)
		}
		slowest += slices.Max(times)
	}
	late := max(0, 8*weights/(l.Mbit*1e6)-t.Hidden*slowest/steps)
	all := slowest + float64(steps*t.Exchanges)*exchange + steps*late
	r.step = all / steps
	r.computing, r.waiting = computing/all, (slowest-computing)/all
	r.exchanging = 1 - slowest/all
	// one machine waits for nobody
	r.speedup = t.Seconds * math.Exp(t.Spread*t.Spread/2) / r.step
	return r
}
