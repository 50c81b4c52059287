package predictor

import "sort"

// falling is the sequence that nowhere rises with the smallest sum of squared differences from v,
// all of equal weight: isotonic regression by pooling adjacent violators (Ayer et al., Annals of
// Mathematical Statistics 26, 1955).
func falling(v []float64) []float64 {
	type pool struct {
		mean float64
		n    int
	}
	var pools []pool
	for _, x := range v {
		p := pool{x, 1}
		for len(pools) > 0 && pools[len(pools)-1].mean < p.mean {
			last := pools[len(pools)-1]
			pools = pools[:len(pools)-1]
			n := last.n + p.n
			p = pool{(last.mean*float64(last.n) + p.mean*float64(p.n)) / float64(n), n}
		}
		pools = append(pools, p)
	}
	fitted := make([]float64, 0, len(v))
	for _, p := range pools {
		for range p.n {
			fitted = append(fitted, p.mean)
		}
	}
	return fitted
}

// interpolate is piecewise linear between points (x,y), x ascending, and the value of the nearest
// one outside them.
func interpolate(x []int, y []float64, at int) float64 {
	i := sort.SearchInts(x, at)
	switch {
	case i == len(x):
		return y[i-1]
	case x[i] == at || i == 0:
		return y[i]
	}
	f := float64(at-x[i-1]) / float64(x[i]-x[i-1])
	return y[i-1] + f*(y[i]-y[i-1])
}

func mean(v []float64) float64 {
	var sum float64
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}
