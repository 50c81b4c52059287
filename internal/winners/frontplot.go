package winners

import (
	"path/filepath"
	"strconv"

	"github.com/tailor-nas/tailor/internal/report"
	"github.com/tailor-nas/tailor/search"
)

// frontPlotFile is the picture of a front, in the folder of its document.
const frontPlotFile = "front.svg"

// plotFronts draws each device's front in the folder of its document and, if the job has a plot,
// all of them there.
func (j *Job) plotFronts(fronts []deviceFront, result *Result) error {
	if len(fronts) == 0 {
		return nil
	}
	largest := 0.0
	for _, f := range fronts {
		largest = max(largest, j.Cost.Of(f.Points[len(f.Points)-1]))
	}
	scale, label := j.costAxis(largest)
	budgets := j.budgets(scale, largest)
	var all []report.Front
	for i, f := range fronts {
		drawn := j.drawn(f, result.Winners, scale)
		path := filepath.Join(j.dir(f.device), frontPlotFile)
		if err := report.Fronts(path, label, budgets, []report.Front{drawn}); err != nil {
			return err
		}
		result.Fronts[i].Plot = path
		drawn.Name = j.label(f.device)
		all = append(all, drawn)
	}
	if j.Plot == "" {
		return nil
	}
	return report.Fronts(j.Plot, label, budgets, all)
}

// costAxis is the axis for costs up to the largest: what costs are multiplied by, and the label
// with the unit that this gives.
func (j *Job) costAxis(largest float64) (scale float64, label string) {
	if j.Cost == search.Latency {
		if largest < 1 {
			return 1000, "latency, us"
		}
		return 1, "latency, ms"
	}
	if j.Cost == search.Energy {
		return 1, "energy, mJ"
	}
	name := map[search.Cost]string{search.MACs: "multiply-accumulates",
		search.Params: "parameters", search.Memory: "bytes of memory",
		search.Size: "bytes of weights"}[j.Cost]
	switch {
	case largest >= 1e9:
		return 1e-9, name + ", billions"
	case largest >= 1e6:
		return 1e-6, name + ", millions"
	case largest >= 1e3:
		return 1e-3, name + ", thousands"
	}
	return 1, name
}

// budgets are the limits on the front's cost, scaled. Those of more than twice the front's largest
// cost are left out, as the front would be drawn small.
func (j *Job) budgets(scale, largest float64) (all []float64) {
	for _, l := range j.Limits {
		if b := j.Cost.Limited(l); b > 0 && b < 2*largest {
			all = append(all, b*scale)
		}
	}
	return all
}

// drawn is a device's front with its winners, as the picture shows them.
func (j *Job) drawn(f deviceFront, winners []Winner, scale float64) report.Front {
	var r report.Front
	for _, p := range f.Points {
		r.Points = append(r.Points, report.CostPoint{Cost: scale * j.Cost.Of(p), Top1: p.Top1})
	}
	relative := 0.0
	if l := f.device.Latency; l != nil && j.Cost == search.Latency {
		relative = l.Interval.Relative
	}
	if e := f.device.Energy; e != nil && j.Cost == search.Energy {
		relative = e.Interval.Relative
	}
	for _, w := range winners {
		if w.Device == j.label(f.device) {
			r.Picked = append(r.Picked, j.picked(w, strconv.Itoa(len(r.Picked)+1), scale, relative))
		}
	}
	return r
}

// normal95 is half of a normal distribution's 95 % interval, in standard deviations.
const normal95 = 1.96

// picked is a winner as the picture shows it, with 95 % intervals: its top-1 and latency as
// measured, each as predicted if it was not. relative is half of the latency predictor's interval,
// as a share, or that of energy.
func (j *Job) picked(w Winner, name string, scale, relative float64) report.Picked {
	m := w.Measured
	p := report.Picked{Name: name, Measured: m != nil && m.Images > 0}
	if p.Measured {
		p.Top1 = report.Wilson(m.Top1, m.Images)
	} else {
		spread := normal95 * w.Predicted.Top1RMSE
		p.Top1 = report.Range{Value: w.Predicted.Top1, Low: w.Predicted.Top1 - spread,
			High: w.Predicted.Top1 + spread}
	}
	switch {
	case j.Cost == search.MACs:
		p.Cost = exactly(scale * float64(w.MACs))
	case j.Cost == search.Params:
		p.Cost = exactly(scale * float64(w.Params))
	case j.Cost == search.Memory:
		p.Cost = exactly(scale * float64(w.Memory))
	case j.Cost == search.Size:
		p.Cost = exactly(scale * float64(w.Size))
	case j.Cost == search.Energy:
		p.Cost = around(scale*w.Predicted.EnergyMJ, relative)
	case m != nil && m.LatencyMS > 0:
		p.Cost = report.Range{Value: scale * m.LatencyMS, Low: scale * m.LatencyLowMS,
			High: scale * m.LatencyHighMS}
	default:
		p.Cost = around(scale*w.Predicted.LatencyMS, relative)
	}
	return p
}

func around(v, relative float64) report.Range {
	return report.Range{Value: v, Low: v * (1 - relative), High: v * (1 + relative)}
}

func exactly(v float64) report.Range { return report.Range{Value: v, Low: v, High: v} }
