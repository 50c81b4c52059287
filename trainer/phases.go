package trainer

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/internal/settings"
	"github.com/tailor-nas/tailor/internal/visible"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// PhaseSettings are a phase of a training that has several, one after the other: which networks
// train, and with what learning rate. Momentum begins anew with each.
type PhaseSettings struct {
	Name string `json:"name" yaml:"name"`
	// Epochs is how long it lasts: in [Config.Phases] in relation to the others, as all together
	// last as long as the run.
	Epochs float64 `json:"epochs" yaml:"epochs" range:"0..1000000"`
	// LR is the learning rate at the start of the phase's cosine, in [Config.LR].
	LR float64 `json:"lr" yaml:"lr" range:"1e-9..1000"`
	// LRWarmupEpochs is over how many of its epochs the rate rises to the cosine.
	LRWarmupEpochs float64 `json:"lr_warmup_epochs" yaml:"lr_warmup_epochs" range:"0..1000000"`
	// Networks is how many random networks train in a step; 0: the largest alone.
	Networks int `json:"networks" yaml:"networks" range:"0..64"`
	// Kernels, Depths and Expands are how many of the largest choices random networks are drawn
	// from; 0 is all.
	Kernels int `json:"kernels" yaml:"kernels" range:"0..64"`
	Depths  int `json:"depths" yaml:"depths" range:"0..64"`
	Expands int `json:"expands" yaml:"expands" range:"0..64"`
	// Teacher is the weight of the loss on the teacher's answers, beside that on the labels. The
	// teacher is the largest network as it was before the first phase with one. 0 is none.
	Teacher float64 `json:"teacher" yaml:"teacher" range:"0..1000"`
}

// ownPhases are those of the papers: of 605 epochs of OFA (Cai et al., ICLR 2020, section 4.1, and
// its released program), of 330 of CompOFA (Sahni et al., ICLR 2021). Rates are in relation to the
// 2.6 of the largest network, as are 3e-2, 2.5e-3 and 7.5e-3 a GPU of 32.
func (c Config) ownPhases() []PhaseSettings {
	const kernel, small, large = 0.96 / 2.6, 0.08 / 2.6, 0.24 / 2.6
	k, few := c.Networks, max(1, c.Networks/2)
	full := PhaseSettings{Name: "largest alone", Epochs: 180, LR: 1}
	if c.Strategy == CompOFA {
		return c.taught(full,
			PhaseSettings{"compound 1", 25, small, 0, k, 0, 2, 2, 1},
			PhaseSettings{"compound 2", 125, large, 5, k, 0, 0, 0, 1})
	}
	return c.taught(full,
		PhaseSettings{"kernel", 125, kernel, 5, max(1, k/4), 0, 1, 1, 1},
		PhaseSettings{"depth 1", 25, small, 0, few, 0, 2, 1, 1},
		PhaseSettings{"depth 2", 125, large, 5, few, 0, 0, 1, 1},
		PhaseSettings{"expand 1", 25, small, 0, k, 0, 0, 2, 1},
		PhaseSettings{"expand 2", 125, large, 5, k, 0, 0, 0, 1})
}

// taught leaves the teacher away where there is to be none.
func (c Config) taught(all ...PhaseSettings) []PhaseSettings {
	for i := range all {
		if c.Distill == NoDistill {
			all[i].Teacher = 0
		}
	}
	return all
}

// settlePhases puts the phases of a run in place: those of the strategy that give the space's
// networks a choice more, or those asked for, in epochs that add up to the run's.
func (c *Config) settlePhases(space *supernet.Space, trained bool) error {
	if !c.Strategy.phased() {
		return nil
	}
	all := c.Phases
	if all == nil {
		all = c.useful(space)
		all[0].LRWarmupEpochs = c.LRWarmupEpochs * total(all) / float64(c.Epochs)
	}
	if !trained && all[0].Networks > 0 {
		return fmt.Errorf("%w: phase %q has networks that nothing was trained for: begin with the largest alone (networks: 0), or with --init",
			ErrConfig, all[0].Name)
	}
	scale := float64(c.Epochs) / total(all)
	c.Phases = slices.Clone(all)
	for i := range c.Phases {
		c.Phases[i].Name = cmp.Or(c.Phases[i].Name, fmt.Sprintf("phase %d", i+1))
		c.Phases[i].Epochs *= scale
		c.Phases[i].LRWarmupEpochs *= scale
	}
	if _, err := checkEachPhase(c.Phases); err != nil {
		return err
	}
	return c.checkFreeze()
}

// OwnPhases says whether the phases of a run are those of its strategy, of which it may have none.
func (i *Info) OwnPhases() bool {
	own := i.Config
	own.Phases = nil
	err := own.settlePhases(i.Space, true)
	return err == nil && slices.Equal(own.Phases, i.Config.Phases)
}

// useful leaves out the strategy's own phases that would train the same networks as another. Of
// several the longer one stays, which is the last, but never for that of the largest network.
func (c Config) useful(space *supernet.Space) (all []PhaseSettings) {
	var before []int
	for _, p := range c.ownPhases() {
		counts := c.family(p, space).Genes()
		switch same := slices.Equal(counts, before); {
		case !same:
			all = append(all, p)
		case len(all) > 1:
			all[len(all)-1] = p
		}
		before = counts
	}
	return all
}

func total(all []PhaseSettings) (epochs float64) {
	for _, p := range all {
		epochs += p.Epochs
	}
	return epochs
}

// family is the networks of a phase.
func (c Config) family(p PhaseSettings, space *supernet.Space) choices.Family {
	f := choices.Family{Space: space, Kernels: p.Kernels, Depths: p.Depths, Expands: p.Expands,
		Compound: c.Sampling == Compound}
	if p.Networks == 0 {
		f.Kernels, f.Depths, f.Expands = 1, 1, 1
	}
	return f
}

// checkPhases refuses phases that cannot be.
func (c Config) checkPhases() error {
	if c.Phases == nil {
		return nil
	}
	if !c.Strategy.phased() {
		return fmt.Errorf("%w: phases are of strategies progressive and compofa, not of %s",
			ErrConfig, c.Strategy)
	}
	_, err := checkEachPhase(c.Phases)
	return err
}

// checkEachPhase says which phase is wrong, from 0, and how; the first where it is all of them.
func checkEachPhase(all []PhaseSettings) (at int, err error) {
	for i, p := range all {
		switch err := settings.Check(p); {
		case err != nil:
			return i, fmt.Errorf("%w: phase %d: %w", ErrConfig, i+1, err)
		case len(p.Name) > maxPhaseName || !visible.Plain(p.Name):
			return i, fmt.Errorf(
				"%w: phase %d: name is %.80q, expected at most %d bytes, of what can be seen in a line",
				ErrConfig, i+1, p.Name, maxPhaseName)
		case !(p.Epochs > 0):
			return i, fmt.Errorf("%w: phase %d: epochs is 0, expected more: leave the phase out",
				ErrConfig, i+1)
		case p.LRWarmupEpochs > p.Epochs:
			return i, fmt.Errorf("%w: phase %d: LR warm-up epochs is %v, expected 0 to %v",
				ErrConfig, i+1, p.LRWarmupEpochs, p.Epochs)
		case p.Networks == 0 && p.Teacher > 0:
			return i, fmt.Errorf(
				"%w: phase %d: teacher is %g, but the largest network alone (networks: 0) has none",
				ErrConfig, i+1, p.Teacher)
		}
	}
	if len(all) > maxPhases || !(total(all) > 0) {
		return 0, fmt.Errorf("%w: %d phases of %g epochs, expected 1 to %d phases, of some",
			ErrConfig, len(all), total(all), maxPhases)
	}
	return 0, nil
}

const (
	maxPhases    = 32
	maxPhaseName = 60
)
