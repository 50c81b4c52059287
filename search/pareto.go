package search

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/search/optimize"
)

const (
	// FrontEvaluations is what Auto means for Config.Evaluations of a front.
	FrontEvaluations = 300_000
	// JointFrontEvaluations is that with an accuracy that is a [JointPredictor].
	JointFrontEvaluations = 160_000
	// frontPopulation is that of Config.Population, less if Evaluations are few.
	frontPopulation = 100
	// anchors is how many searches for the best network within one budget come, without a guide,
	// before the search for the front, whose first population they give members. NSGA-II alone
	// finds the part of the front where accuracy rises steeply with cost, and misses the flat end,
	// where networks that cost very differently have almost the same accuracy.
	anchors = 8
	// anchorShare of the evaluations goes to these searches together.
	anchorShare = 0.5
	// minAnchor is how many evaluations each must have, or there are none.
	minAnchor = 20
)

// Front is the Pareto front of accuracy against a cost: the networks to which no other one found is
// at least equal in both and better in one.
type Front struct {
	Cost Cost
	// Points are the networks of the front, both cost and top-1 rising.
	Points      []Found
	Evaluations int
	Status      optimize.Status

	examined examined
}

// FindFront searches for the whole Pareto front of accuracy against a cost, within the query's
// limits. [optimize.Auto] is 300,000 evaluations here, 160,000 with a [JointPredictor], and a
// population of at most 100. An accuracy that is a [NearPredictor] guides the search. Errors are
// those of [Find].
func FindFront(ctx context.Context, q Query, cost Cost, c optimize.Config) (*Front, error) {
	if cost == Latency && q.Latency == nil {
		return nil, errors.New(
			"a front of latency needs a latency predictor; make one with tailor profile and tailor fit latency")
	}
	if cost == Energy && q.Energy == nil {
		return nil, errors.New(
			"a front of energy needs an energy predictor; make one with tailor fit energy")
	}
	if err := q.check(); err != nil {
		return nil, err
	}
	guided := nearPredictor(q.Accuracy) != nil
	if !guided { // by several searches
		q.Accuracy = Remember(q.Accuracy)
	}
	f, err := newFinder(q)
	if err != nil {
		return nil, err
	}
	if err := f.tabulate(tabulated...); err != nil {
		return nil, err
	}
	if err := f.checkReachable(); err != nil {
		return nil, err
	}
	f.cost = cost
	p := f.problem()
	p.Objectives = 2
	if guided {
		if p.Guide, err = f.frontGuide(); err != nil {
			return nil, err
		}
	}
	if _, err := c.Complete(p); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	c = frontConfig(c, p.Guide)
	front := &Front{Cost: cost, examined: examined{finder: f}}
	if !guided && p.Count > c.Evaluations && anchorEvaluations(c) >= minAnchor {
		fixed, err := f.anchor(ctx, c)
		for _, a := range fixed {
			front.Evaluations += a.Evaluations
			front.examined.runs = append(front.examined.runs, a.examined.runs...)
			for _, b := range a.Best {
				p.Seeds = append(p.Seeds, f.Space.Encode(b.Arch))
			}
		}
		if err != nil {
			return front, err
		}
		c.Progress = after(c, front.Evaluations, c.Evaluations)
		c.Evaluations -= front.Evaluations
	}
	answer, err := f.answer(optimize.Minimize(ctx, p, c))
	if answer == nil {
		return nil, err
	}
	front.Evaluations += answer.Evaluations
	front.examined.runs = append(front.examined.runs, answer.examined.runs...)
	front.Status = answer.Status
	slices.Reverse(answer.Best)
	front.Points = answer.Best
	return front, err
}

// frontConfig puts the defaults of a front in place of Auto.
func frontConfig(c optimize.Config, guide *optimize.Guide) optimize.Config {
	if c.Evaluations == optimize.Auto {
		c.Evaluations = autoEvaluations(guide != nil, guide != nil && guide.Joint, true)
	}
	if c.Population == optimize.Auto {
		c.Population = max(20, min(frontPopulation, c.Evaluations/40))
	}
	return c
}

func anchorEvaluations(c optimize.Config) int {
	return int(anchorShare*float64(c.Evaluations)) / anchors
}

// anchor searches for the best networks within some budgets, evenly spaced in the logarithm of the
// cost, and without a budget.
func (f *finder) anchor(ctx context.Context, c optimize.Config) ([]*Answer, error) {
	low, high, err := f.span()
	if err != nil {
		return nil, err
	}
	part := c
	part.Evaluations, part.Top = anchorEvaluations(c), 3
	var all []*Answer
	spent := 0
	for i := range anchors {
		part.Progress = after(c, spent, c.Evaluations)
		q := f.Query
		if share := float64(i+1) / anchors; share < 1 {
			q.Limits = f.cost.Limit(q.Limits, low*math.Pow(high/low, share))
		}
		a, err := Find(ctx, q, part)
		if a != nil {
			spent += a.Evaluations
			all = append(all, a)
		}
		// other limits may be what keeps a budget from being met
		if err != nil && !errors.Is(err, optimize.ErrInfeasible) {
			return all, err
		}
	}
	return all, nil
}

// span is the range of costs that budgets are spread over: from the cheapest network to the largest
// one, or to the limit on that cost if it is lower.
func (f *finder) span() (low, high float64, err error) {
	largest, err := f.found(optimize.Candidate{Genes: f.largest(),
		Evaluation: optimize.Evaluation{Objectives: []float64{0}}})
	if err != nil {
		return 0, 0, err
	}
	high = f.cost.Of(largest)
	_, low, err = f.smallest(f.cost)
	return low, min(high, orInfinite(f.cost.Limited(f.Limits))), err
}

func orInfinite(limit float64) float64 {
	if limit == 0 {
		return math.Inf(1)
	}
	return limit
}

// largest is the network with the largest choice of each gene, at the largest resolution that is
// searched.
func (f *finder) largest() optimize.Genes {
	g := optimize.Genes(f.Space.Encode(f.Space.Max()))
	f.canonical(g)
	return g
}

// Best is the point with the highest top-1 within limits; false if there is none.
func (f *Front) Best(l Limits) (Found, bool) {
	for _, p := range slices.Backward(f.Points) {
		if l.Hold(p.Costs()) {
			return p, true
		}
	}
	return Found{}, false
}

// Spread picks up to n points that are evenly spaced along the front: both ends, and between them
// the nearest to equal distances, in a plane of top-1 and the logarithm of the cost, each scaled to
// its range.
func (f *Front) Spread(n int) []Found {
	if n >= len(f.Points) || n < 1 {
		return f.Points[:min(max(n, 0), len(f.Points))]
	}
	along := f.lengths()
	last := len(along) - 1
	if n == 1 {
		return f.Points[last:]
	}
	var picked []Found
	at := -1
	for i := range n {
		want := along[last] * float64(i) / float64(n-1)
		// The nearest that leaves enough points for the rest.
		at++
		for at < last-(n-1-i) && math.Abs(along[at+1]-want) <= math.Abs(along[at]-want) {
			at++
		}
		picked = append(picked, f.Points[at])
	}
	return picked
}

// lengths has, for each point, the length of the front from its first point to there.
func (f *Front) lengths() []float64 {
	first, last := f.Points[0], f.Points[len(f.Points)-1]
	top1 := last.Top1 - first.Top1
	cost := math.Log(f.Cost.Of(last) / f.Cost.Of(first))
	along := make([]float64, len(f.Points))
	for i := 1; i < len(along); i++ {
		a, b := f.Points[i-1], f.Points[i]
		along[i] = along[i-1] + math.Hypot((b.Top1-a.Top1)/top1,
			math.Log(f.Cost.Of(b)/f.Cost.Of(a))/cost)
	}
	return along
}
