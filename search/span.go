package search

import (
	"math/rand/v2"
	"slices"

	"github.com/tailor-nas/tailor/supernet"
)

// spanSample is how many random networks the middle of a cost is taken from.
const spanSample = 501

// Span is what networks cost, among those that a query can find without its limits.
type Span struct {
	Cost     Cost    `json:"cost"`
	Smallest float64 `json:"smallest"` // exact
	Middle   float64 `json:"middle"`   // median of random networks
	Largest  float64 `json:"largest"`  // of the largest network
	Limit    float64 `json:"limit,omitempty"`
	// Within is the share of random networks that stay within the limit, 0 without one.
	Within float64 `json:"within,omitempty"`
}

// Spans are those of all costs, of latency and of energy where there is a predictor. The same seed
// gives the same random networks.
func Spans(q Query, seed uint64) ([]Span, error) {
	f, err := newFinder(q)
	if err != nil {
		return nil, err
	}
	if err := f.tabulate(tabulated...); err != nil {
		return nil, err
	}
	costs, err := f.random(seed)
	if err != nil {
		return nil, err
	}
	largest, err := f.costsOf(f.Space.Decode(f.largest()))
	if err != nil {
		return nil, err
	}
	var spans []Span
	for _, c := range allCosts {
		if (c == Latency || c == Energy) && f.predictorOf(c) == nil {
			continue
		}
		s := Span{Cost: c, Largest: c.of(largest), Limit: c.Limited(q.Limits)}
		if _, s.Smallest, err = f.smallest(c); err != nil {
			return nil, err
		}
		s.fill(costs)
		spans = append(spans, s)
	}
	return spans, nil
}

// random are the costs of random networks of the resolutions that are searched.
func (f *finder) random(seed uint64) ([]Costs, error) {
	r := rand.New(rand.NewPCG(seed, 0x59a2))
	all := make([]Costs, spanSample)
	for i := range all {
		a := f.Space.Random(r)
		a.Resolution = uint16(f.Resolutions[r.IntN(len(f.Resolutions))])
		var err error
		if all[i], err = f.costsOf(a); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (f *finder) costsOf(a supernet.Arch) (Costs, error) {
	predicted, err := f.predicted([]supernet.Arch{a})
	if err != nil {
		return Costs{}, err
	}
	return f.counts.of(a, predicted[0]), nil
}

// fill sets what follows from random networks.
func (s *Span) fill(all []Costs) {
	values := make([]float64, len(all))
	within := 0
	for i, c := range all {
		if values[i] = s.Cost.of(c); values[i] <= s.Limit {
			within++
		}
	}
	slices.Sort(values)
	s.Middle, s.Within = values[len(values)/2], float64(within)/float64(len(all))
}

// LeftOut are the resolutions of a query that a predictor does not know, with the predictors'
// errors about them.
func LeftOut(q Query) map[int]error {
	all := q.Space.Resolutions
	left := map[int]error{}
	for _, r := range all {
		part := q
		part.Resolutions = []int{r}
		if q.Resolutions != nil && !slices.Contains(q.Resolutions, r) {
			continue
		}
		if err := part.knownResolutions(); err != nil {
			left[r] = err
		}
	}
	return left
}
