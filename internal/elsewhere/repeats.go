package elsewhere

import (
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/predictor/regress"
)

// Unsteady is how far apart the runs of a network may be, as a share: with more, a device that
// another program slows, or that is hot, is likelier than chance.
const Unsteady = 0.10

// Latency is that of a network by all its runs; of runs that were read for their energies, the
// energy in millijoules.
type Latency struct {
	Network string
	MS      float64   // median
	Times   []float64 // of its runs, without what the device did meanwhile where that is known
	Runs    int
	Spread  float64 // from the fastest to the slowest run, as a share of the median
}

// Summary is what is known of a folder's networks.
type Summary struct {
	Latencies []Latency // of the networks that were measured, in their order
	Missing   []string  // networks that were not
	Once      []string  // measured once only: nothing tells how far to trust that
	Unsteady  []string
	Tool      Tool
	Reference string // the network, "" without one
	Relative  bool   // it tells what the device did meanwhile
}

// Summarize makes one latency, or one energy, of the runs of each network. Where the reference
// network ran right before or after most runs, the time is that network's share of the reference's
// times there, times the median of all times of the reference: what slows both for a while cancels
// out.
func Summarize(all []Network, runs []Run) (*Summary, error) {
	s := &Summary{}
	for _, r := range runs {
		tool, same := s.Tool.join(r.Tool)
		if !same {
			return nil, fmt.Errorf("%s:%d was measured with %s, others with %s: fit a predictor "+
				"for each", r.File, r.Line, r.Tool, s.Tool)
		}
		s.Tool = tool
	}
	s.Reference = reference(all)
	of := s.relative(s.Reference, runs)
	for _, n := range all {
		s.add(n, of[n.Name])
	}
	return s, nil
}

func reference(all []Network) string {
	for _, n := range all {
		if n.Reference {
			return n.Name
		}
	}
	return ""
}

// add takes in the times of a network.
func (s *Summary) add(n Network, ms []float64) {
	if len(ms) == 0 {
		s.Missing = append(s.Missing, n.Name)
		return
	}
	l := Latency{Network: n.Name, MS: regress.Median(ms), Times: ms, Runs: len(ms)}
	l.Spread = (slices.Max(ms) - slices.Min(ms)) / l.MS
	s.Latencies = append(s.Latencies, l)
	switch {
	case len(ms) == 1:
		s.Once = append(s.Once, n.Name)
	case l.Spread > Unsteady && !(n.Reference && s.Relative):
		s.Unsteady = append(s.Unsteady, n.Name)
	}
}

// relative gives the times of each network, without what the device did meanwhile where that is
// known.
func (s *Summary) relative(reference string, runs []Run) map[string][]float64 {
	of, beside := map[string][]float64{}, make([]float64, len(runs))
	var steady []float64
	known := 0
	for i, r := range runs {
		if r.Network == reference {
			steady = append(steady, r.Value)
		} else if beside[i] = besides(reference, runs, i); beside[i] > 0 {
			known++
		}
	}
	// Where networks ran one after another, the reference is beside its neighbours by chance.
	s.Relative = known > 0 && 2*known >= len(runs)-len(steady)
	usual := 0.0
	if s.Relative {
		usual = regress.Median(steady)
	}
	for i, r := range runs {
		ms := r.Value
		if s.Relative && beside[i] > 0 {
			ms *= usual / beside[i]
		}
		of[r.Network] = append(of[r.Network], ms)
	}
	return of
}

// besides is the mean time of the reference right before and after a run; 0 if it did not run
// there.
func besides(reference string, runs []Run, i int) float64 {
	sum, n := 0.0, 0.0
	for _, j := range []int{i - 1, i + 1} {
		if j >= 0 && j < len(runs) && runs[j].Network == reference &&
			runs[j].File == runs[i].File && runs[j].Session == runs[i].Session {
			sum, n = sum+runs[j].Value, n+1
		}
	}
	if n == 0 {
		return 0
	}
	return sum / n
}
