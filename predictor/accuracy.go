package predictor

import (
	"context"
	"fmt"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/supernet"
)

const (
	accuracyKind    = "accuracy"
	accuracyVersion = 2

	// minSamples is too few for a good model, but enough for a held-out error that says so.
	minSamples = 10
)

// Accuracy predicts the top-1 of the sub-networks of a space. It is the document "accuracy/2"; make
// one with [FitAccuracy] or [LoadAccuracy]. It is safe for concurrent use.
type Accuracy struct {
	store.Header
	SpaceName    string              `json:"space"`
	SpaceSHA256  string              `json:"space_sha256"`
	Encoding     string              `json:"encoding"`         // of archs as the model's features
	Images       int                 `json:"images,omitempty"` // that each measurement looked at; set by the caller
	Samples      int                 `json:"samples"`          // distinct archs
	Seed         uint64              `json:"seed"`
	HeldOut      HeldOut             `json:"heldout"`
	ByResolution []ResolutionHeldOut `json:"heldout_by_resolution,omitempty"`
	Curve        []CurvePoint        `json:"learning_curve,omitempty"`
	Candidates   []Candidate         `json:"candidates,omitempty"` // by rising error; Model is the first one
	Model        Model               `json:"model"`

	space   *supernet.Space
	encoder *Encoder
}

// FitAccuracy learns from samples with values between 0 and 1. Values of one arch are averaged. The
// held-out error is that of cross-validation: each sample is predicted by a model that was fitted
// without it; the model returned is fitted to all. Of several kinds of model the one with the
// smallest such error is taken. Errors about the samples wrap [ErrSamples] or
// [supernet.ErrArch].
func FitAccuracy(ctx context.Context, space *supernet.Space, samples []Sample, s FitSettings) (*Accuracy, error) {
	s, err := s.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("fit settings: %w", err)
	}
	for i, sample := range samples {
		if !(sample.Value >= 0 && sample.Value <= 1) {
			return nil, fmt.Errorf("%w: the accuracy of sample %d is %g, expected a share between 0 and 1 (write 76 %% as 0.76)",
				ErrSamples, i+1, sample.Value)
		}
	}
	m, err := distinct(space, samples)
	if err != nil {
		return nil, err
	}
	if len(m.archs) < minSamples {
		return nil, fmt.Errorf("%w: %d distinct archs, expected at least %d, and some hundred for a good predictor",
			ErrSamples, len(m.archs), minSamples)
	}
	a := &Accuracy{
		SpaceName: space.Name, SpaceSHA256: space.SHA256(), Encoding: encoding, Samples: len(m.archs), Seed: s.Seed, space: space,
	}
	if a.encoder, err = NewEncoder(space); err != nil {
		return nil, err
	}
	if err := a.fit(ctx, m, s); err != nil {
		return nil, err
	}
	return a, nil
}

func (a *Accuracy) fit(ctx context.Context, m measured, s FitSettings) error {
	x := make([][]float32, len(m.archs))
	resolutions := make([]int, len(m.archs))
	for i, arch := range m.archs {
		x[i] = make([]float32, a.encoder.Len())
		a.encoder.Encode(arch, x[i])
		resolutions[i] = int(arch.Resolution)
	}
	candidates, err := fitCandidates(ctx, x, m.values, s)
	if err != nil {
		return err
	}
	for _, c := range candidates {
		a.Candidates = append(a.Candidates, Candidate{c.settings.Model, c.errors})
	}
	best := candidates[0]
	a.Model, a.HeldOut = *best.model, best.errors
	a.ByResolution = byResolution(resolutions, best.heldOut, m.values)
	a.Curve, err = learningCurve(ctx, x, m.values, best.settings, best.errors)
	return err
}

// Predict gives the accuracy of archs of the space, as a share. An arch that is not one of the
// space is an error that wraps [supernet.ErrArch].
func (a *Accuracy) Predict(archs []supernet.Arch) ([]float64, error) {
	e := a.Model.evaluator()
	x := make([]float32, a.encoder.Len())
	values := make([]float64, len(archs)) // not clipped to 0..1, which would make the best ones equal
	for i, arch := range archs {
		if !a.encoder.encode(arch, x) {
			return nil, archError(a.space, archs, i)
		}
		values[i] = e.value(x)
	}
	return values, nil
}

// Save writes the document.
func (a *Accuracy) Save(path string) error {
	return store.WriteDocument(path, accuracyKind, accuracyVersion, a)
}

// LoadAccuracy reads a document that [Accuracy.Save] wrote. One of another space is a
// [*SpaceError]; for other errors see [store.ReadDocument].
func LoadAccuracy(path string, space *supernet.Space) (*Accuracy, error) {
	a := &Accuracy{space: space}
	if err := store.ReadDocument(path, accuracyKind, accuracyVersion, a); err != nil {
		return nil, err
	}
	if sha := space.SHA256(); a.SpaceSHA256 != sha {
		return nil, &SpaceError{path, a.SpaceName, a.SpaceSHA256, space.Name, sha}
	}
	if a.Encoding != encoding {
		return nil, fmt.Errorf("%s encodes archs as %q, this tailor knows %s: fit it again", path, a.Encoding, encoding)
	}
	var err error
	if a.encoder, err = NewEncoder(space); err != nil {
		return nil, err
	}
	if err := a.Model.check(a.encoder.Len()); err != nil {
		return nil, fmt.Errorf("%s: %w: fit it again", path, err)
	}
	return a, nil
}
