package trainer

import "github.com/tailor-nas/tailor/supernet"

// frozenShare is what a network that does not learn costs of one that does: it goes forward, and
// neither of the two ways back.
const frozenShare = 1.0 / 3

// looks is at how many steps of a phase the networks are looked at.
const looks = 200

// macs is the MACs that the networks of a step of a phase have for an image, in the mean over some
// steps. A teacher that does not learn counts a third.
func (c curriculum) macs(p phase) (mean float64) {
	known := map[supernet.Arch]float64{}
	of := func(a supernet.Arch) float64 {
		if known[a] == 0 {
			known[a] = float64(supernet.MACs(c.space.Blocks(a)))
		}
		return known[a]
	}
	n := min(looks, p.to-p.from)
	for i := range n {
		lessons := c.at(p.from + i*(p.to-p.from)/n)
		for _, l := range lessons {
			mean += of(l.arch) / float64(n)
		}
		if p.settings.Teacher > 0 {
			a := c.space.Max()
			a.Resolution = lessons[0].arch.Resolution
			mean += frozenShare * of(a) / float64(n)
		}
	}
	return mean
}

// imageMACs is what all steps of a phase cost.
func (c curriculum) imageMACs(p phase) float64 {
	return float64(p.to-p.from) * float64(c.config.Batch) * c.macs(p)
}

// ImageMACs is what a training with these settings of the networks of a space costs on any machine,
// with so many steps an epoch: see [Plan]. It begins with random weights.
func (c Config) ImageMACs(space *supernet.Space, stepsPerEpoch int) (sum float64, err error) {
	if c, err = c.Complete(); err != nil {
		return 0, err
	}
	if err := c.settlePhases(space, false); err != nil {
		return 0, err
	}
	l := curriculum{c, space, newSchedule(c, stepsPerEpoch)}
	for _, p := range l.schedule.phases() {
		sum += l.imageMACs(p)
	}
	return sum, nil
}
