package winners

import (
	"context"
	"fmt"
	"time"

	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/optimize"
)

// pick is what was found for one question: a device with limits, or with a place on its front.
type pick struct {
	device  *Device
	limits  search.Limits
	place   int            // on the front, from 1; 0 if the question is limits
	best    []search.Found // highest predicted top-1 first
	exact   bool           // every network was examined: no bound is needed
	history []optimize.Point
	// bound is a certain upper bound on the predicted top-1 (0 to 1) within the limits, 0 if there
	// is none.
	bound float64
	// likely is an estimated upper bound on the same, 0 if there is none. It is no proof: it
	// assumes that networks nobody examined deviate no more from an additive model than examined
	// ones.
	likely float64
}

// deviceFront is the whole front of a device.
type deviceFront struct {
	device *Device
	*search.Front
}

// exact says whether every sub-network within the front's limits was examined.
func (f deviceFront) exact() bool { return f.Status == optimize.Exhausted }

// find searches for all devices and limits, or for the front of each device. The searches share the
// values of the accuracy predictor, so that each network's top-1 is predicted once.
func (j *Job) find(ctx context.Context) ([]pick, []deviceFront, *Result, error) {
	began, result := time.Now(), &Result{}
	var accuracy search.Predictor = j.Accuracy
	if len(j.Devices)*len(j.Limits) > 1 {
		accuracy = search.Remember(accuracy)
	}
	var picks []pick
	var fronts []deviceFront
	for i := range j.Devices {
		d := &j.Devices[i]
		q := search.Query{Space: j.Space, Accuracy: accuracy, Known: j.Known}
		d.Ask(&q)
		known, err := j.known(d, q)
		if err != nil {
			return nil, nil, nil, err
		}
		result.Devices = append(result.Devices, known)
		if j.Pareto {
			var f deviceFront
			if f, picks, err = j.findFront(ctx, i, q, picks, result); err == nil {
				fronts = append(fronts, f)
			}
		} else {
			picks, err = j.findEach(ctx, i, q, picks, result)
		}
		err = j.asked(d, err)
		if err != nil && j.label(d) != "" {
			err = fmt.Errorf("%s: %w", d.Name, err)
		}
		if err != nil {
			return nil, nil, nil, err
		}
	}
	if len(picks) == 0 {
		return nil, nil, nil, result.Unreachable[0].Err
	}
	result.Seconds = time.Since(began).Seconds()
	return picks, fronts, result, nil
}

// Ask puts the device's predictors into a query. A nil pointer would be a predictor there.
func (d *Device) Ask(q *search.Query) {
	if d.Latency != nil {
		q.Latency = d.Latency
	}
	if d.Energy != nil {
		q.Energy = d.Energy
	}
}

// findEach runs one search for each of the limits.
func (j *Job) findEach(ctx context.Context, device int, q search.Query, picks []pick,
	result *Result) ([]pick, error) {
	d := &j.Devices[device]
	for i, limits := range j.Limits {
		q.Limits = d.judged(limits)
		config := j.searching(device*len(j.Limits)+i, len(j.Devices)*len(j.Limits))
		config.Top = j.Top
		answer, err := search.Find(ctx, q, config)
		if j.unanswered(d, limits, err, result) {
			continue
		}
		if err != nil {
			return nil, err
		}
		result.Evaluations += answer.Evaluations
		p := pick{device: d, limits: limits, best: answer.Best,
			exact: answer.Exact(), history: answer.History}
		if err := j.bound(ctx, q, &p, 1, likelyOf(answer)); err != nil {
			return nil, err
		}
		picks = append(picks, p)
	}
	return picks, nil
}

// likelyBound computes an estimated upper bound on the predicted top-1 within limits, see
// [search.Answer.LikelyBound]. It is not known if too few networks were examined.
type likelyBound func(search.Limits) (top1 float64, known bool, err error)

// likelyOf is the likely bound of a search, whose limits are its own whatever it is asked for.
func likelyOf(a *search.Answer) likelyBound {
	return func(search.Limits) (float64, bool, error) { return a.LikelyBound() }
}

// bound fills in a pick's two upper bounds on the predicted top-1 within the query's limits, unless
// none are asked for, or the pick is exact. By default, shares picks of a front together take about
// as many steps as one pick alone.
func (j *Job) bound(ctx context.Context, q search.Query, p *pick, shares int,
	likely likelyBound) error {
	if p.exact || j.BoundSteps < 0 {
		return nil
	}
	q.Accuracy = j.Accuracy // that of search.Remember is no search.Bounder
	steps := j.BoundSteps
	if steps == 0 {
		if steps = search.BoundSteps(q); steps > 0 {
			steps = max(steps/shares, len(q.Space.Resolutions))
		}
	}
	bound, ok, err := search.Bound(ctx, q, p.best[0].Top1, steps)
	if err != nil {
		return err
	}
	if ok {
		p.bound = bound
	}
	if bound, ok, err = likely(q.Limits); ok {
		p.likely = bound
	}
	return err
}

// searching is the configuration of one of all searches, which reports the progress of all
// together.
func (j *Job) searching(number, all int) optimize.Config {
	config := j.Config
	config.Progress = func(p optimize.Progress) {
		j.report("search", number*p.Budget+p.Evaluations, all*p.Budget)
	}
	return config
}

// findFront finds a device's front within the loosest of the limits, and picks winners from it.
func (j *Job) findFront(ctx context.Context, device int, q search.Query, picks []pick,
	result *Result) (deviceFront, []pick, error) {
	q.Limits = j.Devices[device].judged(loosest(j.Limits))
	front, err := search.FindFront(ctx, q, j.Cost, j.searching(device, len(j.Devices)))
	if err != nil {
		return deviceFront{}, nil, err
	}
	result.Evaluations += front.Evaluations
	f := deviceFront{&j.Devices[device], front}
	if j.spread() {
		picks, err = j.pickSpread(ctx, f, q, picks)
	} else {
		picks, err = j.pickWithin(ctx, f, q, picks, result)
	}
	return f, picks, err
}

// pickSpread picks winners that are evenly spaced along a front.
func (j *Job) pickSpread(ctx context.Context, f deviceFront, q search.Query,
	picks []pick) ([]pick, error) {
	picked := f.Spread(j.Points)
	for i, found := range picked {
		p := pick{device: f.device, limits: j.Limits[0], place: i + 1, best: []search.Found{found},
			exact: f.exact()}
		q.Limits = j.Cost.Limit(f.device.judged(p.limits), j.Cost.Of(found))
		if err := j.bound(ctx, q, &p, len(picked), f.LikelyBound); err != nil {
			return nil, err
		}
		picks = append(picks, p)
	}
	return picks, nil
}

// pickWithin picks the best of a front within each of the limits. If the front may lack it, there
// is a search for it.
func (j *Job) pickWithin(ctx context.Context, f deviceFront, q search.Query, picks []pick,
	result *Result) ([]pick, error) {
	wider := f.device.judged(loosest(j.Limits))
	for _, limits := range j.Limits {
		q.Limits = f.device.judged(limits)
		p, likely := pick{device: f.device, limits: limits, exact: f.exact()},
			likelyBound(f.LikelyBound)
		if best, ok := f.Best(q.Limits); ok && f.hasBest(q.Limits, wider) {
			p.best = []search.Found{best}
		} else { // if no network is within the limits, its error has the smallest cost
			answer, err := search.Find(ctx, q, j.Config)
			if j.unanswered(f.device, limits, err, result) {
				continue
			}
			if err != nil {
				return nil, err
			}
			result.Evaluations += answer.Evaluations
			p.best, p.exact, likely = answer.Best[:1], answer.Exact(), likelyOf(answer)
		}
		if err := j.bound(ctx, q, &p, len(j.Limits), likely); err != nil {
			return nil, err
		}
		picks = append(picks, p)
	}
	return picks, nil
}

// hasBest says whether the best network within limits must be on a front that was found within
// wider ones: it must if they differ in the front's own cost alone. A tighter limit on another cost
// may leave a best network that is not on the front.
func (f deviceFront) hasBest(limits, wider search.Limits) bool {
	return f.Cost.Limit(limits, 0) == f.Cost.Limit(wider, 0)
}

// loosest are the tightest limits that allow every network that any of the limits allows.
func loosest(all []search.Limits) search.Limits {
	l := all[0]
	for _, other := range all[1:] {
		l.LatencyMS = looser(l.LatencyMS, other.LatencyMS)
		l.MACs = looser(l.MACs, other.MACs)
		l.Params = looser(l.Params, other.Params)
		l.MemoryBytes = looser(l.MemoryBytes, other.MemoryBytes)
		l.SizeBytes = looser(l.SizeBytes, other.SizeBytes)
		l.EnergyMJ = looser(l.EnergyMJ, other.EnergyMJ)
	}
	return l
}

// looser is the higher of two limits on one cost, where 0 is none.
func looser[T int64 | float64](a, b T) T {
	if a == 0 || b == 0 {
		return 0
	}
	return max(a, b)
}
