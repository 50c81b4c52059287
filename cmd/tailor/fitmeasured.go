package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/elsewhere"
	"github.com/tailor-nas/tailor/internal/pipeline"
	"github.com/tailor-nas/tailor/predictor"
)

// measuredInfo is what is said of measurements that were made elsewhere.
type measuredInfo struct {
	Device   string   `json:"device"`
	Runtime  string   `json:"runtime"`
	Networks int      `json:"networks"`
	Runs     int      `json:"runs"`
	Spread   float64  `json:"median_spread"` // between the runs of a network, as a share
	Worst    float64  `json:"largest_spread"`
	Relative bool     `json:"relative_to_reference"`
	Unsteady []string `json:"unsteady"`
	Once     []string `json:"measured_once"`
	Missing  []string `json:"missing"`
	Failed   []string `json:"failed"`
	listed   bool
}

func describeMeasured(m *pipeline.Measured) *measuredInfo {
	s := m.Summary
	info := &measuredInfo{Device: m.Device, Runtime: m.Runtime, Networks: len(s.Latencies),
		Relative: s.Relative, Unsteady: orNone(s.Unsteady), Once: orNone(s.Once),
		Missing: orNone(s.Missing), Failed: orNone(m.Failed), listed: m.Listed}
	var spreads []float64
	for _, l := range s.Latencies {
		info.Runs += l.Runs
		if l.Runs > 1 && l.Network != s.Reference {
			spreads = append(spreads, l.Spread)
		}
	}
	if slices.Sort(spreads); len(spreads) > 0 {
		info.Spread, info.Worst = spreads[len(spreads)/2], spreads[len(spreads)-1]
	}
	return info
}

// orNone is a list that is one in JSON, too, if there is nothing in it.
func orNone(all []string) []string { return slices.Concat([]string{}, all) }

func (i *measuredInfo) print(w io.Writer) {
	if !i.listed {
		return
	}
	fmt.Fprintf(w, "measured %d networks in %d runs on %s with %s\n", i.Networks, i.Runs, i.Device,
		i.Runtime)
	how := ""
	if i.Relative {
		how = ", relative to the reference network beside them"
	}
	fmt.Fprintf(w, "  runs of a network are %.1f %% apart (median), %.1f %% at most%s\n",
		100*i.Spread, 100*i.Worst, how)
}

// warn says what the measurements lack, a line for each kind.
func (i *measuredInfo) warn(g *Globals) {
	if len(i.Failed) > 0 {
		g.warn("%d runs failed: %s", len(i.Failed), listed(i.Failed))
	}
	if len(i.Missing) > 0 {
		g.warn("%d networks were not measured: %s", len(i.Missing), listed(i.Missing))
	}
	if len(i.Once) > 0 && i.listed {
		g.warn("%d networks were measured once only, so that nothing tells how steady they are: %s",
			len(i.Once), listed(i.Once))
	}
	if len(i.Unsteady) > 0 {
		g.warn("runs of %d networks are more than %.0f %% apart, measure them again: %s",
			len(i.Unsteady), 100*elsewhere.Unsteady, listed(i.Unsteady))
	}
}

// listedNames is how many names a line has at most.
const listedNames = 8

func listed(names []string) string {
	if more := len(names) - listedNames; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:listedNames], ", "), more)
	}
	return strings.Join(names, ", ")
}

// measuredJob is what --measured asks for.
func (c *fitLatencyCmd) measuredJob() pipeline.MeasuredJob {
	return pipeline.MeasuredJob{Files: c.Measured, Networks: c.Networks, Device: c.Device,
		Runtime: c.Runtime}
}

// alsoReads are the list of networks beside the measurements, and what was exported with it.
func (c *fitLatencyCmd) alsoReads() []string {
	j := c.measuredJob()
	return j.Beside()
}

// fitMeasured fits to what was measured elsewhere.
func (c *fitLatencyCmd) fitMeasured(g *Globals) (*predictor.Latency, *measuredInfo, error) {
	m, info, err := g.readMeasured(c.measuredJob(), spaceFlags{Space: c.Space, RunDir: c.RunDir})
	if err != nil {
		return nil, nil, err
	}
	l, err := c.fitTimings(g, &m.Timings)
	return l, info, err
}

// readMeasured reads what was measured elsewhere, of a space that may be named, and says what that
// lacks.
func (g *Globals) readMeasured(j pipeline.MeasuredJob, of spaceFlags) (m *pipeline.Measured,
	info *measuredInfo, err error) {
	if of.Space != "" || of.RunDir != "" {
		if j.Space, _, err = of.load(); err != nil {
			return nil, nil, err
		}
	}
	m, err = pipeline.ReadMeasured(j)
	if errors.Is(err, pipeline.ErrNoSpace) {
		return nil, nil, usagef("--measured needs the space of its networks (%w): name it with --space or --run", err)
	}
	if err != nil {
		return nil, nil, err
	}
	info = describeMeasured(m)
	info.warn(g)
	return m, info, nil
}
