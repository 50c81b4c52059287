package ranks

import "time"

// Meter counts what a rank says to its group, and how long it waits.
type Meter struct {
	Group
	counts Counts
}

// Counts are what was sent to other ranks, and the time in calls. Calls whose end is waited for
// later are late.
type Counts struct {
	Gathers     int
	GatherBytes int64
	GatherTime  time.Duration
	Late        int
	LateBytes   int64
	LateTime    time.Duration
}

// NewMeter makes one for a group, to be used in its place.
func NewMeter(g Group) *Meter { return &Meter{Group: g} }

// Counts are those so far.
func (m *Meter) Counts() Counts { return m.counts }

// Time is all that was spent in calls.
func (c Counts) Time() time.Duration { return c.GatherTime + c.LateTime }

// others is how many bytes a gather sends: this rank's part to all others.
func (m *Meter) others(cuts []int) int64 {
	r := m.Rank()
	return int64(cuts[r+1]-cuts[r]) * int64(m.Size()-1)
}

// Gather counts and gathers.
func (m *Meter) Gather(all []byte, cuts []int) {
	began := time.Now()
	m.Group.Gather(all, cuts)
	m.counts.Gathers++
	m.counts.GatherBytes += m.others(cuts)
	m.counts.GatherTime += time.Since(began)
}

// StartGather counts and begins to gather.
func (m *Meter) StartGather(all []byte, cuts []int) (wait func()) {
	bytes := m.others(cuts)
	return m.late(bytes, func() func() { return m.Group.StartGather(all, cuts) })
}

// StartExchange counts and begins to exchange.
func (m *Meter) StartExchange(out []byte, outCuts []int, in []byte, inCuts []int) (wait func()) {
	r := m.Rank()
	bytes := int64(outCuts[m.Size()] - outCuts[0] - (outCuts[r+1] - outCuts[r]))
	return m.late(bytes, func() func() {
		return m.Group.StartExchange(out, outCuts, in, inCuts)
	})
}

func (m *Meter) late(bytes int64, start func() func()) (wait func()) {
	began := time.Now()
	end := start()
	m.counts.Late++
	m.counts.LateBytes += bytes
	m.counts.LateTime += time.Since(began)
	return func() {
		began := time.Now()
		end()
		m.counts.LateTime += time.Since(began)
	}
}
