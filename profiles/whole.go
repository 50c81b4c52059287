package profiles

import (
	"time"

	"github.com/tailor-nas/tailor/profiles/timing"
)

// whole shares the budget of a profile out to its sessions, one after the other, and reports their
// progress as that of all.
type whole struct {
	settings ProfileSettings
	work     time.Duration // of all sessions, by themselves
	subjects int           // of all
	begun    time.Duration // budget of the sessions so far
	begunOf  int           // their subjects
}

func newWhole(parts []part, s ProfileSettings) *whole {
	w := &whole{settings: s, work: workOf(parts)}
	for i := range parts {
		w.subjects += len(parts[i].blocks) + len(parts[i].archs)
	}
	return w
}

// session are the settings of the next session, of so many subjects.
func (w *whole) session(subjects int, work time.Duration) timing.Settings {
	share := float64(work) / float64(w.work)
	how := timingSettings(time.Duration(share*float64(w.settings.Budget)), w.settings.Seed)
	how.Clock = w.settings.Clock
	before, elapsed := w.begunOf, w.begun
	if w.settings.Progress != nil {
		how.Progress = func(p timing.Progress) {
			p.Settled, p.WarmedUp, p.Subjects = p.Settled+before, p.WarmedUp+before, w.subjects
			p.Elapsed, p.Budget = p.Elapsed+elapsed, w.settings.Budget
			w.settings.Progress(p)
		}
	}
	w.begunOf, w.begun = before+subjects, elapsed+how.Budget
	return how
}
