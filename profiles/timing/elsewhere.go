package timing

import (
	"fmt"
	"time"

	"github.com/tailor-nas/tailor/profiles/device"
)

// Elsewhere runs subjects in another process, or on another device, and reads the clock there.
// What it measures in is to be kept quiet by itself.
type Elsewhere interface {
	// Sample takes samples, one right after the other, and gives how long each took.
	Sample(plan []Sample) ([]time.Duration, error)
	// Observe reads the counters of the system where they are taken.
	Observe() (device.Observation, error)
}

// Sample is one to take of a subject: so many runs, one right after the other, timed together.
type Sample struct {
	Key    any // Subject.Key of it
	Runs   int
	Settle bool // run it once before, untimed
}

// batchTime is how much may be asked for at once of what is elsewhere: much more than a question
// takes to get there, and little to lose.
const batchTime = 300 * time.Millisecond

// maxBatch bounds how many subjects are sampled at once.
const maxBatch = 1000

// quiet keeps this process quiet if it is where subjects run.
func (s *Settings) quiet() (*Quieted, error) {
	if s.Elsewhere != nil {
		return nil, nil
	}
	return Quiet(s.Pin)
}

// observe reads the counters of the system where subjects run.
func (s *Settings) observe() (device.Observation, error) {
	if s.Elsewhere != nil {
		return s.Elsewhere.Observe()
	}
	return device.Observe(), nil
}

// batch is how many of some subjects are sampled at once: here one, so that the deadline is kept,
// elsewhere what takes batchTime.
func (m *measurement) batch(subjects []*timed) int {
	if m.Elsewhere == nil {
		return 1
	}
	var work time.Duration
	for i, l := range subjects[:min(len(subjects), maxBatch)] {
		work += time.Duration(l.repeats+1)*l.each + time.Duration(l.refRepeats+1)*m.ref.each
		if work > batchTime {
			return i + 1
		}
	}
	return min(len(subjects), maxBatch)
}

// take takes samples one after the other, and gives milliseconds a run.
func (m *measurement) take(plan []planned) ([]float64, error) {
	if m.Elsewhere != nil {
		return m.takeElsewhere(plan)
	}
	all := make([]float64, len(plan))
	for i, p := range plan {
		var err error
		if all[i], err = m.sample(p.timed, p.runs); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (m *measurement) takeElsewhere(plan []planned) ([]float64, error) {
	samples := make([]Sample, len(plan))
	for i, p := range plan {
		if p.Next != nil {
			p.Next()
		}
		samples[i] = Sample{p.Key(), p.runs, p.settle}
	}
	took, err := m.ask(samples)
	if err != nil {
		return nil, err
	}
	all := make([]float64, len(plan))
	for i, p := range plan {
		all[i] = milliseconds(max(took[i], 1)) / float64(p.runs)
	}
	return all, nil
}

// ask has samples taken elsewhere.
func (m *measurement) ask(samples []Sample) ([]time.Duration, error) {
	if err := m.stopped(); err != nil {
		return nil, err
	}
	took, err := m.Elsewhere.Sample(samples)
	if err == nil && len(took) != len(samples) {
		err = fmt.Errorf("%d times for %d samples", len(took), len(samples))
	}
	if err != nil {
		return nil, fmt.Errorf("timing: measuring after %d rounds: %w", m.rounds, err)
	}
	return took, nil
}
