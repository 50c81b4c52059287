package manifest

import (
	"fmt"
	"math"
)

// Limits are what a network must stay within. A limit of 0 is none: no network costs nothing, so
// that no other could be meant. Who asks somebody else for limits must refuse 0, as the command
// line does.
type Limits struct {
	LatencyMS float64 `json:"latency_ms,omitempty"` // 0 is no limit
	MACs      int64   `json:"macs,omitempty"`       // 0 is no limit
	Params    int64   `json:"params,omitempty"`     // 0 is no limit
}

// Check refuses limits that are below 0 or not finite.
func (l Limits) Check() error {
	if !(l.LatencyMS >= 0 && l.LatencyMS <= math.MaxFloat64) || l.MACs < 0 || l.Params < 0 {
		return fmt.Errorf("limits of %g ms, %d MACs and %d parameters: each must be above 0, or 0 for none",
			l.LatencyMS, l.MACs, l.Params)
	}
	return nil
}

// Hold says whether a network stays within the limits.
func (l Limits) Hold(latencyMS float64, macs, params int64) bool {
	return l.Excess(latencyMS, float64(macs), float64(params)) == 0
}

// Excess is how far costs are over the limits, relative to these.
func (l Limits) Excess(latencyMS, macs, params float64) float64 {
	return excess(latencyMS, l.LatencyMS) + excess(macs, float64(l.MACs)) +
		excess(params, float64(l.Params))
}

// excess is how far a value is over a limit, relative to it.
func excess(v, limit float64) float64 {
	if limit == 0 || v <= limit {
		return 0
	}
	return (v - limit) / limit
}
