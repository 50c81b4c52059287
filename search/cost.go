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
)

var costNames = map[Cost]string{Latency: "latency_ms", MACs: "macs", Params: "params"}

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
	return fmt.Errorf("cost is %q, expected latency_ms, macs or params", text)
}

func (c Cost) of(latencyMS, macs, params float64) float64 {
	switch c {
	case MACs:
		return macs
	case Params:
		return params
	}
	return latencyMS
}

// Of is a network's cost.
func (c Cost) Of(f Found) float64 { return c.of(f.LatencyMS, float64(f.MACs), float64(f.Params)) }

// Limit tightens limits so that they allow at most the given cost.
func (c Cost) Limit(l Limits, most float64) Limits {
	switch c {
	case Latency:
		if l.LatencyMS == 0 || most < l.LatencyMS {
			l.LatencyMS = most
		}
	case MACs:
		if l.MACs == 0 || int64(most) < l.MACs {
			l.MACs = int64(most)
		}
	case Params:
		if l.Params == 0 || int64(most) < l.Params {
			l.Params = int64(most)
		}
	}
	return l
}

// Limited is the limit on this cost, 0 if there is none.
func (c Cost) Limited(l Limits) float64 {
	return c.of(l.LatencyMS, float64(l.MACs),
		float64(l.Params))
}
