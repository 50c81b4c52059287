package profiles

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Powercap is the source of energies that the counters of processor packages told.
const Powercap = "powercap"

// A network runs so long for its energy: counters move about every millisecond.
const (
	minEnergyTime = 100 * time.Millisecond
	maxEnergyTime = time.Second
	maxEnergyRuns = 1 << 20
)

// errEnergy says that energies are not known, and why: no reason to give up what was timed.
type errEnergy struct{ error }

// energies runs each of the networks that were timed for a while, one after another, and notes what
// a run took. Where no counter tells that, or one is in doubt, no network has an energy.
func (l *loader) energies(into *Profile, each time.Duration) error {
	each = min(max(each, minEnergyTime), maxEnergyTime)
	took := make([]float64, len(into.Networks))
	for i := range into.Networks {
		runs := int(float64(each) / float64(time.Millisecond) / into.Networks[i].LatencyMS)
		mj, err := l.energy(l.subjects[1+i].Key().(Session), min(max(runs, 1), maxEnergyRuns))
		var unknown errEnergy
		if errors.As(err, &unknown) {
			into.EnergyUnavailable = unknown.Error()
			return nil
		}
		if err != nil {
			return fmt.Errorf("energy of network %d: %w", i+1, err)
		}
		took[i] = mj
	}
	for i, mj := range took {
		into.Networks[i].EnergyMJ = mj
	}
	into.EnergySource = Powercap
	return nil
}

// energy is what a run of a session takes, in millijoules: a mean of so many.
func (l *loader) energy(s Session, runs int) (float64, error) {
	before, err := observeOn(l.ctx, l.runtime)
	if err != nil {
		return 0, err
	}
	if _, missing := before.Missing["energy"]; missing { // no need to run
		_, err := before.EnergyUntil(before)
		return 0, errEnergy{err}
	}
	if err := runFor(l.ctx, l.runtime, s, runs); err != nil {
		return 0, err
	}
	after, err := observeOn(l.ctx, l.runtime)
	if err != nil {
		return 0, err
	}
	mj, err := before.EnergyUntil(after)
	if err != nil {
		return 0, errEnergy{err}
	}
	return mj / float64(runs), nil
}

// runFor runs a session many times.
func runFor(ctx context.Context, rt Runtime, s Session, runs int) error {
	if e, ok := rt.(Elsewhere); ok {
		_, err := e.Sample(ctx, []Sample{{Session: s, Runs: runs}})
		return err
	}
	for range runs {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.Run(); err != nil {
			return err
		}
	}
	return nil
}
