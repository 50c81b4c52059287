package manifest

import (
	"fmt"
	"math"

	"github.com/tailor-nas/tailor/supernet"
)

// Limits are what a network must stay within. A limit of 0 is none: no network costs nothing, so
// that no other could be meant. Who asks somebody else for limits must refuse 0, as the command
// line does.
type Limits struct {
	LatencyMS float64 `json:"latency_ms,omitempty"` // 0 is no limit
	MACs      int64   `json:"macs,omitempty"`       // 0 is no limit
	Params    int64   `json:"params,omitempty"`     // 0 is no limit
	// MemoryBytes is one on the memory of activations, SizeBytes on the file of weights: see Costs.
	MemoryBytes int64 `json:"memory_bytes,omitempty"`
	SizeBytes   int64 `json:"size_bytes,omitempty"`
	// EnergyMJ is one on what an inference takes.
	EnergyMJ float64 `json:"energy_mj,omitempty"`
}

// Costs are what a network costs.
type Costs struct {
	LatencyMS   float64
	MACs        int64
	Params      int64
	MemoryBytes int64 // supernet.Memory: activations of one image at once
	SizeBytes   int64 // SizeAtMost: of the file of weights
	EnergyMJ    float64
}

// CostsOf are those of a network that takes so long, but for the energy.
func CostsOf(blocks []supernet.Block, latencyMS float64) Costs {
	return Costs{LatencyMS: latencyMS, MACs: supernet.MACs(blocks),
		Params: supernet.Params(blocks), MemoryBytes: supernet.Memory(blocks),
		SizeBytes: SizeAtMost(blocks)}
}

// Check refuses limits that are below 0 or not finite.
func (l Limits) Check() error {
	if !(l.LatencyMS >= 0 && l.LatencyMS <= math.MaxFloat64) ||
		!(l.EnergyMJ >= 0 && l.EnergyMJ <= math.MaxFloat64) ||
		min(l.MACs, l.Params, l.MemoryBytes, l.SizeBytes) < 0 {
		return fmt.Errorf("limits of %g ms, %g mJ, %d MACs, %d parameters, %d bytes of memory and %d "+
			"bytes of weights: each must be above 0, or 0 for none",
			l.LatencyMS, l.EnergyMJ, l.MACs, l.Params, l.MemoryBytes, l.SizeBytes)
	}
	return nil
}

// Hold says whether a network stays within the limits.
func (l Limits) Hold(c Costs) bool { return l.Excess(c) == 0 }

// Excess is how far costs are over the limits, relative to these.
func (l Limits) Excess(c Costs) float64 {
	return excess(c.LatencyMS, l.LatencyMS) + excess(float64(c.MACs), float64(l.MACs)) +
		excess(float64(c.Params), float64(l.Params)) +
		excess(float64(c.MemoryBytes), float64(l.MemoryBytes)) +
		excess(float64(c.SizeBytes), float64(l.SizeBytes)) + excess(c.EnergyMJ, l.EnergyMJ)
}

// excess is how far a value is over a limit, relative to it.
func excess(v, limit float64) float64 {
	if limit == 0 || v <= limit {
		return 0
	}
	return (v - limit) / limit
}
