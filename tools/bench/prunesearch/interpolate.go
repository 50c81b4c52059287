package main

import (
	"cmp"
	"slices"
)

// point is a network: its latency in milliseconds and its top-1.
type point struct{ ms, top1 float64 }

// reach is how far beyond its ends a curve is continued, as a share of the latency there.
const reach = 0.1

// alike is by how much latencies may differ, as a share, to count as one: what measurements do not
// tell apart makes no slope.
const alike = 0.01

// interpolate is the top-1 of a curve at a latency, linear between its points, which may come in
// any order; points with one latency count as their mean. Within reach of an end the outermost line
// goes on, and beyond is true. Further out, or with fewer than two latencies, there is no answer:
// ok is false.
func interpolate(curve []point, ms float64) (top1 float64, beyond, ok bool) {
	c := merged(curve)
	if len(c) < 2 {
		return 0, false, false
	}
	first, last := c[0], c[len(c)-1]
	if ms < first.ms*(1-reach) || ms > last.ms*(1+reach) {
		return 0, false, false
	}
	i := 1 // the end of the line
	for i < len(c)-1 && c[i].ms < ms {
		i++
	}
	a, b := c[i-1], c[i]
	return a.top1 + (b.top1-a.top1)*(ms-a.ms)/(b.ms-a.ms), ms < first.ms || ms > last.ms, true
}

// merged is the points by latency, those with the same as one.
func merged(curve []point) (all []point) {
	sorted := slices.SortedFunc(slices.Values(curve),
		func(a, b point) int { return cmp.Compare(a.ms, b.ms) })
	for len(sorted) > 0 {
		n, sum := 0, point{}
		for n < len(sorted) && sorted[n].ms <= sorted[0].ms*(1+alike) {
			sum.ms += sorted[n].ms
			sum.top1 += sorted[n].top1
			n++
		}
		all = append(all, point{sum.ms / float64(n), sum.top1 / float64(n)})
		sorted = sorted[n:]
	}
	return all
}
