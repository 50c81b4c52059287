package trainer

import (
	"fmt"
	"math/rand/v2"

	"github.com/tailor-nas/tailor/supernet"
)

// Strategy is how a supernet is trained.
type Strategy string

// The strategies.
const (
	// DepS is Delayed ε-Shrinking (ECCV 2024): the largest network alone until it is about half
	// trained, then the sandwich of largest, smallest and random networks with in-place
	// distillation, the sub-networks' rate rising from 0.
	DepS Strategy = "deps"
	// BigNAS (Yu et al., ECCV 2020) trains the sandwich from the first step.
	BigNAS Strategy = "bignas"
	// Full trains the largest network alone.
	Full Strategy = "full"
)

func (s Strategy) check() error {
	switch s {
	case DepS, BigNAS, Full:
		return nil
	}
	return fmt.Errorf("%w: strategy %q is unknown; use deps, bignas or full", ErrConfig, string(s))
}

// sorts says whether channels are sorted by importance before shrinking.
func (s Strategy) sorts() bool { return s == DepS }

// students lists the sub-networks that learn from the largest one at a step: the smallest, then
// random ones from a generator seeded by run, step and position (the sandwich rule; Yu and Huang,
// ICCV 2019). Before shrinking there are none.
func students(c Config, s schedule, space *supernet.Space, step int) []supernet.Arch {
	if step < s.shrinkFrom {
		return nil
	}
	archs := []supernet.Arch{space.Min()}
	for i := range c.Networks - 2 {
		archs = append(archs,
			space.Random(rand.New(rand.NewPCG(c.Seed, uint64(step)<<8|uint64(i)))))
	}
	return archs
}
