package profiles

import (
	"context"
	"time"

	"github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/profiles/timing"
)

// elsewhere has a runtime take the samples of its sessions, which are the keys of subjects.
type elsewhere struct {
	ctx     context.Context
	runtime Elsewhere
}

// Sample takes samples.
func (e elsewhere) Sample(plan []timing.Sample) ([]time.Duration, error) {
	samples := make([]Sample, len(plan))
	for i, p := range plan {
		samples[i] = Sample{p.Key.(Session), p.Runs, p.Settle}
	}
	return e.runtime.Sample(e.ctx, samples)
}

// Observe reads the counters of the device.
func (e elsewhere) Observe() (device.Observation, error) { return e.runtime.Observe(e.ctx) }
