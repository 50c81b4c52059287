package trainer

import (
	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// beginPhase does what comes before the first step of a part of the run, and says whether that
// changed anything: DepS sorts channels where it begins to shrink. A phase begins with a momentum
// of its own, freezes the teacher if it is the first with one, and sorts channels between the
// widths that were trained before where it adds others.
func (t *training) beginPhase(s *stepper) (changed bool, err error) {
	step := t.state.Step
	if t.info.Config.Strategy.sorts() && step == t.schedule.shrinkFrom {
		t.net.SortChannels()
		t.divide(s)
		return true, nil
	}
	for i, p := range t.schedule.phased {
		if p.from != step {
			continue
		}
		if t.freezes(i) {
			s.freeze()
			if t.job.leads() {
				t.state.TeacherSHA256, err = s.frozen.write(t.job.Dir)
			}
			if err != nil {
				return false, err
			}
		}
		if i > 0 {
			t.changePhase(t.schedule.phased[i-1].settings, p.settings)
		}
		t.divide(s)
		return true, nil
	}
	return false, nil
}

// freezes says whether a phase is the first with a teacher.
func (t *training) freezes(phase int) bool {
	for i, p := range t.schedule.phased {
		if p.settings.Teacher > 0 {
			return i == phase
		}
	}
	return false
}

// changePhase sorts channels if the new phase has other widths, and forgets the momentum.
func (t *training) changePhase(before, now PhaseSettings) {
	if old := t.widths(before); !sameWidths(old, t.widths(now)) {
		t.net.SortChannelsWithin(old)
	}
	for _, p := range weights.Params(t.net) {
		clear(p.Momentum)
	}
}

// widths are networks with all widths of a phase.
func (t *training) widths(p PhaseSettings) (all [][]supernet.Block) {
	for _, a := range t.lessons.config.family(p, t.net.Space).Widths() {
		all = append(all, t.net.Space.Blocks(a))
	}
	return all
}

// sameWidths says whether the blocks of networks are of the same widths, those of others.
func sameWidths(a, b [][]supernet.Block) bool {
	type width struct {
		block       string
		mid, hidden int
	}
	of := func(networks [][]supernet.Block) map[width]bool {
		all := map[width]bool{}
		for _, blocks := range networks {
			for _, b := range blocks {
				all[width{b.Name, b.Mid, b.SE}] = true
			}
		}
		return all
	}
	x, y := of(a), of(b)
	for w := range y {
		if !x[w] {
			return false
		}
	}
	return len(x) == len(y)
}
