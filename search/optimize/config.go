package optimize

import (
	"fmt"
	"slices"
)

// maxEvaluations bounds the int32 numbers of candidates.
const maxEvaluations = 1 << 30

// DefaultEvaluations is what [Auto] is for Config.Evaluations, but for [Baseline]; for a problem
// with a [Guide] it is GuidedEvaluations, and JointEvaluations if that knows Near.Joint.
const (
	DefaultEvaluations = 60_000
	GuidedEvaluations  = 40_000
	JointEvaluations   = 13_000
)

// Auto stands for a value that follows from the problem and the other settings.
const Auto = -1

// Config sets how a run goes. Zero means zero: begin with [Defaults]. They are what did well both
// on rugged spaces small enough for brute force and on OFA's space of 2e19 networks a resolution
// with its published predictor and latency table. There a run of 60,000 evaluations gains little
// from other settings: the seed matters more.
type Config struct {
	// Seed determines the run: the same problem and Config give the same Result, bit for bit.
	Seed uint64
	// Evaluations is the most candidates that may be evaluated, 1 or more; Auto is 60,000, with a
	// [Guide] 40,000 or 13,000, and for [Baseline] what OFA's search takes. A space with no more
	// candidates than that is evaluated whole.
	Evaluations int
	// Population is the number of candidates of a population, and of the children bred from it, 1
	// or more; Auto is 200, less if Evaluations would then allow fewer than 40 generations, but at
	// least 20.
	Population int
	// Restarts is how often a new population starts after the first, the last time from the best of
	// all before: rugged spaces hold a single population fast. Auto is one for every 100
	// evaluations a gene after the first 100, at most 2.
	Restarts int
	// MutationRate is the chance of a gene to change in a child; Auto is one gene on average.
	MutationRate float64
	// CrossoverRate is the chance of a child to have two parents.
	CrossoverRate float64
	// LocalShare is the share of Evaluations kept for local search after evolution; 0 is none.
	LocalShare float64
	// Modelled is how many evaluations a model chooses first. Of spaces of up to 16,384 points
	// climbing has the others; larger ones evolve from the best of these. Auto is up to 150, where
	// there are at most 1,000 evaluations, in larger spaces 300, of one objective and without a
	// Guide, and at most 64 genes of at most 64 choices; else it is 0, which is none. A model's own
	// time is some milliseconds for each, and grows with the number of genes.
	Modelled int
	// Top is how many candidates to report with one objective, 1 or more.
	Top int
	// Progress, if set, is called between batches.
	Progress func(Progress)
}

// Defaults report the best 10, and leave to Auto what depends on the problem.
func Defaults() Config {
	return Config{Evaluations: Auto, Population: Auto, Restarts: Auto, MutationRate: Auto,
		CrossoverRate: 0.9, LocalShare: 0.2, Modelled: Auto, Top: 10}
}

// AutoEvaluations is what [Auto] is for Config.Evaluations of a problem with a [Guide] or without,
// which knows Near.Joint or does not.
func AutoEvaluations(guided, joint bool) int {
	switch {
	case joint:
		return JointEvaluations
	case guided:
		return GuidedEvaluations
	}
	return DefaultEvaluations
}

// Complete returns the configuration of a run on p, with a number in place of each [Auto], or what
// is wrong with either. It checks the fields as given, before Auto is replaced.
func (c Config) Complete(p Problem) (Config, error) {
	if err := p.check(); err != nil {
		return c, err
	}
	if err := c.check(); err != nil {
		return c, err
	}
	guided := p.Guide != nil
	auto := AutoEvaluations(guided, guided && p.Guide.Joint)
	c.Evaluations = unlessAuto(c.Evaluations, auto)
	c.Population = min(unlessAuto(c.Population, max(20, min(200, c.Evaluations/40))), c.Evaluations)
	c.MutationRate = unlessAuto(c.MutationRate, 1/float64(len(p.Genes)))
	c.Restarts = unlessAuto(c.Restarts, max(0, min(2, c.Evaluations/(100*len(p.Genes))-1)))
	// More populations than the budget has room for would be empty.
	c.Restarts = min(c.Restarts, c.Evaluations/c.Population)
	c.Modelled = min(unlessAuto(c.Modelled, c.modelled(p)), c.Evaluations)
	if c.Modelled > 0 && p.Objectives > 1 {
		return c, fmt.Errorf("Config.Modelled is %d; of %d objectives it must be 0, or Auto",
			c.Modelled, p.Objectives)
	}
	if c.Modelled > 0 {
		c.Modelled = max(c.Modelled, min(len(p.Seeds), c.Evaluations))
	}
	if len(p.Seeds) > c.Evaluations {
		return c, fmt.Errorf("%d seeds, but Evaluations allows only %d", len(p.Seeds),
			c.Evaluations)
	}
	return c, nil
}

// modelled is what Auto is for Config.Modelled.
func (c Config) modelled(p Problem) int {
	most := modelledUpTo
	if p.size(wholePool) > wholePool {
		most = largeUpTo
	}
	wide := len(p.Genes) > modelledGenes || slices.Max(p.Genes) > modelledChoices
	if p.Objectives == 1 && p.Guide == nil && !wide && c.Evaluations <= most {
		return modelledMost
	}
	return 0
}

func (c Config) check() error {
	for _, f := range []struct {
		name     string
		value    int
		from, to int
	}{
		{"Config.Evaluations", c.Evaluations, 1, maxEvaluations},
		{"Config.Population", c.Population, 1, maxEvaluations},
		{"Config.Restarts", c.Restarts, 0, maxEvaluations},
		{"Config.Modelled", c.Modelled, 0, modelledUpTo},
	} {
		if f.value != Auto && (f.value < f.from || f.value > f.to) {
			return fmt.Errorf("%s is %d; it must be %d to %d, or Auto", f.name, f.value, f.from,
				f.to)
		}
	}
	if c.Top < 1 || c.Top > maxEvaluations {
		return fmt.Errorf("Config.Top is %d; it must be 1 to %d", c.Top, maxEvaluations)
	}
	if c.MutationRate == Auto {
		c.MutationRate = 0
	}
	for _, f := range []struct {
		name  string
		value float64
	}{{"Config.MutationRate", c.MutationRate}, {"Config.CrossoverRate", c.CrossoverRate},
		{"Config.LocalShare", c.LocalShare}} {
		if !(f.value >= 0 && f.value <= 1) {
			return fmt.Errorf("%s is %v; it must be 0 to 1", f.name, f.value)
		}
	}
	return nil
}

func unlessAuto[T int | float64](v, otherwise T) T {
	if v == Auto {
		return otherwise
	}
	return v
}
