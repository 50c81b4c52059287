package search_test

import "github.com/tailor-nas/tailor/search/optimize"

// given are the defaults with a seed and a number of evaluations.
func given(seed uint64, evaluations int) optimize.Config {
	c := optimize.Defaults()
	c.Seed, c.Evaluations = seed, evaluations
	return c
}
