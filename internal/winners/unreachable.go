package winners

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/optimize"
)

// unanswered notes a question that no network answers, and says whether the error is of that kind:
// other questions are searched all the same.
func (j *Job) unanswered(d *Device, limits search.Limits, err error, result *Result) bool {
	if !errors.Is(err, optimize.ErrInfeasible) {
		return false
	}
	err = j.asked(d, err)
	if label := j.label(d); label != "" {
		err = fmt.Errorf("%s: %w", label, err)
	}
	result.Unreachable = append(result.Unreachable,
		Unreachable{Device: j.label(d), Limits: limits, Error: err.Error(), Err: err})
	return true
}

// known is what can be said of a device's networks.
func (j *Job) known(d *Device, q search.Query) (Known, error) {
	k := Known{Device: j.label(d)}
	left := search.LeftOut(q)
	k.LeftOut = slices.Sorted(maps.Keys(left))
	if len(k.LeftOut) > 0 {
		k.Why = left[k.LeftOut[0]]
	}
	var err error
	q.Limits = j.common()
	if k.Spans, err = search.Spans(q, j.Config.Seed); err != nil {
		return k, err
	}
	return k, nil
}

// common are the limits that all questions share.
func (j *Job) common() search.Limits {
	all := j.Limits[0]
	for _, l := range j.Limits[1:] {
		all.LatencyMS = shared(all.LatencyMS, l.LatencyMS)
		all.MACs = shared(all.MACs, l.MACs)
		all.Params = shared(all.Params, l.Params)
		all.MemoryBytes = shared(all.MemoryBytes, l.MemoryBytes)
		all.SizeBytes = shared(all.SizeBytes, l.SizeBytes)
		all.EnergyMJ = shared(all.EnergyMJ, l.EnergyMJ)
	}
	return all
}

// shared is a limit that two questions have, 0 for none.
func shared[T int64 | float64](a, b T) T {
	if a != b {
		return 0
	}
	return a
}
