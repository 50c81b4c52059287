package genes

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/tailor-nas/tailor/predictor/regress"
)

// Settings say how [Fit] goes. The zero value is what it usually is, with the seed 0.
type Settings struct {
	Seed uint64
	// Progress, if set, is called when another candidate has been tried.
	Progress func(done, total int)
}

// Fit learns what was measured, of [regress.MinRows] configurations or more. Of the models and
// scales that there are it takes that with the smallest error in cross-validation, by distinct
// configuration: what was measured several times counts once, by the median of latencies and the
// mean of accuracies. Equal arguments give equal bits, on any number of processors.
func Fit(ctx context.Context, s *Space, q Quantity, measured []Measured, settings Settings) (
	*Predictor, error) {
	p, err := newProblem(s, q, measured, settings)
	if err != nil {
		return nil, err
	}
	trials, err := p.trials(ctx)
	if err != nil {
		return nil, err
	}
	best := trials[0]
	d := &Predictor{Quantity: q, SpaceName: s.Name, SpaceSHA256: s.SHA256(), Genes: s.Genes,
		Configurations: len(measured), Scale: best.Scale, Floor: p.floor, HeldOut: best.HeldOut,
		Interval: intervalOf(q, best.heldOut, p.values), space: s}
	for i, v := range best.heldOut {
		e := best.Scale.of(v) - best.Scale.of(p.values[i])
		d.ScaledRMSE += e * e
	}
	d.ScaledRMSE = math.Sqrt(d.ScaledRMSE / float64(len(p.values)))
	for _, m := range measured {
		d.Rows += len(m.Values)
	}
	d.Noise = noiseOf(measured)
	for _, t := range trials {
		d.Candidates = append(d.Candidates, t.Candidate)
	}
	if err := p.final(ctx, d, best); err != nil {
		return nil, err
	}
	return d, d.prepare()
}

// newProblem checks what was measured and merges repeats.
func newProblem(s *Space, q Quantity, measured []Measured, settings Settings) (*problem, error) {
	if len(measured) < regress.MinRows {
		return nil, fmt.Errorf("%w: %d distinct configurations, expected at least %d, and some hundred for a good model", ErrMeasured, len(measured), regress.MinRows)
	}
	p := &problem{space: s, quantity: q, settings: regress.Defaults(), progress: settings.Progress}
	p.settings.Seed = settings.Seed
	for i, m := range measured {
		err := s.Check(m.Genes)
		if err == nil && len(m.Values) == 0 {
			err = fmt.Errorf("has no values")
		}
		for _, v := range m.Values {
			if err == nil {
				err = q.check(v)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%w: configuration %d: %w", ErrMeasured, i+1, err)
		}
		p.points, p.values = append(p.points, m.Genes), append(p.values, q.merged(m.Values))
	}
	if q == Latency {
		p.floor = slices.Min(p.values) / 10
	}
	return p, nil
}

// merged is what several measurements of one configuration count as.
func (q Quantity) merged(values []float64) float64 {
	if q == Latency {
		return regress.Median(values)
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// noiseOf is zero of values that are not all above 0, too.
func noiseOf(measured []Measured) regress.Noise {
	values := make([][]float64, len(measured))
	for i, m := range measured {
		if values[i] = m.Values; slices.Min(m.Values) <= 0 {
			return regress.Noise{}
		}
	}
	return regress.NoiseOf(values)
}

// final fits the best candidate to all that there is.
func (p *problem) final(ctx context.Context, d *Predictor, best trial) error {
	y := p.scaled(best.Scale)
	if best.Model == ModelLinear {
		f, err := regress.Fit(ctx, p.space.rowsOf(p.points), y, p.linearSettings())
		if err != nil {
			return err
		}
		d.Linear = f.Model
		return nil
	}
	m, points, err := p.krigeAll(ctx, best, y)
	if err != nil {
		return err
	}
	d.Kriging = &Kriging{Process: Process(m.Saved()), Points: points}
	return nil
}

// Interval says how far configurations are from what is predicted of them: at most so much of the
// value for latencies, or of the unit for accuracies. It is zero where too few were measured.
type Interval struct {
	Coverage float64 `json:"coverage"` // share of configurations of which it holds
	Relative float64 `json:"relative,omitempty"`
	Absolute float64 `json:"absolute,omitempty"`
}

// intervalCoverage is the share of values that an interval should hold.
const intervalCoverage = 0.9

// intervalOf is that of held-out predictions, as [regress.IntervalOf].
func intervalOf(q Quantity, predicted, values []float64) Interval {
	if q == Latency {
		i := regress.IntervalOf(predicted, values)
		return Interval{Coverage: i.Coverage, Relative: i.Relative}
	}
	n := len(values)
	at := int(math.Ceil(intervalCoverage * float64(n+1)))
	if at > n {
		return Interval{}
	}
	errors := make([]float64, n)
	for i, v := range predicted {
		errors[i] = math.Abs(v - values[i])
	}
	slices.Sort(errors)
	return Interval{Coverage: intervalCoverage, Absolute: errors[at-1]}
}
