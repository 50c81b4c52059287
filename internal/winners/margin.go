package winners

import (
	"context"
	"errors"
	"math"

	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/search"
)

// setMargins sets by how much winners must be predicted to stay below limits on latency, on the
// devices on which they cannot be timed, and on energy, which nobody measures of them.
func (j *Job) setMargins(ctx context.Context) error {
	for i := range j.Devices {
		d := &j.Devices[i]
		if j.Confidence == 0 {
			continue
		}
		if e := d.Energy; e != nil {
			d.energyMargin = j.marginOf(e.Networks, e.HeldOut.MAPE, e.HeldOut.RMSE)
		}
		if d.Latency == nil {
			continue
		}
		timed, _, err := d.isHere(ctx)
		if err != nil {
			return err
		}
		if !timed {
			of := d.Latency
			d.margin = j.marginOf(of.Networks, of.HeldOut.MAPE, of.HeldOut.RMSE)
		}
	}
	return nil
}

// marginOf is that of a predictor of a cost which was fitted to so many networks; 0 if its error is
// not known.
func (j *Job) marginOf(networks int, mape, rmse float64) search.Margin {
	m, _ := search.Selection{Genes: len(j.Space.Genes()), Examined: j.examined(),
		Networks: networks, MAPE: mape, RMSE: rmse}.Margin(j.Confidence)
	return m
}

// examined is how many networks a search chooses from at most.
func (j *Job) examined() int {
	n := search.Examined(j.Accuracy, j.Config.Evaluations, j.Pareto)
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
	l.LatencyMS, l.EnergyMJ = d.margin.Within(l.LatencyMS), d.energyMargin.Within(l.EnergyMJ)
	return l
}

// highOf is the upper end of a predicted cost with the job's confidence; 0 if it is not known.
func highOf(m search.Margin, predicted float64) float64 {
	if m == 0 {
		return 0
	}
	return m.High(predicted)
}

// asked gives an error about limits on the device in terms of those that were asked for.
func (j *Job) asked(d *Device, err error) error {
	var e *search.UnreachableError
	if !errors.As(err, &e) {
		return err
	}
	margin := map[string]search.Margin{"latency": d.margin, "energy": d.energyMargin}[e.Limit]
	if margin == 0 {
		return err
	}
	e.Asked, e.Smallest = round(margin.High(e.Asked)), margin.High(e.Smallest)
	e.Confidence = j.Confidence
	return err
}

// round undoes what dividing and multiplying again left of a limit.
func round(ms float64) float64 {
	scale := math.Pow(10, 12-math.Ceil(math.Log10(ms)))
	return math.Round(ms*scale) / scale
}
