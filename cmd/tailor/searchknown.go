package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/winners"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/supernet"
)

// warnKnown says which resolutions were left out, and which limits leave nothing out.
func warnKnown(g *Globals, r *winners.Result) {
	for _, k := range r.Devices {
		of := ""
		if k.Device != "" {
			of = k.Device + ": "
		}
		if k.LeftOut != nil {
			g.warn("%sleft out the resolutions %s, which a predictor does not know: %v", of,
				resolutionsText(k.LeftOut), unknownText(k.Why))
		}
		for _, s := range k.Spans {
			if s.Cost != search.Latency && s.Limit >= s.Largest {
				g.warn("%sthe largest network has %s %s, so that a limit of %s limits nothing", of,
					spanText(s.Cost, s.Largest), costWords[s.Cost], spanText(s.Cost, s.Limit))
			}
		}
	}
}

// costWords are what counts are of.
var costWords = map[search.Cost]string{search.MACs: "MACs", search.Params: "parameters",
	search.Memory: "bytes of memory", search.Size: "bytes of weights",
	search.Energy: "of predicted energy"}

// unknownText is why a network is not predicted, without which of a batch of one it was.
func unknownText(why error) string {
	var resolution *predictor.UnknownResolutionError
	var block *predictor.UnknownBlockError
	switch {
	case errors.As(why, &resolution):
		return resolution.Error()
	case errors.As(why, &block):
		return block.Error()
	}
	return fmt.Sprint(why)
}

// withinText is a share of the random networks. Where none of them is within a limit there may be
// others that are.
func withinText(share float64) string {
	switch {
	case share == 0:
		return "none"
	case share < 0.01:
		return "< 1 %"
	case share > 0.99 && share < 1:
		return "> 99 %"
	}
	return fmt.Sprintf("%.0f %%", 100*share)
}

// warnUnsure says which budgets of latency and energy cannot be kept with the confidence asked for:
// nobody knows by how much the predictor is wrong, and winners are not measured.
func warnUnsure(g *Globals, j winners.Job) {
	for _, d := range j.Devices {
		if e := d.Energy; e != nil && e.HeldOut.Samples == 0 && j.Confidence > 0 &&
			j.Limits[0].EnergyMJ > 0 {
			g.warn("the energy predictor states no error: energies are taken as predicted, and " +
				"winners may be over their limit")
		}
	}
	limited := slices.ContainsFunc(j.Limits, func(l search.Limits) bool { return l.LatencyMS > 0 })
	if j.Confidence == 0 || j.Verify || !limited {
		return
	}
	for _, d := range j.Devices {
		if d.Latency != nil && d.Latency.HeldOut.Samples == 0 {
			g.warn("%s states no error: its latencies are taken as predicted, and winners may be "+
				"over their budgets", d.Name)
		}
	}
}

// printSpans prints what networks cost, from the smallest to the largest.
func printSpans(w io.Writer, all []winners.Known) {
	t := &table{headings: 1, right: true}
	t.row("DEVICE", "COST", "SMALLEST", "MIDDLE", "LARGEST", "LIMIT", "WITHIN IT")
	for _, k := range all {
		for _, s := range k.Spans {
			limit, within := "-", "-"
			if s.Limit > 0 {
				limit = spanText(s.Cost, s.Limit)
				within = withinText(s.Within) + " of networks"
			}
			t.row(k.Device, s.Cost.String(), spanText(s.Cost, s.Smallest),
				spanText(s.Cost, s.Middle), spanText(s.Cost, s.Largest), limit, within)
		}
	}
	t.dropEmpty("", "-")
	t.print(w)
}

// spanText writes a cost for people.
func spanText(c search.Cost, v float64) string {
	switch c {
	case search.Latency:
		return latency(v)
	case search.Energy:
		return energy(v)
	}
	return large(int64(v))
}

// warnLoose says which budgets of latency leave nothing out: the largest network stays within them.
func warnLoose(g *Globals, j winners.Job) {
	for _, d := range j.Devices {
		if d.Latency == nil {
			continue
		}
		largest, err := d.Latency.Predict([]supernet.Arch{j.Space.Max()})
		if err != nil { // its resolution is not known of this device
			continue
		}
		var loose []string
		for _, l := range j.Limits {
			if l.LatencyMS > 0 && largest[0] <= l.LatencyMS {
				loose = append(loose, latency(l.LatencyMS))
			}
		}
		if loose != nil {
			g.warn("%s: the largest network is predicted to take %s, so that --max-latency of %s limits nothing", d.Name, latency(largest[0]), strings.Join(loose, " and of "))
		}
	}
}
