package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/tailor-nas/tailor/internal/winners"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

type predictCmd struct {
	spaceFlags
	Accuracy string   `help:"File that fit accuracy or import wrote." type:"path"`
	Latency  []string `help:"File that fit latency or import wrote; several, separated by commas." type:"path"`
	Energy   string   `help:"File that fit energy wrote." type:"path"`
	Arch     string   `help:"max, min, random:N, or an arch as JSON." xor:"archs"`
	Archs    string   `help:"File of archs: a line of JSON each." type:"path" xor:"archs"`
}

// prediction is the JSON of one arch.
type prediction struct {
	Arch supernet.Spec `json:"arch"`
	Top1 *float64      `json:"top1,omitempty"`
	// by the name of the predictor's file
	LatencyMS map[string]float64 `json:"latency_ms,omitempty"`
	EnergyMJ  *float64           `json:"energy_mj,omitempty"`
	costs
}

// predictResult is the JSON, with the predictors' held-out errors.
type predictResult struct {
	Archs    []prediction               `json:"archs"`
	Accuracy *regress.HeldOut           `json:"accuracy_heldout,omitempty"`
	Latency  map[string]regress.HeldOut `json:"latency_heldout,omitempty"`
	// Intervals hold 90 % of networks: the share of a latency by which it may be larger or smaller.
	Intervals map[string]regress.Interval `json:"latency_interval,omitempty"`
	Energy    *predictedEnergy            `json:"energy,omitempty"`
}

// predictedEnergy is what is known of predicted energies.
type predictedEnergy struct {
	Device   string                 `json:"device"`
	Source   predictor.EnergySource `json:"source"`
	HeldOut  regress.HeldOut        `json:"heldout"`
	Interval *regress.Interval      `json:"interval,omitempty"`
}

// Run predicts.
func (c *predictCmd) Run(g *Globals) error {
	if c.Accuracy == "" && len(c.Latency) == 0 && c.Energy == "" {
		return usagef("name what is to be predicted with --accuracy FILE, --latency FILE or --energy FILE")
	}
	space, run, err := c.load()
	if err != nil {
		return err
	}
	archs, err := c.archs(space, g.Seed)
	if err != nil {
		return err
	}
	r := &predictResult{Latency: map[string]regress.HeldOut{},
		Intervals: map[string]regress.Interval{}}
	for _, a := range archs {
		r.Archs = append(r.Archs, prediction{Arch: space.Spec(a), LatencyMS: map[string]float64{},
			costs: costsOf(space, a)})
	}
	if c.Accuracy != "" {
		if err := r.accuracy(c.Accuracy, space, run, archs); err != nil {
			return err
		}
	}
	var devices []string
	for _, path := range c.Latency {
		device, err := r.latency(g, path, space, archs)
		if err != nil {
			return err
		}
		devices = append(devices, device)
	}
	if c.Energy != "" {
		if err := r.energy(c.Energy, space, archs); err != nil {
			return err
		}
	}
	return g.result(r, func(w io.Writer) { r.print(w, devices) })
}

func (c *predictCmd) archs(space *supernet.Space, seed uint64) ([]supernet.Arch, error) {
	switch {
	case c.Archs != "":
		return readArchs(c.Archs, space)
	case c.Arch != "":
		return parseArchs(c.Arch, space, seed)
	}
	return nil, usagef("name the sub-networks with --arch or --archs FILE")
}

// accuracy predicts top-1. If a run is named, the predictor must be of its weights.
func (r *predictResult) accuracy(path string, space *supernet.Space, run *trainer.Run,
	archs []supernet.Arch) error {
	a, err := predictor.LoadAccuracy(path, space)
	if err != nil {
		return err
	}
	if run != nil {
		if err := winners.CheckWeights(path, a, run); err != nil {
			return err
		}
	}
	top1, err := a.Predict(archs)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for i := range top1 {
		r.Archs[i].Top1 = &top1[i]
	}
	if a.HeldOut.Samples > 0 {
		r.Accuracy = &a.HeldOut
	}
	return nil
}

func (r *predictResult) latency(g *Globals, path string, space *supernet.Space,
	archs []supernet.Arch) (device string, err error) {
	l, err := g.loadLatency(path, space)
	if err != nil {
		return "", err
	}
	ms, err := l.Predict(archs)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	device = winners.DeviceName(path)
	if _, twice := r.Archs[0].LatencyMS[device]; twice {
		return "", usagef("two latency predictors are called %s; give them different file names",
			device)
	}
	for i := range ms {
		r.Archs[i].LatencyMS[device] = ms[i]
	}
	if l.HeldOut.Samples > 0 {
		r.Latency[device] = l.HeldOut
	}
	if l.Interval.Coverage > 0 {
		r.Intervals[device] = l.Interval
	}
	return device, nil
}

func (r *predictResult) energy(path string, space *supernet.Space, archs []supernet.Arch) error {
	e, err := predictor.LoadEnergy(path, space)
	if err != nil {
		return err
	}
	mj, err := e.Predict(archs)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for i := range mj {
		r.Archs[i].EnergyMJ = &mj[i]
	}
	r.Energy = &predictedEnergy{Device: e.Device, Source: e.Source, HeldOut: e.HeldOut}
	if e.Interval.Coverage > 0 {
		r.Energy.Interval = &e.Interval
	}
	return nil
}

func (r *predictResult) print(w io.Writer, devices []string) {
	t := &table{headings: 1}
	heading := []string{"TOP-1"}
	for _, d := range devices {
		heading = append(heading, strings.ToUpper(d))
	}
	if r.Energy != nil {
		heading = append(heading, "ENERGY")
	}
	t.row(append(heading, "MACS", "PARAMS", "ARCH")...)
	for _, p := range r.Archs {
		row := []string{"-"}
		if p.Top1 != nil {
			row[0] = fmt.Sprintf("%.2f %%", 100**p.Top1)
		}
		for _, d := range devices {
			row = append(row, latency(p.LatencyMS[d]))
		}
		if p.EnergyMJ != nil {
			row = append(row, energy(*p.EnergyMJ))
		}
		t.row(append(row, large(p.MACs), large(p.Params), archText(p.Arch))...)
	}
	t.print(w)
	if h := r.Accuracy; h != nil {
		fmt.Fprintf(w, "top-1 is predicted with an error of %.2f points (RMSE of %d held-out networks)\n", 100*h.RMSE, h.Samples)
	}
	for _, d := range devices {
		if h, ok := r.Latency[d]; ok {
			fmt.Fprintf(w, "latency on %s is predicted with an error of %.1f %% (MAPE of %d held-out networks)\n", d, 100*h.MAPE, h.Samples)
		}
		if i, ok := r.Intervals[d]; ok {
			fmt.Fprintf(w, "%.0f %% of latencies on %s are within %.1f %% of what is predicted\n",
				100*i.Coverage, d, 100*i.Relative)
		}
	}
	if e := r.Energy; e != nil {
		fmt.Fprintf(w, "energy on %s is predicted with an error of %.1f %% (MAPE of %d held-out networks, %s)\n", e.Device, 100*e.HeldOut.MAPE, e.HeldOut.Samples, sourceText(string(e.Source)))
		if i := e.Interval; i != nil {
			fmt.Fprintf(w, "%.0f %% of energies are within %.1f %% of what is predicted\n",
				100*i.Coverage, 100*i.Relative)
		}
	}
}
