package search

import (
	"fmt"
	"math"
)

// maxEvaluations bounds the int32 numbers of candidates.
const maxEvaluations = 1 << 30

// Config sets how a run goes. The zero value of every field is its default. Defaults are what did well both on rugged spaces small
// enough for brute force and on OFA's space of 2e19 networks a resolution with its published predictor and latency table. There a
// run of 60,000 evaluations gains little from other settings: the seed matters more.
type Config struct {
	// Seed determines the run: the same problem and Config give the same Result, bit for bit.
	Seed uint64
	// Evaluations is the most candidates that may be evaluated; default 60,000. A space with no more candidates than that is
	// evaluated whole.
	Evaluations int
	// Population is the number of candidates of a population, and of the children bred from it; default 200, less if Evaluations
	// would then allow fewer than 40 generations, but at least 20.
	Population int
	// Restarts is how often a new population starts after the first, the last time from the best of all before: rugged spaces hold
	// a single population fast. Default one for every 100 evaluations a gene after the first 100, at most 2. Negative means none.
	Restarts int
	// MutationRate is the chance of a gene to change in a child; default one gene on average.
	MutationRate float64
	// CrossoverRate is the chance of a child to have two parents; default 0.9.
	CrossoverRate float64
	// LocalShare is the share of Evaluations kept for local search after evolution; default 0.2. Negative means none.
	LocalShare float64
	// Top is how many candidates to report with one objective; default 10.
	Top int
	// Progress, if set, is called between batches. Of a search in parts, best values and what was found are those of the part.
	Progress func(Progress)
}

// after is the progress of a part of a search: some evaluations were spent before, of all.
func (c Config) after(spent, all int) func(Progress) {
	if c.Progress == nil {
		return nil
	}
	return func(p Progress) {
		p.Evaluations += spent
		p.Budget = all
		c.Progress(p)
	}
}

// withDefaults returns the configuration of a run on p, or what is wrong with it. It checks the fields as given, before defaults can
// hide anything.
func (c Config) withDefaults(p *Problem) (Config, error) {
	if c.Evaluations < 0 || c.Evaluations > maxEvaluations {
		return c, fmt.Errorf("search: Evaluations is %d; it must be 0 (default) to %d", c.Evaluations, maxEvaluations)
	}
	if c.Population < 0 || c.Top < 0 {
		return c, fmt.Errorf("search: Population is %d and Top is %d; neither may be negative", c.Population, c.Top)
	}
	for _, rate := range []struct {
		name        string
		value, from float64
	}{{"MutationRate", c.MutationRate, 0}, {"CrossoverRate", c.CrossoverRate, 0}, {"LocalShare", c.LocalShare, math.Inf(-1)}} {
		if !(rate.value >= rate.from && rate.value <= 1) {
			return c, fmt.Errorf("search: %s is %v; it must be 0 (default) to 1", rate.name, rate.value)
		}
	}
	c.Evaluations = orDefault(c.Evaluations, 60_000)
	c.Population = min(orDefault(c.Population, max(20, min(200, c.Evaluations/40))), c.Evaluations)
	c.MutationRate = orDefault(c.MutationRate, 1/float64(len(p.Genes)))
	c.CrossoverRate = orDefault(c.CrossoverRate, 0.9)
	c.LocalShare = max(0, orDefault(c.LocalShare, 0.2))
	c.Top = orDefault(c.Top, 10)
	c.Restarts = orDefault(c.Restarts, min(2, c.Evaluations/(100*len(p.Genes))-1))
	// More populations than the budget has room for would be empty.
	c.Restarts = max(0, min(c.Restarts, c.Evaluations/c.Population))
	if len(p.Seeds) > c.Evaluations {
		return c, fmt.Errorf("search: %d seeds, but Evaluations allows only %d", len(p.Seeds), c.Evaluations)
	}
	return c, nil
}

func orDefault[T int | float64](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
}
