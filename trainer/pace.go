package trainer

import "time"

// pace says how much of a run is done and how long the rest takes. The costs of its parts are those
// of the plan until the run itself has shown what they are: then they are an average that forgets
// slowly, since a machine may become faster or slower during a run. A part that the run has not
// come to yet is taken to be as much slower or faster than planned as what it has come to.
type pace struct {
	schedule  schedule
	planned   costs
	seen      []float64 // average seconds by part; 0 until there is one
	times     []int     // how often it was measured
	corrected float64   // measured over planned, of the part measured last
}

// epochEnd is testing, and saving. The other parts whose cost is paced are steps, by their cost
// and one more.
const epochEnd = 0

// forget is the weight of the newest measurement in an average.
const forget = 0.02

func newPace(s schedule, planned costs) *pace {
	parts := 1 + len(planned.steps)
	return &pace{schedule: s, planned: planned, corrected: 1, seen: make([]float64, parts),
		times: make([]int, parts)}
}

func (p *pace) plannedCost(part int) float64 {
	if part == epochEnd {
		return p.planned.epochEnd
	}
	return p.planned.steps[part-1]
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
func (p *pace) stepped() bool {
	for _, times := range p.times[1:] {
		if times > 0 {
			return true
		}
	}
	return false
}

// part is what a step is.
func (p *pace) part(step int) int { return 1 + p.schedule.phaseAt(step).cost }

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
func (p *pace) sum(from, to int, cost func(part int) float64) (sum float64) {
	for _, f := range p.schedule.phases() {
		if steps := min(to, f.to) - max(from, f.from); steps > 0 {
			sum += float64(steps) * cost(1+f.cost)
		}
	}
	ends := to/p.schedule.perEpoch - from/p.schedule.perEpoch
	return sum + float64(ends)*cost(epochEnd)
}
