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
	// Progressive is Once-for-All's progressive shrinking (Cai et al., ICLR 2020): the largest
	// network alone, then random networks with more and more choices of kernel, depth and width,
	// which learn the labels and the largest one's answers.
	Progressive Strategy = "progressive"
	// CompOFA (Sahni et al., ICLR 2021) is the same in fewer phases: depth and width are coupled.
	CompOFA Strategy = "compofa"
	// Full trains the largest network alone.
	Full Strategy = "full"
)

func (s Strategy) check() error {
	switch s {
	case DepS, BigNAS, Progressive, CompOFA, Full:
		return nil
	}
	return fmt.Errorf(
		"%w: strategy %q is unknown; use deps, bignas, progressive, compofa or full", ErrConfig,
		string(s))
}

// sorts says whether channels are sorted by importance before shrinking. What is phased does so
// whenever a phase adds widths.
func (s Strategy) sorts() bool { return s == DepS }

// phased says whether training has [Config.Phases].
func (s Strategy) phased() bool { return s == Progressive || s == CompOFA }

// lesson is what a network learns from a batch.
type lesson struct {
	arch    supernet.Arch
	labels  float64 // weight of the loss on the labels
	answers float64 // weight of the loss on the teacher's answers
	teaches bool    // it is the teacher of the networks after it
	dropout bool
}

// curriculum says which networks learn at a step, and what.
type curriculum struct {
	config   Config
	space    *supernet.Space
	schedule schedule
}

// at gives the lessons of a step, of which some may weigh nothing.
func (c curriculum) at(step int) []lesson {
	all := c.sandwich(step)
	if c.config.Strategy.phased() {
		all = c.progressive(step)
	}
	if c.config.Resolution == BatchResolution {
		r := c.resolution(step)
		for i := range all {
			all[i].arch.Resolution = r
		}
	}
	return all
}

// sandwich is the rule of BigNAS, and of DepS from the step on at which it shrinks: the largest
// network learns the labels; the smallest and K-2 random ones learn what it answers (Yu and Huang,
// ICCV 2019), with the weight β.
func (c curriculum) sandwich(step int) []lesson {
	weigh := c.config.Multipliers
	all := []lesson{{arch: c.space.Max(), labels: weigh.Largest, teaches: true, dropout: true}}
	if step < c.schedule.shrinkFrom {
		return all
	}
	beta := c.schedule.beta(step)
	family := c.config.family(PhaseSettings{Networks: 1}, c.space)
	all = append(all, c.student(family.Smallest(), beta*weigh.Smallest))
	for i := range c.config.Networks - 2 {
		all = append(all, c.student(family.Random(c.random(step, i)), beta*weigh.Random))
	}
	return all
}

// student learns the largest network's answers, the labels, or both.
func (c curriculum) student(a supernet.Arch, weight float64) lesson {
	switch c.config.Distill {
	case NoDistill:
		return lesson{arch: a, labels: weight}
	case Mixed:
		return lesson{arch: a, labels: weight / 2, answers: weight / 2}
	}
	return lesson{arch: a, answers: weight}
}

// progressive is the rule of Once-for-All and of CompOFA: after the largest network has trained
// alone, random ones of the phase learn the labels and the frozen teacher's answers.
func (c curriculum) progressive(step int) (all []lesson) {
	p := c.schedule.phaseAt(step).settings
	if p.Networks == 0 {
		return []lesson{{arch: c.space.Max(), labels: 1, dropout: true}}
	}
	family := c.config.family(p, c.space)
	for i := range p.Networks {
		all = append(all, lesson{arch: family.Random(c.random(step, i)), labels: 1,
			answers: p.Teacher, dropout: true})
	}
	return all
}

// random is the generator of a step's network i, seeded by run, step and position.
func (c curriculum) random(step, i int) *rand.Rand {
	return rand.New(rand.NewPCG(c.config.Seed, uint64(step)<<8|uint64(i)))
}

// resolution is that of a step for all of its networks.
func (c curriculum) resolution(step int) uint16 {
	r := rand.New(rand.NewPCG(c.config.Seed^0x4e50, uint64(step)))
	return uint16(c.space.Resolutions[r.IntN(len(c.space.Resolutions))])
}
