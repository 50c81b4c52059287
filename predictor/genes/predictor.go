package genes

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/tailor-nas/tailor/internal/kriging"
	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet/provenance"
)

// version is that of both kinds of documents.
const version = 1

// Kind is that of the documents of predictors of a quantity.
func (q Quantity) Kind() string { return "gene-" + string(q) }

// Predictor predicts a quantity of the configurations of a space. It is the document
// "gene-accuracy/1" or "gene-latency/1"; make one with [Fit] or [LoadPredictor]. It is not safe for
// concurrent use.
type Predictor struct {
	provenance.Header
	Quantity       Quantity        `json:"quantity"`
	SpaceName      string          `json:"space"`
	SpaceSHA256    string          `json:"space_sha256"`
	Genes          []Gene          `json:"genes"`
	Configurations int             `json:"configurations"` // distinct ones that were measured
	Rows           int             `json:"rows"`           // measurements of these
	Noise          regress.Noise   `json:"noise,omitzero"`
	HeldOut        regress.HeldOut `json:"heldout"`     // by distinct configuration
	ScaledRMSE     float64         `json:"scaled_rmse"` // of HeldOut's predictions, on the scale
	Interval       Interval        `json:"interval,omitzero"`
	Candidates     []Candidate     `json:"candidates"` // what was tried; the first was taken
	Scale          Scale           `json:"scale"`
	Floor          float64         `json:"floor"` // the least that is predicted
	Linear         *regress.Model  `json:"linear,omitempty"`
	Kriging        *Kriging        `json:"kriging,omitempty"`

	space     *Space
	evaluator *regress.Evaluator
	krige     *kriging.Model
}

// Kriging is what a Gaussian process learned.
type Kriging struct {
	Process
	Points Points `json:"points"`
}

// Process is what the means of a Gaussian process follow from, besides the points that it was
// fitted to.
type Process struct {
	Weight  []float64 `json:"weight"` // by gene
	Shape   []int     `json:"shape"`  // by gene: 0 unordered, 1 smooth, 2 bent
	Joint   float64   `json:"joint"`
	Pairs   bool      `json:"pairs"`
	Mean    float64   `json:"mean"` // of the values
	Scale   float64   `json:"scale"`
	Weights []float64 `json:"weights"` // by point
}

// Points are configurations. In JSON each is a text with the numbers of its choices, "0,3,1".
type Points []Configuration

// MarshalJSON writes texts.
func (p Points) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	b.WriteByte('[')
	for i, c := range p {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		for j, v := range c {
			if j > 0 {
				b.WriteByte(',')
			}
			b.WriteString(strconv.Itoa(int(v)))
		}
		b.WriteByte('"')
	}
	b.WriteByte(']')
	return []byte(b.String()), nil
}

// UnmarshalJSON reads texts.
func (p *Points) UnmarshalJSON(text []byte) error {
	words := strings.Split(strings.Trim(strings.TrimSpace(string(text)), "[]"), `"`)
	*p = nil
	for i := 1; i < len(words); i += 2 {
		c := Configuration{}
		for number := range strings.SplitSeq(words[i], ",") {
			v, err := strconv.ParseUint(number, 10, 16)
			if err != nil {
				return fmt.Errorf("%.40q is no configuration, expected numbers of choices", words[i])
			}
			c = append(c, uint16(v))
		}
		*p = append(*p, c)
	}
	return nil
}

// SpaceError is returned for a predictor of another space than the one at hand.
type SpaceError struct {
	File                 string
	Space, SpaceSHA256   string // of the file
	Wanted, WantedSHA256 string // at hand
}

func (e *SpaceError) Error() string {
	return fmt.Sprintf("%s predicts configurations of the genes %s (%.12s), not of %s (%.12s): fit one for these, or name those with --genes",
		e.File, e.Space, e.SpaceSHA256, e.Wanted, e.WantedSHA256)
}

// Save writes the document. The inputs of its header are the caller's.
func (p *Predictor) Save(path string) error {
	return store.WriteDocument(path, p.Quantity.Kind(), version, p)
}

// LoadPredictor reads a document that was made for a space.
func LoadPredictor(path string, s *Space, q Quantity) (*Predictor, error) {
	p := &Predictor{}
	if err := store.ReadDocument(path, q.Kind(), version, p); err != nil {
		return nil, err
	}
	if sha := s.SHA256(); p.SpaceSHA256 != sha {
		return nil, &SpaceError{path, p.SpaceName, p.SpaceSHA256, s.Name, sha}
	}
	p.space = s
	if p.Quantity != q {
		return nil, fmt.Errorf("%s: its quantity is %q, expected %s: fit it again", path,
			p.Quantity, q)
	}
	if err := p.prepare(); err != nil {
		return nil, fmt.Errorf("%s: %w: fit it again", path, err)
	}
	return p, nil
}

// prepare checks what was fitted or read, and makes it ready.
func (p *Predictor) prepare() (err error) {
	if err := p.HeldOut.Check(); err != nil {
		return fmt.Errorf("heldout: %w", err)
	}
	if p.Configurations < regress.MinRows || p.Rows < p.Configurations {
		return fmt.Errorf("%d configurations of %d rows, expected at least %d and no fewer rows",
			p.Configurations, p.Rows, regress.MinRows)
	}
	if !(p.ScaledRMSE >= 0 && p.ScaledRMSE <= maxLatency) {
		return fmt.Errorf("scaled_rmse is %g, expected 0 or more", p.ScaledRMSE)
	}
	if p.Scale != Plain && p.Scale != Log && p.Scale != Logit {
		return fmt.Errorf("scale is %.20q, expected %s, %s or %s", p.Scale, Plain, Log, Logit)
	}
	if !(p.Floor >= 0 && p.Floor <= maxLatency) {
		return fmt.Errorf("floor is %g, expected 0 or more", p.Floor)
	}
	switch {
	case p.Linear != nil && p.Kriging == nil:
		first := make(Configuration, len(p.space.Genes))
		if err := p.Linear.Check(len(p.space.features(first))); err != nil {
			return fmt.Errorf("linear: %w", err)
		}
		p.evaluator = p.Linear.Evaluator()
	case p.Kriging != nil && p.Linear == nil:
		for i, c := range p.Kriging.Points {
			if err := p.space.Check(c); err != nil {
				return fmt.Errorf("kriging: point %d: %w", i+1, err)
			}
		}
		p.krige, err = kriging.Restore(p.space.Sizes(), p.Kriging.Points,
			kriging.Saved(p.Kriging.Process))
		if err != nil {
			return fmt.Errorf("kriging: %w", err)
		}
	default:
		return errors.New("it has not one model")
	}
	return nil
}

// Predict gives the values of configurations of the space.
func (p *Predictor) Predict(all []Configuration) ([]float64, error) {
	for i, c := range all {
		if err := p.space.Check(c); err != nil {
			return nil, fmt.Errorf("configuration %d: %w", i+1, err)
		}
	}
	var values []float64
	if p.krige != nil {
		values = p.krige.Means(p.krige.Points(all))
	} else {
		values = make([]float64, len(all))
		for i, c := range all {
			p.evaluator.Values(p.space.features(c), values[i:i+1])
		}
	}
	for i, v := range values {
		values[i] = bounded(p.Quantity, p.Floor, p.Scale.value(v))
		if math.IsNaN(values[i]) || math.IsInf(values[i], 0) {
			return nil, fmt.Errorf("configuration %d: the prediction is %g, expected a finite number: fit it again", i+1, values[i])
		}
	}
	return values, nil
}

// Below is the value that is so many of the errors of held-out predictions below a prediction, on
// the scale that was learned: near the end of what values can be, errors are small.
func (p *Predictor) Below(predicted, errors float64) float64 {
	if p.Scale == Log && !(predicted > 0) {
		return predicted
	}
	low := p.Scale.value(p.Scale.of(predicted) - errors*p.ScaledRMSE)
	return min(predicted, bounded(p.Quantity, p.Floor, low))
}

// Model is the model that was taken.
func (p *Predictor) Model() string {
	if p.krige != nil {
		return ModelKriging
	}
	return ModelLinear
}
