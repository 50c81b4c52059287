package genes

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

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
	// krige is the process of the part that was predicted best, of many configurations.
	krige *kriging.Model
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
			if err = p.predictHeldOut(ctx, &t); err != nil {
				return nil, err
			}
			t.HeldOut = regress.Compare(t.heldOut, p.values)
			t.error = p.errorOf(t.heldOut, p.values)
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
func (p *problem) errorOf(predicted, values []float64) (sum float64) {
	for i, v := range predicted {
		e := v - values[i]
		if p.quantity == Latency {
			e = math.Log(v / values[i])
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

// predictHeldOut predicts each value by a model that was fitted without it.
func (p *problem) predictHeldOut(ctx context.Context, t *trial) (err error) {
	y := p.scaled(t.Scale)
	if t.Model == ModelKriging {
		return p.krigeHeldOut(ctx, t, y)
	}
	t.heldOut, err = regress.HeldOutPredictions(ctx, p.space.rowsOf(p.points), y,
		p.linearSettings())
	p.unscale(t.heldOut, t.Scale)
	return err
}

// unscale makes values of predictions.
func (p *problem) unscale(predicted []float64, s Scale) {
	for i, scaled := range predicted {
		predicted[i] = p.bounded(s.value(scaled))
	}
}

func (p *problem) krigeHeldOut(ctx context.Context, t *trial, y []float64) error {
	t.heldOut = make([]float64, len(y))
	folds := regress.Folds(len(y), p.settings)
	var lock sync.Mutex
	best, smallest := len(folds), math.Inf(1)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for k, fold := range folds {
		group.Go(func() error {
			return bug.Catch(func() error {
				m, _, err := p.krige(ctx, regress.Without(p.points, fold), regress.Without(y, fold))
				if err != nil {
					return err
				}
				held, values := make([]Configuration, len(fold)), make([]float64, len(fold))
				for i, row := range fold {
					held[i], values[i] = p.points[row], p.values[row]
				}
				predicted := m.Means(m.Points(held))
				p.unscale(predicted, t.Scale)
				for i, row := range fold {
					t.heldOut[row] = predicted[i]
				}
				e := p.errorOf(predicted, values)
				lock.Lock()
				defer lock.Unlock()
				if e < smallest || e == smallest && k < best {
					t.krige, best, smallest = m, k, e
				}
				return nil
			})
		})
	}
	return group.Wait()
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
	some, values := p.some(points, y, krigingLearn)
	for range krigingPasses {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if err := m.Fit(some, values); err != nil {
			return nil, nil, err
		}
	}
	if len(y) > krigingLearn {
		some, values = p.some(points, y, krigingRows)
		if err := m.Use(some, values); err != nil {
			return nil, nil, err
		}
	}
	return m, some, nil
}

// some are so many points at most, drawn at random.
func (p *problem) some(points []Configuration, y []float64, n int) (some []Configuration,
	values []float64) {
	order := rand.New(rand.NewPCG(p.settings.Seed, orderStream)).Perm(len(y))
	for _, i := range order[:min(n, len(y))] {
		some, values = append(some, points[i]), append(values, y[i])
	}
	return some, values
}

// krigeAll is the process of a trial, of all points. Of many, what is likely was told from some: of
// others it may come out far worse, and nobody would have seen that. So that is taken which was
// seen to predict.
func (p *problem) krigeAll(ctx context.Context, t trial, y []float64) (*kriging.Model,
	[]Configuration, error) {
	if len(y) <= krigingLearn || t.krige == nil {
		return p.krige(ctx, p.points, y)
	}
	some, values := p.some(p.points, y, krigingRows)
	return t.krige, some, t.krige.Use(some, values)
}
