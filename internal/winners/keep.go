package winners

import (
	"context"
	"errors"
	"slices"

	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/supernet"
)

// keepRounds bounds how often winners are timed, and searched anew.
const keepRounds = 5

// tight is the share of a latency budget from which on it counts as used.
const tight = 0.97

// spare is by how much two sessions on a busy machine differ, beyond what each of them knows: a
// budget is to hold in the next one, too.
const spare = 0.02

// stopwatch gives the upper ends of the intervals of networks' latencies in ms, measured together
// on a device; none if they cannot be measured as its latency predictor has them.
type stopwatch func(context.Context, *Device, []supernet.Arch) (highMS []float64, err error)

// aim is what is searched for so that a pick meets its latency budget.
type aim struct {
	ms   float64        // predicted
	best []search.Found // the best that were measured within the budget; nil for none yet
}

// keep makes winners meet their latency budgets where they can be timed: what is predicted has an
// error, and the best within a budget are near its end, so that about every second would be over.
// Those that are measured over are searched anew, within a budget that is lower by as much; and if
// what is found then leaves much of the budget, once more within a higher one.
func (j *Job) keep(ctx context.Context, picks []pick, result *Result, timed stopwatch) error {
	aims := make([]aim, len(picks))
	for i, p := range picks {
		aims[i].ms = p.limits.LatencyMS
	}
	for round := range keepRounds {
		used, err := j.budgetUsed(ctx, picks, timed)
		if err != nil {
			return err
		}
		moved := false
		for i := range picks {
			if !aims[i].move(&picks[i], used[i]) || round == keepRounds-1 {
				continue
			}
			changed, err := j.findWithin(ctx, &picks[i], aims[i].ms, result)
			if err != nil {
				return err
			}
			moved = moved || changed
		}
		if !moved {
			break
		}
	}
	for i := range picks {
		if aims[i].best != nil {
			picks[i].best = aims[i].best
		}
	}
	return nil
}

// move takes in that a pick uses so much of its budget, and says whether to search for another
// latency than was aimed at.
func (a *aim) move(p *pick, used float64) bool {
	if used == 0 { // it has no budget, or cannot be timed
		return false
	}
	if used <= 1 && (a.best == nil || p.best[0].Top1 > a.best[0].Top1) {
		a.best = p.best
	}
	if used <= 1 && (used >= tight || a.ms == p.limits.LatencyMS) {
		return false
	}
	// A hair more than needed: the next network's error is another one.
	a.ms = min(a.ms/used/1.002, p.limits.LatencyMS)
	return true
}

// budgetUsed gives which share of its latency budget the slowest network of each pick takes; 0 for
// a pick without a budget, or that cannot be timed.
func (j *Job) budgetUsed(ctx context.Context, picks []pick, timed stopwatch) ([]float64, error) {
	shares := make([]float64, len(picks))
	for i := range j.Devices {
		d := &j.Devices[i]
		var archs []supernet.Arch
		var of []int // the pick of each
		for k, p := range picks {
			if p.device != d || p.place > 0 || p.limits.LatencyMS == 0 {
				continue
			}
			for _, f := range p.best {
				archs, of = append(archs, f.Arch), append(of, k)
			}
		}
		if archs == nil {
			continue
		}
		high, err := timed(ctx, d, archs)
		if err != nil {
			return nil, err
		}
		for k, ms := range high {
			p := of[k]
			shares[p] = max(shares[p], ms*(1+spare)/picks[p].limits.LatencyMS)
		}
	}
	return shares, nil
}

// findWithin searches for a pick's networks again, within a lower latency. Where there are none,
// the pick stays as it is, and false is returned.
func (j *Job) findWithin(ctx context.Context, p *pick, aimMS float64, result *Result) (bool,
	error) {
	q := search.Query{Space: j.Space, Accuracy: j.Accuracy, Limits: p.device.judged(p.limits),
		Known: j.Known}
	p.device.Ask(&q)
	q.Limits.LatencyMS = aimMS
	config := j.searching(0, 1)
	config.Top = j.Top
	answer, err := search.Find(ctx, q, config)
	var unreachable *search.UnreachableError
	if errors.As(err, &unreachable) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	result.Evaluations += answer.Evaluations
	if p.exact { // what was best within the budget bounds whatever is within a lower one
		p.exact, p.bound = false, p.best[0].Top1
	}
	changed := !slices.Equal(p.best, answer.Best)
	p.best = answer.Best
	return changed, nil
}

// stopwatch times networks on a device for [Job.keep].
func (j *Job) stopwatch(ctx context.Context, d *Device, archs []supernet.Arch) ([]float64,
	error) {
	timed, err := j.timeOn(ctx, d, archs)
	if err != nil || timed == nil {
		return nil, err
	}
	high := make([]float64, len(archs))
	for i, t := range timed.timings {
		high[i] = t.CIHighMS
	}
	return high, nil
}
