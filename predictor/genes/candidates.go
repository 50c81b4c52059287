package genes

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/tailor-nas/tailor/internal/bug"
	"github.com/tailor-nas/tailor/internal/kriging"
	"github.com/tailor-nas/tailor/predictor/regress"
)

// The models that [Fit] chooses from.
const (
	// ModelLinear is a ridge regression: an effect of each choice.
	ModelLinear = "linear"
	// ModelKriging is a Gaussian process, with effects of genes and of what they do together.
	ModelKriging = "kriging"
)

const (
	// krigingRows is how many configurations ModelKriging is fitted to at most, as its time grows
	// with the third power; krigingLearn is how many show what is likely, in krigingPasses.
	krigingRows, krigingLearn, krigingPasses = 2000, 300, 4
	// krigingGenes are the most genes of which it is tried.
	krigingGenes = 128
	// orderStream is the stream of random numbers of the order of rows.
	orderStream = 1 << 33
)

// Candidate is a model that was tried, with the error that it had on configurations which it had
// not seen.
type Candidate struct {
	Model string `json:"model"`
	Scale Scale  `json:"scale"`
	regress.HeldOut
}

// Scale is what a model learns of a value.
type Scale string

// Scales of values. Those of latencies are Plain and Log, since choices may add to them or multiply
// them; those of accuracies Plain and Logit.
const (
	Plain Scale = "value"
	Log   Scale = "log"
	Logit Scale = "logit"
)

// nearEnd is how near to 0 and 1 Logit tells shares apart.
const nearEnd = 1e-4

func (s Scale) of(value float64) float64 {
	switch s {
	case Log:
		return math.Log(value)
	case Logit:
		v := min(max(value, nearEnd), 1-nearEnd)
		return math.Log(v / (1 - v))
	}
	return value
}

func (s Scale) value(scaled float64) float64 {
	switch s {
	case Log:
		return math.Exp(scaled)
	case Logit:
		return 1 / (1 + math.Exp(-scaled))
	}
	return scaled
}

// scales are those to try.
func (q Quantity) scales() []Scale {
	if q == Latency {
		return []Scale{Plain, Log}
	}
	return []Scale{Plain, Logit}
}

// problem is what to learn.
type problem struct {
	space    *Space
	quantity Quantity
	points   []Configuration
	values   []float64
	floor    float64 // the least that is predicted
	settings regress.Settings
	progress func(done, total int)
}

// trial is a candidate with its predictions of configurations that it had not seen.
type trial struct {
	Candidate
	heldOut []float64
	error   float64 // by which candidates are compared
}

// trials fits the candidates, by rising error.
func (p *problem) trials(ctx context.Context) (all []trial, err error) {
	models := []string{ModelLinear}
	if len(p.space.Genes) <= krigingGenes {
		models = append(models, ModelKriging)
	}
	total := len(models) * len(p.quantity.scales())
	for _, scale := range p.quantity.scales() {
		for _, model := range models {
			t := trial{Candidate: Candidate{Model: model, Scale: scale}}
			if t.heldOut, err = p.predictHeldOut(ctx, model, scale); err != nil {
				return nil, err
			}
			for i, scaled := range t.heldOut {
				t.heldOut[i] = p.bounded(scale.value(scaled))
			}
			t.HeldOut = regress.Compare(t.heldOut, p.values)
			t.error = p.errorOf(t.heldOut)
			all = append(all, t)
			if p.progress != nil {
				p.progress(len(all), total)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b trial) int { return cmp.Compare(a.error, b.error) })
	return all, nil
}

// errorOf is the root of the mean square of errors, for latencies of relative ones.
func (p *problem) errorOf(predicted []float64) (sum float64) {
	for i, v := range predicted {
		e := v - p.values[i]
		if p.quantity == Latency {
			e = math.Log(v / p.values[i])
		}
		sum += e * e
	}
	return math.Sqrt(sum / float64(len(predicted)))
}

// bounded is a prediction within what values can be.
func (p *problem) bounded(value float64) float64 { return bounded(p.quantity, p.floor, value) }

func bounded(q Quantity, floor, value float64) float64 {
	if value = max(value, floor); q == Accuracy {
		return min(value, 1)
	}
	return value
}

// scaled are the values on a scale.
func (p *problem) scaled(s Scale) []float64 {
	y := make([]float64, len(p.values))
	for i, v := range p.values {
		y[i] = s.of(v)
	}
	return y
}

// predictHeldOut predicts each value by a model that was fitted without it, on a scale.
func (p *problem) predictHeldOut(ctx context.Context, model string, s Scale) ([]float64, error) {
	y := p.scaled(s)
	if model == ModelLinear {
		return regress.HeldOutPredictions(ctx, p.space.rowsOf(p.points), y, p.linearSettings())
	}
	predicted := make([]float64, len(y))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, fold := range regress.Folds(len(y), p.settings) {
		group.Go(func() error {
			return bug.Catch(func() error {
				m, _, err := p.krige(ctx, regress.Without(p.points, fold), regress.Without(y, fold))
				if err != nil {
					return err
				}
				held := make([]Configuration, len(fold))
				for i, row := range fold {
					held[i] = p.points[row]
				}
				for i, v := range m.Means(m.Points(held)) {
					predicted[fold[i]] = v
				}
				return nil
			})
		})
	}
	return predicted, group.Wait()
}

// linearSettings leave out the MLPs of package regress: of tables they learned less than a Gaussian
// process, in ten times the time.
func (p *problem) linearSettings() regress.Settings {
	s := p.settings
	s.Model, s.Members = regress.ModelRidge, 0
	return s
}

// krige fits a Gaussian process, and gives the points that it keeps.
func (p *problem) krige(ctx context.Context, points []Configuration, y []float64) (*kriging.Model,
	[]Configuration, error) {
	m := kriging.New(p.space.Sizes())
	for i, g := range p.space.Genes {
		if !g.Ordered {
			m.Unordered(i)
		}
	}
	order := rand.New(rand.NewPCG(p.settings.Seed, orderStream)).Perm(len(y))
	take := func(n int) (some []Configuration, values []float64) {
		for _, i := range order[:min(n, len(y))] {
			some, values = append(some, points[i]), append(values, y[i])
		}
		return some, values
	}
	some, values := take(krigingLearn)
	for range krigingPasses {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if err := m.Fit(some, values); err != nil {
			return nil, nil, err
		}
	}
	if len(y) > krigingLearn {
		some, values = take(krigingRows)
		if err := m.Use(some, values); err != nil {
			return nil, nil, err
		}
	}
	return m, some, nil
}
