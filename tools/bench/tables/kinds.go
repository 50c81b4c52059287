package main

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/tailor-nas/tailor/search/optimize"
)

// values are those of the points of a space.
type values func(optimize.Genes) float64

// table is a problem whose values are all known.
type table struct {
	genes []int
	value values // to be minimised
	cost  values // nil without a constraint
	limit float64
	best  float64
}

// kind draws tables, of which the smallest value is sought.
type kind struct {
	name string
	draw func(genes []int, rng *rand.Rand) *table
}

// effects are random values of each choice of each gene.
func effects(genes []int, rng *rand.Rand) values {
	e := make([][]float64, len(genes))
	for i, n := range genes {
		for range n {
			e[i] = append(e[i], rng.NormFloat64())
		}
	}
	return func(g optimize.Genes) (sum float64) {
		for i, v := range g {
			sum += e[i][v]
		}
		return sum
	}
}

// pairs are random values of the combinations of two genes, of n pairs.
func pairs(genes []int, n int, sd float64, rng *rand.Rand) values {
	type pair struct {
		a, b int
		of   []float64
	}
	var all, chosen []pair
	for a := range genes {
		for b := range a {
			all = append(all, pair{a: a, b: b})
		}
	}
	for _, k := range rng.Perm(len(all))[:min(n, len(all))] {
		p := all[k]
		for range genes[p.a] * genes[p.b] {
			p.of = append(p.of, sd*rng.NormFloat64())
		}
		chosen = append(chosen, p)
	}
	return func(g optimize.Genes) (sum float64) {
		for _, p := range chosen {
			sum += p.of[int(g[p.a])*genes[p.b]+int(g[p.b])]
		}
		return sum
	}
}

func sum(f ...values) values {
	return func(g optimize.Genes) (s float64) {
		for _, f := range f {
			s += f(g)
		}
		return s
	}
}

// bowl is quadratic with its optimum inside, and genes that pull at one another.
func bowl(genes []int, coupling float64, rng *rand.Rand) values {
	centre, width := make([]float64, len(genes)), make([]float64, len(genes))
	for i := range genes {
		centre[i], width[i] = .2+.6*rng.Float64(), math.Exp(rng.NormFloat64()/2)
	}
	pull := make([]float64, len(genes)*len(genes))
	for i := range pull {
		pull[i] = coupling * rng.NormFloat64()
	}
	return func(g optimize.Genes) (sum float64) {
		x := make([]float64, len(g))
		for i, v := range g {
			x[i] = (float64(v)/float64(genes[i]-1) - centre[i]) * width[i]
			sum += x[i] * x[i]
		}
		for i := range x {
			for j := range i {
				sum += pull[i*len(x)+j] * x[i] * x[j]
			}
		}
		return sum
	}
}

// nk is an NK landscape (Kauffman and Levin, Journal of Theoretical Biology 128, 1987).
func nk(genes []int, k int, rng *rand.Rand) values {
	var on [][]int
	var of [][]float64
	for i := range genes {
		with, size := []int{i}, genes[i]
		for _, j := range rng.Perm(len(genes)) {
			if j != i && len(with) <= k {
				with, size = append(with, j), size*genes[j]
			}
		}
		part := make([]float64, size)
		for j := range part {
			part[j] = rng.Float64()
		}
		on, of = append(on, with), append(of, part)
	}
	return func(g optimize.Genes) (sum float64) {
		for i, with := range on {
			at := 0
			for _, j := range with {
				at = at*genes[j] + int(g[j])
			}
			sum += of[i][at]
		}
		return sum
	}
}

// rising effects grow with the number of the choice, by less and less where power is below 1.
func rising(genes []int, power float64, rng *rand.Rand) values {
	e := make([][]float64, len(genes))
	for i, n := range genes {
		scale := math.Exp(rng.NormFloat64() / 2)
		for v := range n {
			at := (float64(v) + 1 + .15*rng.NormFloat64()) / float64(n)
			e[i] = append(e[i], scale*math.Pow(at, power))
		}
	}
	return func(g optimize.Genes) (sum float64) {
		for i, v := range g {
			sum += e[i][v]
		}
		return sum
	}
}

// noisy adds to each point of the space what is drawn once.
func noisy(genes []int, share float64, f values, rng *rand.Rand) values {
	table := all(genes, f)
	sd := deviation(table)
	for i := range table {
		table[i] += share * sd * rng.NormFloat64()
	}
	return func(g optimize.Genes) float64 { return table[index(genes, g)] }
}

func index(genes []int, g optimize.Genes) (at int) {
	for i, v := range g {
		at = at*genes[i] + int(v)
	}
	return at
}

func all(genes []int, f values) (table []float64) {
	each(genes, func(g optimize.Genes) { table = append(table, f(g)) })
	return table
}

func each(genes []int, visit func(optimize.Genes)) {
	g := make(optimize.Genes, len(genes))
	for {
		visit(g)
		i := len(g) - 1
		for ; i >= 0 && int(g[i]) == genes[i]-1; i-- {
			g[i] = 0
		}
		if i < 0 {
			return
		}
		g[i]++
	}
}

func deviation(v []float64) float64 {
	var sum, squares float64
	for _, x := range v {
		sum, squares = sum+x, squares+x*x
	}
	n := float64(len(v))
	return math.Sqrt(squares/n - sum*sum/n/n)
}

// within limits a cost so that about share of all points is feasible.
func (t *table) within(cost values, share float64) *table {
	t.cost = cost
	costs := all(t.genes, cost)
	slices.Sort(costs)
	t.limit = costs[int(share*float64(len(costs)-1))]
	return t
}

// free is a kind without a constraint.
func free(name string, f func(genes []int, rng *rand.Rand) values) kind {
	return kind{name, func(genes []int, rng *rand.Rand) *table {
		return &table{genes: genes, value: f(genes, rng)}
	}}
}

// limited is an accuracy that saturates, within the latency that a share of all points has.
func limited(name string, share float64) kind {
	return kind{name, func(genes []int, rng *rand.Rand) *table {
		gain, time := rising(genes, .5, rng), rising(genes, 1, rng)
		t := &table{genes: genes, value: func(g optimize.Genes) float64 {
			return -math.Tanh(gain(g) / float64(len(g)))
		}}
		return t.within(time, share)
	}}
}

// kinds are what tables that people have may be like.
var kinds = []kind{
	free("additive", func(genes []int, rng *rand.Rand) values { return effects(genes, rng) }),
	free("weak pairs", func(genes []int, rng *rand.Rand) values {
		return sum(effects(genes, rng), pairs(genes, 3*len(genes)/2, .3, rng))
	}),
	free("strong pairs", func(genes []int, rng *rand.Rand) values {
		return sum(effects(genes, rng), pairs(genes, 3*len(genes)/2, 1, rng))
	}),
	free("all pairs, half of the variance", func(genes []int, rng *rand.Rand) values {
		return sum(effects(genes, rng),
			pairs(genes, 1000, math.Sqrt(2/float64(len(genes)-1)), rng))
	}),
	free("bowl", func(genes []int, rng *rand.Rand) values { return bowl(genes, 0, rng) }),
	free("coupled bowl", func(genes []int, rng *rand.Rand) values { return bowl(genes, .7, rng) }),
	free("NK, K=1", func(genes []int, rng *rand.Rand) values { return nk(genes, 1, rng) }),
	free("NK, K=2", func(genes []int, rng *rand.Rand) values { return nk(genes, 2, rng) }),
	free("NK, K=4", func(genes []int, rng *rand.Rand) values { return nk(genes, 4, rng) }),
	limited("accuracy within a latency", .3),
	limited("accuracy within a tight latency", .03),
	{"knapsack with pairs", func(genes []int, rng *rand.Rand) *table {
		cost := rising(genes, 1, rng)
		other, p := effects(genes, rng), pairs(genes, 3*len(genes)/2, .3, rng)
		t := &table{genes: genes, value: func(g optimize.Genes) float64 {
			return -3*cost(g) + .5*other(g) + p(g)
		}}
		return t.within(cost, .3)
	}},
	free("noise of 10 %", func(genes []int, rng *rand.Rand) values {
		return noisy(genes, .1, sum(effects(genes, rng), pairs(genes, len(genes), .3, rng)), rng)
	}),
	free("noise of 30 %", func(genes []int, rng *rand.Rand) values {
		return noisy(genes, .3, sum(effects(genes, rng), pairs(genes, len(genes), .3, rng)), rng)
	}),
	free("product over four decades", func(genes []int, rng *rand.Rand) values {
		f := sum(effects(genes, rng), pairs(genes, len(genes), .3, rng))
		return func(g optimize.Genes) float64 { return math.Exp(f(g)) }
	}),
	free("a part that fails", func(genes []int, rng *rand.Rand) values {
		f := sum(effects(genes, rng), pairs(genes, len(genes), .3, rng))
		return func(g optimize.Genes) float64 {
			zeros := 0
			for _, v := range g {
				if v == 0 {
					zeros++
				}
			}
			if 2*zeros >= len(g) {
				return 90 - .1*f(g)
			}
			return f(g)
		}
	}),
	free("steps", func(genes []int, rng *rand.Rand) values {
		f := sum(effects(genes, rng), pairs(genes, len(genes), .3, rng))
		return func(g optimize.Genes) float64 { return math.Round(2 * f(g)) }
	}),
	free("half of the genes idle", func(genes []int, rng *rand.Rand) values {
		half := genes[:len(genes)/2]
		f := sum(effects(half, rng), pairs(half, 3*len(half)/2, 1, rng))
		return func(g optimize.Genes) float64 { return f(g[:len(half)]) }
	}),
	free("largest of two sums", func(genes []int, rng *rand.Rand) values {
		a, b := effects(genes, rng), effects(genes, rng)
		return func(g optimize.Genes) float64 { return max(a(g), b(g)) }
	}),
}
