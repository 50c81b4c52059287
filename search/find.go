package search

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"

	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// Query asks for the sub-networks of a space with the highest predicted top-1 within limits.
type Query struct {
	Space    *supernet.Space
	Accuracy Predictor     // top-1, 0 to 1
	Latency  CostPredictor // milliseconds; may be nil if there is no latency limit
	Energy   CostPredictor // millijoules; may be nil if there is no energy limit
	Limits   Limits
	// Resolutions restricts the search; nil is all of the space. Those that a predictor cannot
	// predict are left out in any case.
	Resolutions []int
	// Known are networks of an earlier search to begin with: the best of those within the limits.
	Known []supernet.Arch
}

// Found is a sub-network with what is predicted of it.
type Found struct {
	Arch      supernet.Arch
	Top1      float64 // predicted, 0 to 1
	LatencyMS float64 // predicted; 0 without a latency predictor
	MACs      int64
	Params    int64
	// MemoryBytes and SizeBytes are as [Costs] has them.
	MemoryBytes, SizeBytes int64
	EnergyMJ               float64 // predicted; 0 without an energy predictor
}

// Costs are what the network costs.
func (f Found) Costs() Costs {
	return Costs{LatencyMS: f.LatencyMS, MACs: f.MACs, Params: f.Params,
		MemoryBytes: f.MemoryBytes, SizeBytes: f.SizeBytes, EnergyMJ: f.EnergyMJ}
}

// Answer is what [Find] found.
type Answer struct {
	Best        []Found // highest top-1 first
	Evaluations int
	Status      optimize.Status
	History     []optimize.Point // Point.Best[0] is minus the top-1, as optimize minimises

	examined examined
}

// Exact says that every network of the query was examined, so that none has a higher predicted
// top-1 within the limits.
func (a *Answer) Exact() bool { return a.Status == optimize.Exhausted }

// UnreachableError says that every sub-network exceeds one of the limits, and which one exceeds it
// least.
type UnreachableError struct {
	Limit    string        // "latency", "energy", "MACs", "parameters", "memory" or "size"
	Asked    float64       // in ms, in mJ, or a count
	Smallest float64       // cost of any sub-network, exact
	Arch     supernet.Arch // that has it
	// Confidence with which a latency or an energy should stay within Asked; 0 takes predictions as
	// they are.
	Confidence float64
}

func (e *UnreachableError) Error() string {
	if unit := map[string]string{"latency": "ms", "energy": "mJ"}[e.Limit]; unit != "" {
		a, sure, lower := "a", "", ""
		if e.Limit == "energy" {
			a = "an"
		}
		if e.Confidence > 0 {
			sure = fmt.Sprintf(" with %.4g %% confidence", 100*e.Confidence)
			lower = ", or lower --confidence"
		}
		return fmt.Sprintf("no sub-network has %s %s of at most %.4g %s%s: smallest reachable "+
			"%v %s; raise --max-%s%s", a, e.Limit, e.Asked, unit, sure, reachable(e.Smallest), unit,
			e.Limit, lower)
	}
	flag := map[string]string{"MACs": "--max-macs", "parameters": "--max-params",
		"memory": "--max-memory", "size": "--max-size"}[e.Limit]
	what := map[string]string{"memory": "bytes of memory", "size": "bytes of weights"}[e.Limit]
	return fmt.Sprintf("no sub-network has at most %.0f %s: smallest reachable %.0f; raise %s",
		e.Asked, cmp.Or(what, e.Limit), e.Smallest, flag)
}

// Unwrap makes errors.Is(err, optimize.ErrInfeasible) hold.
func (e *UnreachableError) Unwrap() error { return optimize.ErrInfeasible }

// reachable rounds up to five digits, so that the rounded value is itself reachable as a limit.
func reachable(ms float64) float64 {
	if !(ms > 0) {
		return ms
	}
	steps := math.Pow(10, 4-math.Floor(math.Log10(ms)))
	return math.Ceil(ms*steps-1e-6) / steps
}

// finder evaluates candidates of a query: it predicts their top-1 and computes their costs.
type finder struct {
	Query
	counts
	layout  *layout
	nearest []uint16         // by index of a resolution, that of the nearest that is searched
	cost    Cost             // of a front
	start   []optimize.Genes // known networks to begin with

	batch, promising []supernet.Arch // of evaluate, used again and again
}

// Find searches for the c.Top sub-networks with the highest predicted top-1 within the query's
// limits. A limit that every sub-network exceeds is an [*UnreachableError]; if each limit can be
// met, but no network was found that meets all, it is an [*optimize.InfeasibleError]. An accuracy
// that is a [NearPredictor] guides the search; without, Find may search groups of resolutions
// separately first: an [optimize.Progress] then has the best values and the number found of the
// search that is running.
func Find(ctx context.Context, q Query, c optimize.Config) (*Answer, error) {
	f, err := newFinder(q)
	if err != nil {
		return nil, err
	}
	if err := f.checkReachable(); err != nil {
		return nil, err
	}
	p := f.problem()
	p.Guide = f.guide()
	full, err := c.Complete(p)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	c.Evaluations = full.Evaluations
	if p.Guide != nil {
		return f.answer(optimize.Minimize(ctx, p, c))
	}
	if len(f.Resolutions) < 2 || p.Count <= c.Evaluations || int(scoutShare*float64(c.Evaluations))/
		min(maxScouts, len(f.Resolutions)) < minScout {
		return f.answer(optimize.Minimize(ctx, p, c))
	}
	return f.scouted(ctx, c)
}

// FindBy answers the same query as [Find] by another method, in a single search of the whole space.
func FindBy(ctx context.Context, method optimize.Method, q Query, c optimize.Config) (*Answer,
	error) {
	f, err := newFinder(q)
	if err != nil {
		return nil, err
	}
	if err := f.checkReachable(); err != nil {
		return nil, err
	}
	return f.answer(method(ctx, f.problem(), c))
}

// problem has the accuracy as its one objective.
func (f *finder) problem() optimize.Problem {
	return optimize.Problem{
		Genes: f.Space.Genes(), Objectives: 1, Evaluate: f.evaluate, Canonical: f.canonical,
		Count: f.count(), Nested: true, Seeds: f.seeds(),
	}
}

// count is the number of networks that the query allows before limits, or math.MaxInt if there are
// more.
func (f *finder) count() int {
	n := f.Space.Count()
	n.Mul(n, big.NewInt(int64(len(f.Resolutions)))).Div(n,
		big.NewInt(int64(len(f.Space.Resolutions))))
	if !n.IsInt64() {
		return math.MaxInt
	}
	return int(n.Int64())
}

// answer translates the result of an optimisation from genes to networks. A cancelled run gives
// both an error and what it had found until then.
func (f *finder) answer(result *optimize.Result, err error) (*Answer, error) {
	if err != nil {
		err = fmt.Errorf("search: %w", err)
	}
	if result == nil {
		return nil, err
	}
	a := &Answer{Evaluations: result.Evaluations, Status: result.Status, History: result.History,
		examined: examined{finder: f, runs: []*optimize.Result{result}}}
	for _, b := range result.Best {
		found, foundErr := f.found(b)
		a.Best, err = append(a.Best, found), errors.Join(err, foundErr)
	}
	return a, err
}

func newFinder(q Query) (*finder, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	if err := q.Limits.Check(); err != nil {
		return nil, err
	}
	if q.Limits.LatencyMS != 0 && q.Latency == nil {
		return nil, errors.New(
			"a latency limit needs a latency predictor; make one with tailor profile and tailor fit latency")
	}
	if q.Limits.EnergyMJ != 0 && q.Energy == nil {
		return nil, errors.New(
			"an energy limit needs an energy predictor; make one with tailor fit energy")
	}
	if err := q.knownResolutions(); err != nil {
		return nil, err
	}
	f := &finder{Query: q, layout: newLayout(q.Space),
		counts: counts{space: q.Space, resolutions: q.Resolutions,
			numbering: choices.NewNumbering(q.Space)}}
	f.among(q.Resolutions)
	if err := f.tabulate(f.limited()...); err != nil {
		return nil, err
	}
	var err error
	f.start, err = f.known()
	return f, err
}

// knownResolutions restricts the query to the resolutions that all predictors can predict:
// published latency tables have only some. If none is left, it returns the first resolution's
// error.
func (q *Query) knownResolutions() error {
	wanted := slices.DeleteFunc(slices.Clone(q.Space.Resolutions), func(r int) bool {
		return q.Resolutions != nil && !slices.Contains(q.Resolutions, r)
	})
	known, failed := Predictable(q.Space, wanted, func(a []supernet.Arch) ([]float64, error) {
		predicted, err := q.Accuracy.Predict(a)
		for _, c := range []Cost{Latency, Energy} {
			if p := q.predictorOf(c); err == nil && p != nil {
				predicted, err = p.Predict(a)
			}
		}
		return predicted, err
	})
	if len(known) == 0 && failed == nil {
		return fmt.Errorf("none of the resolutions %v is one of space %s", q.Resolutions,
			q.Space.Name)
	}
	if len(known) == 0 {
		return failed
	}
	q.Resolutions = known
	return nil
}

// Predictable are those of a space's resolutions at which its smallest network can be predicted;
// failed is the first error of the others.
func Predictable(space *supernet.Space, resolutions []int,
	predict func([]supernet.Arch) ([]float64, error)) (known []int, failed error) {
	for _, r := range resolutions {
		a := space.Min()
		a.Resolution = uint16(r)
		_, err := predict([]supernet.Arch{a})
		if err == nil {
			known = append(known, r)
		}
		failed = cmp.Or(failed, err)
	}
	return known, failed
}

// checkReachable refuses a limit that every network exceeds at the resolutions that are searched.
// Each cost is a sum over blocks, or the largest of theirs, so that the smallest is known exactly.
func (f *finder) checkReachable() error {
	for _, l := range []struct {
		name string
		cost Cost
	}{{"latency", Latency}, {"energy", Energy}, {"MACs", MACs}, {"parameters", Params}, {"memory", Memory},
		{"size", Size}} {
		limit := l.cost.Limited(f.Limits)
		if limit == 0 {
			continue
		}
		arch, smallest, err := f.smallest(l.cost)
		if err != nil {
			return err
		}
		if smallest > limit {
			return &UnreachableError{Limit: l.name, Asked: limit, Smallest: smallest, Arch: arch}
		}
	}
	return nil
}

// seeds are the smallest, the largest and the fastest network, and that of the least energy, for
// the first population.
func (f *finder) seeds() []optimize.Genes {
	archs := []supernet.Arch{f.Space.Min(), f.Space.Max()}
	for _, c := range []Cost{Latency, Energy} {
		if f.predictorOf(c) == nil {
			continue
		}
		if a, _, err := f.smallest(c); err == nil {
			archs = append(archs, a)
		}
	}
	var seeds []optimize.Genes
	for _, a := range archs {
		g := optimize.Genes(f.Space.Encode(a))
		f.canonical(g)
		seeds = append(seeds, g)
	}
	for _, g := range f.start {
		g = slices.Clone(g)
		f.canonical(g)
		seeds = append(seeds, g)
	}
	return seeds
}

// canonical sets genes without effect (those of absent blocks) to zero, and replaces a resolution
// that is not searched by the nearest one that is.
func (f *finder) canonical(g optimize.Genes) {
	f.layout.clear(g)
	g[supernet.ResolutionGene] = f.nearest[g[supernet.ResolutionGene]]
}

// among restricts the finder to some resolutions.
func (f *finder) among(resolutions []int) {
	f.Resolutions = resolutions
	f.nearest = make([]uint16, len(f.Space.Resolutions))
	for at, wanted := range f.Space.Resolutions {
		best := -1
		for i, r := range f.Space.Resolutions {
			if slices.Contains(resolutions, r) &&
				(best < 0 || abs(r-wanted) < abs(f.Space.Resolutions[best]-wanted)) {
				best = i
			}
		}
		f.nearest[at] = uint16(max(best, 0))
	}
}

func abs(v int) int { return max(v, -v) }

// near is the violation (see [Limits.Excess]) up to which the top-1 of a network outside
// the limits is predicted, too: one change from it may give a good network within the limits.
// Networks with a larger violation are compared by their violation alone.
const near = 0.03

func (f *finder) evaluate(_ context.Context, batch []optimize.Genes,
	out []optimize.Evaluation) error {
	f.batch = f.decode(f.batch, batch)
	archs := f.batch
	predicted, err := f.predicted(archs)
	if err != nil {
		return err
	}
	promising := f.promising[:0]
	asked := slices.DeleteFunc(append(f.limited(), f.cost), func(c Cost) bool {
		return c == Latency || c == Energy || c == 0
	})
	for i, a := range archs {
		costs := f.counts.some(asked, a, predicted[i])
		out[i].Violation = f.Limits.Excess(costs)
		if len(out[i].Objectives) > 1 {
			out[i].Objectives[1] = f.cost.of(costs)
		}
		if out[i].Violation <= near {
			promising = append(promising, a)
		}
	}
	f.promising = promising
	top1, err := f.Accuracy.Predict(promising)
	if err != nil {
		return fmt.Errorf("predict accuracy: %w", err)
	}
	for i := range out {
		out[i].Objectives[0] = 0
		if out[i].Violation <= near {
			out[i].Objectives[0], top1 = -top1[0], top1[1:]
		}
	}
	return nil
}

func (f *finder) found(c optimize.Candidate) (Found, error) {
	arch := f.Space.Decode(c.Genes)
	costs, err := f.costsOf(arch)
	if err != nil {
		return Found{}, err
	}
	return Found{arch, -c.Objectives[0], costs.LatencyMS, costs.MACs, costs.Params,
		costs.MemoryBytes, costs.SizeBytes, costs.EnergyMJ}, nil
}

// check refuses a query without what every search takes.
func (q Query) check() error {
	if q.Space == nil || q.Accuracy == nil {
		return errors.New("a search takes a space and an accuracy predictor")
	}
	return nil
}
