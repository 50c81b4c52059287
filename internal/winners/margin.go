package winners

import (
	"context"
	"errors"
	"math"

	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/optimize"
)

// setMargins sets by how much winners must be predicted to stay below limits on latency, on the
// devices on which they cannot be timed.
func (j *Job) setMargins(ctx context.Context) error {
	for i := range j.Devices {
		d := &j.Devices[i]
		if d.Latency == nil || j.Confidence == 0 {
			continue
		}
		timed, _, err := d.isHere(ctx)
		if err != nil {
			return err
		}
		if !timed {
			d.margin, _ = search.Selection{
				Genes: len(j.Space.Genes()), Examined: j.examined(),
				Networks: d.Latency.Networks, MAPE: d.Latency.HeldOut.MAPE,
				RMSE: d.Latency.HeldOut.RMSE,
			}.Margin(j.Confidence)
		}
	}
	return nil
}

// examined is how many networks a search chooses from at most.
func (j *Job) examined() int {
	n := j.Config.Evaluations
	switch {
	case n == optimize.Auto && j.Pareto:
		n = search.FrontEvaluations
	case n == optimize.Auto:
		n = optimize.GuidedEvaluations
	}
	n = search.Examined(j.Accuracy, n)
	if all := j.Space.Count(); all.IsInt64() {
		n = int(min(int64(n), all.Int64()))
	}
	return n
}

// isHere says whether networks can be timed as the device's latency predictor has them: on the
// same device, in the same runtime.
func (d *Device) isHere(ctx context.Context) (bool, profiles.Identity, error) {
	if d.Latency != nil && d.Elsewhere != nil {
		return true, profiles.Identity{Device: d.Latency.Device, Runtime: d.Latency.Runtime}, nil
	}
	if d.Latency == nil || d.Runtime == nil {
		return false, profiles.Identity{}, nil
	}
	here, err := profiles.DeviceOf(ctx, d.Runtime)
	if err != nil {
		return false, profiles.Identity{}, errTime(err)
	}
	id := profiles.IdentityOf(here, d.Runtime)
	return id == profiles.Identity{Device: d.Latency.Device, Runtime: d.Latency.Runtime}, id, nil
}

// judged are limits as predictions must keep them, so that the device does.
func (d *Device) judged(l search.Limits) search.Limits {
	l.LatencyMS = d.margin.Within(l.LatencyMS)
	return l
}

// highMS is the upper end of a predicted latency with the job's confidence; 0 if it is not known.
func (d *Device) highMS(predicted float64) float64 {
	if d.margin == 0 {
		return 0
	}
	return d.margin.High(predicted)
}

// asked gives an error about limits on the device in terms of those that were asked for.
func (j *Job) asked(d *Device, err error) error {
	var e *search.UnreachableError
	if d.margin == 0 || !errors.As(err, &e) || e.Limit != "latency" {
		return err
	}
	e.Asked, e.Smallest = round(d.margin.High(e.Asked)), d.margin.High(e.Smallest)
	e.Confidence = j.Confidence
	return err
}

// round undoes what dividing and multiplying again left of a limit.
func round(ms float64) float64 {
	scale := math.Pow(10, 12-math.Ceil(math.Log10(ms)))
	return math.Round(ms*scale) / scale
}
