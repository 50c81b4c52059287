package search

import "fmt"

// Cost is the quantity that a front trades against accuracy.
type Cost int

const (
	// Latency is in milliseconds.
	Latency Cost = iota + 1
	// MACs counts multiply-accumulates.
	MACs
	// Params counts trained parameters.
	Params
	// Memory is of the activations of one image, in bytes.
	Memory
	// Size is of the file of weights, in bytes.
	Size
	// Energy is of an inference, in millijoules.
	Energy
)

var costNames = map[Cost]string{Latency: "latency_ms", MACs: "macs", Params: "params",
	Memory: "memory_bytes", Size: "size_bytes", Energy: "energy_mj"}

// allCosts are in the order in which people read of them.
var allCosts = []Cost{Latency, Energy, MACs, Params, Memory, Size}

// String is the name of the cost in documents, with its unit.
func (c Cost) String() string {
	if name, ok := costNames[c]; ok {
		return name
	}
	return fmt.Sprintf("cost %d", int(c))
}

// MarshalText gives the name.
func (c Cost) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads a name.
func (c *Cost) UnmarshalText(text []byte) error {
	for cost, name := range costNames {
		if name == string(text) {
			*c = cost
			return nil
		}
	}
	return fmt.Errorf("cost is %q, expected latency_ms, energy_mj, macs, params, memory_bytes "+
		"or size_bytes", text)
}

func (c Cost) of(all Costs) float64 {
	switch c {
	case MACs:
		return float64(all.MACs)
	case Params:
		return float64(all.Params)
	case Memory:
		return float64(all.MemoryBytes)
	case Size:
		return float64(all.SizeBytes)
	case Energy:
		return all.EnergyMJ
	}
	return all.LatencyMS
}

// Of is a network's cost.
func (c Cost) Of(f Found) float64 { return c.of(f.Costs()) }

// Limit tightens limits so that they allow at most the given cost.
func (c Cost) Limit(l Limits, most float64) Limits {
	switch c {
	case Latency:
		if l.LatencyMS == 0 || most < l.LatencyMS {
			l.LatencyMS = most
		}
	case Energy:
		if l.EnergyMJ == 0 || most < l.EnergyMJ {
			l.EnergyMJ = most
		}
	case MACs:
		l.MACs = tighter(l.MACs, most)
	case Params:
		l.Params = tighter(l.Params, most)
	case Memory:
		l.MemoryBytes = tighter(l.MemoryBytes, most)
	case Size:
		l.SizeBytes = tighter(l.SizeBytes, most)
	}
	return l
}

// tighter is the lower of two limits, where the first may be none.
func tighter(limit int64, most float64) int64 {
	if limit == 0 || int64(most) < limit {
		return int64(most)
	}
	return limit
}

// Limited is the limit on this cost, 0 if there is none.
func (c Cost) Limited(l Limits) float64 {
	return c.of(Costs(l))
}
