package timing_test

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/tailor-nas/tailor/profiles/timing"
)

// machine is a simulated computer with a clock of its own: work takes its
// undisturbed time, times the factor by which the machine is slowed meanwhile.
type machine struct {
	now time.Duration // since start
	rng *rand.Rand
	// slow returns the factor now and until when it holds.
	slow   func(now time.Duration) (factor float64, until time.Duration)
	jitter float64 // standard deviation of a run's length, as a share of it
}

func newMachine(seed uint64, slow func(*rand.Rand) disturbance) *machine {
	rng := rand.New(rand.NewPCG(seed, 77))
	return &machine{rng: rng, slow: slow(rng), jitter: 0.01}
}

type disturbance = func(time.Duration) (float64, time.Duration)

func (m *machine) Now() time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(m.now)
}

func (m *machine) work(d time.Duration) {
	left := float64(d) * (1 + m.jitter*min(max(m.rng.NormFloat64(), -3), 3))
	for {
		factor, until := m.slow(m.now)
		if m.now+time.Duration(left*factor) <= until {
			m.now += time.Duration(left * factor)
			return
		}
		left -= float64(until-m.now) / factor
		m.now = until
	}
}

// subject takes d on the undisturbed machine.
func (m *machine) subject(name string, d time.Duration) timing.Subject {
	return timing.Subject{Name: name, Run: func() error { m.work(d); return nil }}
}

func quietMachine(*rand.Rand) disturbance {
	return func(time.Duration) (float64, time.Duration) { return 1, math.MaxInt64 }
}

// siblingBusy switches between full speed and 1.85 times as slow (2.6 against
// 1.41 ms, as seen with a busy hyperthread), slow most of the time.
func siblingBusy(rng *rand.Rand) disturbance {
	factor, until := 1.0, time.Duration(0)
	return func(now time.Duration) (float64, time.Duration) {
		for now >= until {
			mean := 40 * time.Millisecond
			if factor == 1 {
				factor, mean = 1.85, 90*time.Millisecond
			} else {
				factor = 1
			}
			until += 1 + time.Duration(rng.ExpFloat64()*float64(mean))
		}
		return factor, until
	}
}

// neighbours slow the machine to 1.65 times for seconds, and leave it for half of one.
func neighbours(rng *rand.Rand) disturbance {
	factor, until := 1.0, time.Duration(0)
	return func(now time.Duration) (float64, time.Duration) {
		for now >= until {
			mean := 500 * time.Millisecond
			if factor == 1 {
				factor, mean = 1.65, 2*time.Second
			} else {
				factor = 1
			}
			until += 1 + time.Duration(rng.ExpFloat64()*float64(mean))
		}
		return factor, until
	}
}

// turbo wanders between 1 and 1.4 with a period of seconds.
func turbo(*rand.Rand) disturbance {
	return func(now time.Duration) (float64, time.Duration) {
		return 1.2 - 0.2*math.Cos(2*math.Pi*now.Seconds()/3.7), now + time.Millisecond
	}
}

// throttling slows down steadily, by half within five seconds.
func throttling(*rand.Rand) disturbance {
	return func(now time.Duration) (float64, time.Duration) {
		return 1 + 0.1*now.Seconds(), now + time.Millisecond
	}
}

// busyAtFirst is half as fast until shortly before the end of a session of 5 s.
func busyAtFirst(*rand.Rand) disturbance {
	const until = 4500 * time.Millisecond
	return func(now time.Duration) (float64, time.Duration) {
		if now < until {
			return 2, until
		}
		return 1, math.MaxInt64
	}
}

// chatter slows about as often and as briefly as samples are taken, so that a
// sample and its neighbours are mostly not slowed alike.
func chatter(rng *rand.Rand) disturbance {
	factor, until := 1.0, time.Duration(0)
	return func(now time.Duration) (float64, time.Duration) {
		for now >= until {
			mean := 2 * time.Millisecond
			factor = 2.85 - factor
			if factor > 1 {
				mean = time.Millisecond
			}
			until += 1 + time.Duration(rng.ExpFloat64()*float64(mean))
		}
		return factor, until
	}
}

// preempted gives the processor to another job for 3 ms at a time, on average
// every 5 ms.
func preempted(rng *rand.Rand) disturbance {
	const never = 1e6 // as good as standing still
	factor, until := float64(never), time.Duration(0)
	return func(now time.Duration) (float64, time.Duration) {
		for now >= until {
			if factor == 1 {
				factor = never
				until += 3 * time.Millisecond
			} else {
				factor = 1
				until += 1 + time.Duration(rng.ExpFloat64()*float64(5*time.Millisecond))
			}
		}
		return factor, until
	}
}
