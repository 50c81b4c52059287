package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/optimize"
)

// pick is what one question to the search gave: of a device, and limits or a place on its front.
type pick struct {
	device  *Device
	limits  search.Limits
	place   int // on the front, from 1; 0 for limits
	best    []search.Found
	exact   bool
	history []optimize.Point
	bound   float64 // of the top-1 within the limits, 0 if not known
	likely  float64 // the same, if what was not looked at is like what was
}

// deviceFront is the whole front of a device.
type deviceFront struct {
	device *Device
	*search.Front
}

// find searches for all devices and limits, or for the front of each device. The searches share what the accuracy predictor said.
func (j *SearchJob) find(ctx context.Context) ([]pick, []deviceFront, *SearchResult, error) {
	began, result := time.Now(), &SearchResult{}
	var accuracy search.Predictor = j.Accuracy
	if len(j.Devices)*len(j.Limits) > 1 {
		accuracy = search.Remember(accuracy)
	}
	var picks []pick
	var fronts []deviceFront
	for i := range j.Devices {
		d := &j.Devices[i]
		q := search.Query{Space: j.Space, Accuracy: accuracy}
		if d.Latency != nil {
			q.Latency = d.Latency
		}
		var err error
		if j.Pareto {
			var f deviceFront
			if f, picks, err = j.findFront(ctx, i, q, picks); err == nil {
				fronts = append(fronts, f)
				result.Evaluations += f.Evaluations
			}
		} else {
			picks, err = j.findEach(ctx, i, q, picks, result)
		}
		if err != nil && j.label(d) != "" {
			err = fmt.Errorf("%s: %w", d.Name, err)
		}
		if err != nil {
			return nil, nil, nil, err
		}
	}
	result.Seconds = time.Since(began).Seconds()
	return picks, fronts, result, nil
}

// findEach runs one search for each of the limits.
func (j *SearchJob) findEach(ctx context.Context, device int, q search.Query, picks []pick, result *SearchResult) ([]pick, error) {
	for i, limits := range j.Limits {
		q.Limits = limits
		config := j.searching(device*len(j.Limits)+i, len(j.Devices)*len(j.Limits))
		config.Top = j.Top
		answer, err := search.Find(ctx, q, config)
		if err != nil {
			return nil, err
		}
		result.Evaluations += answer.Evaluations
		p := pick{device: &j.Devices[device], limits: limits, best: answer.Best, exact: answer.Exact(), history: answer.History}
		if err := j.bound(ctx, q, &p, 1, answer.LikelyBound); err != nil {
			return nil, err
		}
		picks = append(picks, p)
	}
	return picks, nil
}

// bound says what no network within the query's limits exceeds, where that is asked for and not known to be the winner's: for sure, and
// likely. By default the bounds of a front share the time of one.
func (j *SearchJob) bound(ctx context.Context, q search.Query, p *pick, shares int, likely func() (float64, bool, error)) error {
	if p.exact || j.BoundSteps < 0 {
		return nil
	}
	q.Accuracy = j.Accuracy // what remembers predictions cannot be bounded
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
	if bound, ok, err = likely(); ok {
		p.likely = bound
	}
	return err
}

// searching is the configuration of one of some searches, which reports how far all are.
func (j *SearchJob) searching(number, all int) optimize.Config {
	config := j.Config
	config.Progress = func(p optimize.Progress) {
		j.report("search", number*p.Budget+p.Evaluations, all*p.Budget)
	}
	return config
}

// findFront finds a device's front, up to the loosest of the limits, and picks from it.
func (j *SearchJob) findFront(ctx context.Context, device int, q search.Query, picks []pick) (deviceFront, []pick, error) {
	d := &j.Devices[device]
	q.Limits = loosest(j.Limits)
	front, err := search.FindFront(ctx, q, j.Cost, j.searching(device, len(j.Devices)))
	if err != nil {
		return deviceFront{}, nil, err
	}
	exact := front.Status == optimize.Exhausted
	likely := func() (float64, bool, error) { return front.LikelyBound(q.Limits) }
	if j.spread() {
		picked := front.Spread(j.Points)
		for i, f := range picked {
			p := pick{device: d, limits: j.Limits[0], place: i + 1, best: []search.Found{f}, exact: exact}
			q.Limits = j.Cost.Limit(p.limits, j.Cost.Of(f))
			if err := j.bound(ctx, q, &p, len(picked), likely); err != nil {
				return deviceFront{}, nil, err
			}
			picks = append(picks, p)
		}
		return deviceFront{d, front}, picks, nil
	}
	for _, limits := range j.Limits {
		best, ok := front.Best(limits)
		if !ok { // says how near one can come
			q.Limits = limits
			answer, err := search.Find(ctx, q, j.Config)
			if err != nil {
				return deviceFront{}, nil, err
			}
			best = answer.Best[0]
		}
		q.Limits = limits
		p := pick{device: d, limits: limits, best: []search.Found{best}, exact: exact}
		if err := j.bound(ctx, q, &p, len(j.Limits), likely); err != nil {
			return deviceFront{}, nil, err
		}
		picks = append(picks, p)
	}
	return deviceFront{d, front}, picks, nil
}

// loosest is what holds wherever any of the limits does.
func loosest(all []search.Limits) search.Limits {
	l := all[0]
	for _, other := range all[1:] {
		l.LatencyMS = looser(l.LatencyMS, other.LatencyMS)
		l.MACs = looser(l.MACs, other.MACs)
		l.Params = looser(l.Params, other.Params)
	}
	return l
}

func looser[T int64 | float64](a, b T) T {
	if a == 0 || b == 0 {
		return 0
	}
	return max(a, b)
}
