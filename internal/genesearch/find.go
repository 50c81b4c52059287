package genesearch

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/tailor-nas/tailor/predictor/genes"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/optimize"
)

// Cost is what a configuration takes, such as a latency.
type Cost struct {
	Name      string
	Predictor *genes.Predictor
	Limit     float64 // 0: none
}

// Query is what to search for: the highest accuracy or, where none is predicted, the smallest first
// cost.
type Query struct {
	Space    *genes.Space
	Accuracy *genes.Predictor // may be nil
	Costs    []Cost
	// Confidence is how sure what is found should be to stay within its limits: costs are judged by
	// the upper end of what is known. 0 takes predictions as they are.
	Confidence float64
	// Pareto asks for the front of accuracy against the first cost.
	Pareto bool
}

// Found is a configuration with what is predicted of it.
type Found struct {
	Genes    map[string]string   `json:"genes"`
	Numbers  genes.Configuration `json:"numbers"` // of the choices, in the order of the genes
	Accuracy *Value              `json:"accuracy,omitempty"`
	Costs    []CostValue         `json:"costs,omitempty"`
}

// Value is a prediction with the end of its interval that a bet is made on.
type Value struct {
	Predicted float64 `json:"predicted"`
	AtLeast   float64 `json:"at_least"` // with the confidence of the search
}

// CostValue is a predicted cost.
type CostValue struct {
	Name      string  `json:"name"`
	Predicted float64 `json:"predicted"`
	AtMost    float64 `json:"at_most"` // with the confidence of the search
}

// Answer is what a search found.
type Answer struct {
	Limits map[string]float64 `json:"limits,omitempty"`
	// Found is the best first, or a front by falling accuracy.
	Found       []Found `json:"found"`
	Evaluations int     `json:"evaluations"`
	Within      float64 `json:"within"` // share of these that are within the limits
	Exact       bool    `json:"exact"`  // every configuration was looked at
}

// UnreachableError says that no configuration was found within one of the limits.
type UnreachableError struct {
	Cost       string
	Limit      float64
	Smallest   float64 // that was found, with the confidence
	Confidence float64
}

func (e *UnreachableError) Error() string {
	sure := ""
	if e.Confidence > 0 {
		sure = fmt.Sprintf(" with %.4g %% confidence", 100*e.Confidence)
	}
	return fmt.Sprintf("no configuration has a %s of at most %.5g%s: smallest reachable %.5g; raise the limit or lower --confidence", e.Cost, e.Limit, sure, e.Smallest)
}

// Unwrap makes errors.Is(err, optimize.ErrInfeasible) hold.
func (e *UnreachableError) Unwrap() error { return optimize.ErrInfeasible }

// finder evaluates configurations of a query.
type finder struct {
	Query
	margins []search.Margin // of the costs
	below   float64         // by how many of its errors an accuracy may be below its prediction
}

// Find searches. A limit that nothing meets is an [*UnreachableError].
func Find(ctx context.Context, q Query, c optimize.Config) (*Answer, error) {
	if q.Accuracy == nil && len(q.Costs) == 0 || q.Pareto && (q.Accuracy == nil ||
		len(q.Costs) == 0) {
		return nil, errors.New("search: nothing is predicted to choose by")
	}
	f := &finder{Query: q}
	f.setMargins(c)
	r, err := optimize.Minimize(ctx, f.problem(), c)
	if err != nil {
		if errors.Is(err, optimize.ErrInfeasible) {
			return nil, f.unreachable(ctx, c, err)
		}
		return nil, err
	}
	a := &Answer{Evaluations: r.Evaluations,
		Within: float64(r.Feasible) / float64(r.Evaluations), Exact: r.Status == optimize.Exhausted}
	for _, cost := range q.Costs {
		if cost.Limit > 0 {
			if a.Limits == nil {
				a.Limits = map[string]float64{}
			}
			a.Limits[cost.Name] = cost.Limit
		}
	}
	for _, candidate := range r.Best {
		found, err := f.describe(candidate.Genes)
		if err != nil {
			return nil, err
		}
		a.Found = append(a.Found, *found)
	}
	return a, nil
}

// setMargins says how far what a search selects may be from what is predicted of it.
func (f *finder) setMargins(c optimize.Config) {
	examined := optimize.DefaultEvaluations
	if c.Evaluations != optimize.Auto {
		examined = c.Evaluations
	}
	if n := f.Space.Count(); n.Cmp(big.NewInt(int64(examined))) < 0 {
		examined = int(n.Int64())
	}
	freedom := 0 // numbers that it takes to say what each choice does
	for _, n := range f.Space.Sizes() {
		freedom += n - 1
	}
	for _, cost := range f.Costs {
		h := cost.Predictor.HeldOut
		s := search.Selection{Genes: freedom, Examined: examined,
			Networks: cost.Predictor.Configurations, MAPE: h.MAPE, RMSE: h.RMSE}
		margin, _ := s.Margin(f.Confidence) // where the error is not known, none
		f.margins = append(f.margins, margin)
	}
	if f.Accuracy != nil && f.Confidence > 0 {
		f.below = below(f.Accuracy, freedom, examined, f.Confidence)
	}
}

// below is by how many errors of held-out predictions an accuracy may be below its prediction, by
// the formula of [search.Selection.Margin].
func below(p *genes.Predictor, freedom, examined int, confidence float64) float64 {
	n := float64(p.Configurations)
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 2}.Quantile(confidence)
	z2 := 2 * math.Log(float64(max(examined, 1)))
	return max(0, t*math.Sqrt(1+(1+z2)/n+z2/float64(max(freedom, 1))))
}

// problem is the query for the optimiser.
func (f *finder) problem() optimize.Problem {
	p := optimize.Problem{Genes: f.Space.Sizes(), Objectives: 1, Evaluate: f.evaluate}
	if f.Pareto {
		p.Objectives = 2
	}
	return p
}

func (f *finder) evaluate(_ context.Context, batch []optimize.Genes,
	out []optimize.Evaluation) error {
	all := make([]genes.Configuration, len(batch))
	for i, g := range batch {
		all[i] = g
	}
	objective := 0
	if f.Accuracy != nil {
		top, err := f.Accuracy.Predict(all)
		if err != nil {
			return err
		}
		for i, v := range top {
			out[i].Objectives[0] = -v
		}
		objective = 1
	}
	for i := range out {
		out[i].Violation = 0
	}
	for k, cost := range f.Costs {
		values, err := cost.Predictor.Predict(all)
		if err != nil {
			return err
		}
		for i, v := range values {
			if k == 0 && objective < len(out[i].Objectives) {
				out[i].Objectives[objective] = v
			}
			if cost.Limit > 0 {
				out[i].Violation += max(0, f.margins[k].High(v)/cost.Limit-1)
			}
		}
	}
	return nil
}

// describe says what is predicted of a configuration.
func (f *finder) describe(c genes.Configuration) (*Found, error) {
	found := &Found{Genes: f.Space.Named(c), Numbers: c}
	one := []genes.Configuration{c}
	if f.Accuracy != nil {
		v, err := f.Accuracy.Predict(one)
		if err != nil {
			return nil, err
		}
		found.Accuracy = &Value{v[0], f.Accuracy.Below(v[0], f.below)}
	}
	for k, cost := range f.Costs {
		v, err := cost.Predictor.Predict(one)
		if err != nil {
			return nil, err
		}
		found.Costs = append(found.Costs, CostValue{cost.Name, v[0], f.margins[k].High(v[0])})
	}
	return found, nil
}

// unreachable finds the limit that nothing meets; where each can be met alone, the error stays as
// it is.
func (f *finder) unreachable(ctx context.Context, c optimize.Config, infeasible error) error {
	for k, cost := range f.Costs {
		if cost.Limit == 0 {
			continue
		}
		cost.Limit = 0
		alone := &finder{Query: Query{Space: f.Space, Costs: []Cost{cost}},
			margins: []search.Margin{f.margins[k]}}
		c.Top = 1
		r, err := optimize.Minimize(ctx, alone.problem(), c)
		if err != nil {
			return err
		}
		smallest := f.margins[k].High(r.Best[0].Objectives[0])
		if smallest > f.Costs[k].Limit {
			return &UnreachableError{cost.Name, f.Costs[k].Limit, smallest, f.Confidence}
		}
	}
	return infeasible
}
