package trainer

import "time"

// pace says how much of a run is done and how long the rest takes. The costs of its parts are those
// of the plan until the run itself has shown what they are: then they are an average that forgets
// slowly, since a machine may become faster or slower during a run. A part that the run has not
// come to yet is taken to be as much slower or faster than planned as what it has come to.
type pace struct {
	schedule  schedule
	planned   costs
	seen      [pacedParts]float64 // average seconds; 0 until there is one
	times     [pacedParts]int     // how often it was measured
	corrected float64             // measured over planned, of the part measured last
}

// The parts of a run whose cost is paced.
const (
	stepAlone  = iota // of the largest network alone
	stepShared        // of the largest network and its students
	epochEnd          // testing, and saving
	pacedParts
)

// forget is the weight of the newest measurement in an average.
const forget = 0.02

func newPace(s schedule, planned costs) *pace {
	return &pace{schedule: s, planned: planned, corrected: 1}
}

func (p *pace) plannedCost(part int) float64 {
	return [pacedParts]float64{p.planned.alone, p.planned.shared, p.planned.epochEnd}[part]
}

// step and end take in what the run has measured.
func (p *pace) step(step int, took time.Duration) { p.measured(p.part(step), took) }
func (p *pace) end(took time.Duration)            { p.measured(epochEnd, took) }

func (p *pace) measured(part int, took time.Duration) {
	p.times[part]++
	p.seen[part] += (took.Seconds() - p.seen[part]) * max(forget, 1/float64(p.times[part]))
	if planned := p.plannedCost(part); part != epochEnd && planned > 0 {
		p.corrected = p.seen[part] / planned
	}
}

// stepped says whether a step was measured.
func (p *pace) stepped() bool { return p.times[stepAlone]+p.times[stepShared] > 0 }

// part is what a step is.
func (p *pace) part(step int) int {
	if step < p.schedule.shrinkFrom {
		return stepAlone
	}
	return stepShared
}

// cost is the expected time of a part in seconds.
func (p *pace) cost(part int) float64 {
	if p.times[part] > 0 {
		return p.seen[part]
	}
	return p.plannedCost(part) * p.corrected
}

// left is the expected time of what comes after so many steps.
func (p *pace) left(done int) time.Duration {
	seconds := p.sum(done, p.schedule.steps, p.cost)
	return time.Duration(seconds * float64(time.Second))
}

// work is what so many steps cost as planned: it only rises, as a bar should.
func (p *pace) work(done int) float64 { return p.sum(0, done, p.plannedCost) }

// sum adds up the costs from one step to another, with the epochs that end between them.
func (p *pace) sum(from, to int, cost func(part int) float64) float64 {
	alone := max(0, min(to, p.schedule.shrinkFrom)-from)
	shared := max(0, to-max(from, p.schedule.shrinkFrom))
	ends := to/p.schedule.perEpoch - from/p.schedule.perEpoch
	return float64(alone)*cost(stepAlone) + float64(shared)*cost(stepShared) +
		float64(ends)*cost(epochEnd)
}
