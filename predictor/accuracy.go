package predictor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/provenance"
)

const (
	accuracyKind    = "accuracy"
	accuracyVersion = 4
	accuracyOldest  = 3 // that is read; it has no composite
)

// Accuracy predicts the top-1 of the sub-networks of a space. It is the document "accuracy/4"; make
// one with [FitAccuracy] or [LoadAccuracy]. It is safe for concurrent use.
type Accuracy struct {
	provenance.Header
	SpaceName   string `json:"space"`
	SpaceSHA256 string `json:"space_sha256"`
	Encoding    string `json:"encoding"`    // of archs as the model's features
	Resolutions []int  `json:"resolutions"` // of archs that can be predicted, in pixels
	// Images is the number of test images of each measurement; 0: unknown. The caller sets it.
	Images int `json:"images,omitempty"`
	// Samples is the number of distinct archs; 0 if the model was fitted elsewhere and its error is
	// not known.
	Samples      int                  `json:"samples,omitempty"`
	Seed         uint64               `json:"seed"`
	HeldOut      regress.HeldOut      `json:"heldout,omitzero"`
	ByResolution []ResolutionHeldOut  `json:"heldout_by_resolution,omitempty"`
	Curve        []regress.CurvePoint `json:"learning_curve,omitempty"`
	// Composite is how the values that the model was fitted to were made of what was measured; nil
	// if they are what was measured. HeldOut and ByResolution are errors against measured values,
	// Curve, Candidates and FittedHeldOut against those that were fitted to.
	Composite     *regress.Composite `json:"composite,omitempty"`
	FittedHeldOut regress.HeldOut    `json:"heldout_fitted,omitzero"`
	// by rising error; Model is the first one
	Candidates []regress.Candidate `json:"candidates,omitempty"`
	Model      regress.Model       `json:"model"`

	space      *supernet.Space
	encoder    encoder
	once       sync.Once
	evaluator  *regress.Evaluator // of Model, from the first prediction on
	evaluators sync.Pool          // clones of it
	gradients  sync.Mutex
	gradient   *regress.Gradient   // of Model, from the first use on
	first      *regress.FirstLayer // likewise
}

// FitAccuracy learns from samples with values between 0 and 1. Values of one arch are averaged. The
// held-out error is that of cross-validation: each sample is predicted by a model that was fitted
// without it; the model returned is fitted to all. Of several kinds of model the one with the
// smallest such error is taken. Errors about the samples wrap [ErrSamples] or
// [supernet.ErrArch].
func FitAccuracy(ctx context.Context, space *supernet.Space, samples []Sample,
	s regress.Settings) (*Accuracy, error) {
	m, err := distinctTop1(space, samples)
	if err != nil {
		return nil, err
	}
	a := newAccuracy(space, m.archs)
	f, err := a.fit(ctx, m.archs, m.values, s)
	if err != nil {
		return nil, err
	}
	a.judge(f.Predicted, m)
	return a, nil
}

// distinctTop1 is [distinct] of samples with enough archs, and values that are accuracies.
func distinctTop1(space *supernet.Space, samples []Sample) (measured, error) {
	for i, sample := range samples {
		if err := checkTop1(sample.Value); err != nil {
			return measured{}, fmt.Errorf("sample %d: %w", i+1, err)
		}
	}
	m, err := distinct(space, samples)
	if err == nil && len(m.archs) < regress.MinRows {
		err = fmt.Errorf(
			"%w: %d distinct archs, expected at least %d, and some hundred for a good predictor",
			ErrSamples, len(m.archs), regress.MinRows)
	}
	return m, err
}

// newAccuracy is one that is to learn from distinct archs.
func newAccuracy(space *supernet.Space, archs []supernet.Arch) *Accuracy {
	return &Accuracy{SpaceName: space.Name, SpaceSHA256: space.SHA256(), Encoding: encoding,
		Samples: len(archs), space: space, Resolutions: spanned(space, archs)}
}

// fit learns from values of archs.
func (a *Accuracy) fit(ctx context.Context, archs []supernet.Arch, values []float64,
	s regress.Settings) (f *regress.Fitted, err error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("fit settings: %w", err)
	}
	if a.encoder, err = newEncoder(a.Encoding, a.space); err != nil {
		return nil, err
	}
	if f, err = regress.Fit(ctx, a.rows(archs), values, s); err != nil {
		return nil, err
	}
	a.Seed, a.Model, a.Candidates, a.Curve = s.Seed, *f.Model, f.Candidates, f.Curve
	return f, nil
}

// judge states the error of held-out predictions of what was measured.
func (a *Accuracy) judge(predicted []float64, m measured) {
	resolutions := make([]int, len(m.archs))
	for i, arch := range m.archs {
		resolutions[i] = int(arch.Resolution)
	}
	a.HeldOut = regress.Compare(predicted, m.values)
	a.ByResolution = byResolution(resolutions, predicted, m.values)
}

// rows are archs as the model's features.
func (a *Accuracy) rows(archs []supernet.Arch) [][]float32 {
	x := make([][]float32, len(archs))
	for i, arch := range archs {
		x[i] = make([]float32, a.encoder.Len())
		a.encoder.encode(arch, x[i])
	}
	return x
}

// HeldOutPredictions predicts distinct archs with the values that were fitted to (of Composite, its
// estimates), in the order in which they were fitted to, each by a model of a's kind that did not
// learn from it: what HeldOut is made of. It takes some seconds.
func (a *Accuracy) HeldOutPredictions(ctx context.Context, archs []supernet.Arch,
	values []float64) ([]float64, error) {
	if len(a.Candidates) == 0 || a.space == nil {
		return nil, errors.New("the predictor was not fitted here")
	}
	for i, arch := range archs {
		if a.space.Check(arch) != nil {
			return nil, archError(a.space, archs, i)
		}
	}
	s := regress.Defaults()
	s.Seed, s.Model = a.Seed, a.Candidates[0].Model
	return regress.HeldOutPredictions(ctx, a.rows(archs), values, s)
}

// Predict gives the accuracy of archs of the space, as a share. An arch that is not one of the
// space is an error that wraps [supernet.ErrArch], one of a resolution that is none of Resolutions
// an [*UnknownResolutionError], and an accuracy beyond the numbers there are one that wraps
// [ErrOverflow].
func (a *Accuracy) Predict(archs []supernet.Arch) ([]float64, error) {
	// not clipped to 0..1, which would make the best ones equal
	values := make([]float64, len(archs))
	a.once.Do(func() { a.evaluator = a.Model.Evaluator() })
	e, ok := a.evaluators.Get().(*regress.Evaluator)
	if !ok {
		e = a.evaluator.Clone()
	}
	defer a.evaluators.Put(e)
	x := make([]float32, min(len(archs), regress.BatchRows)*a.encoder.Len())
	for i := 0; i < len(archs); i += regress.BatchRows {
		rows := archs[i:min(i+regress.BatchRows, len(archs))]
		for j, arch := range rows {
			if !slices.Contains(a.Resolutions, int(arch.Resolution)) ||
				!a.encoder.encode(arch, x[j*a.encoder.Len():][:a.encoder.Len()]) {
				return nil, a.refuse(archs, i+j)
			}
		}
		e.Values(x[:len(rows)*a.encoder.Len()], values[i:i+len(rows)])
	}
	for i, v := range values {
		if !finite(v) {
			return nil, fmt.Errorf("arch %d of %d: %w (a top-1 of %g): fit the accuracy again", i+1,
				len(archs), ErrOverflow, v)
		}
	}
	return values, nil
}

// Flattened says whether the last doubling of the samples lowered the error by less than 5 %.
func (a *Accuracy) Flattened() bool { return regress.Flattened(a.Curve) }

// refuse says why the i-th arch cannot be encoded.
func (a *Accuracy) refuse(archs []supernet.Arch, i int) error {
	if a.space.Check(archs[i]) == nil {
		return fmt.Errorf("arch %d of %d: %w", i+1, len(archs),
			&UnknownResolutionError{int(archs[i].Resolution), a.Resolutions})
	}
	return archError(a.space, archs, i)
}

// Save writes the document.
func (a *Accuracy) Save(path string) error {
	return store.WriteDocument(path, accuracyKind, accuracyVersion, a)
}

// LoadAccuracy reads a document that [Accuracy.Save] wrote. One of another space is a
// [*SpaceError].
func LoadAccuracy(path string, space *supernet.Space) (*Accuracy, error) {
	if space == nil {
		return nil, errNoSpace
	}
	a := &Accuracy{space: space}
	err := store.ReadDocumentSince(path, accuracyKind, accuracyOldest, accuracyVersion, a)
	if err != nil {
		return nil, err
	}
	if sha := space.SHA256(); a.SpaceSHA256 != sha {
		return nil, &SpaceError{path, a.SpaceName, a.SpaceSHA256, space.Name, sha}
	}
	if err := a.prepare(); err != nil {
		return nil, fmt.Errorf("%s: %w: fit it again", path, err)
	}
	return a, nil
}

// ImportAccuracy makes a predictor of an MLP that was fitted elsewhere, to archs as OFA's
// published accuracy predictor encodes them: one-hots of the kernel sizes of 20 blocks, of their
// expand ratios, and of 8 resolutions, 112 to 224; or, of a space with a choice of widths, as OFA
// encodes its ResNets: one-hots of 8 resolutions, 128 to 256, of the stem's depth, of 6 widths and
// of the expand ratios of 18 blocks. Base is added to what it gives. Resolutions are those that it
// was fitted to. The error is for a space of another shape than OFA's, a resolution
// that the space or the encoding does not have, or an MLP of other inputs.
func ImportAccuracy(space *supernet.Space, n *regress.MLP, base float64,
	resolutions []int) (*Accuracy, error) {
	if space == nil || n == nil {
		return nil, errors.New("importing a predictor takes a space and an MLP")
	}
	a := &Accuracy{
		SpaceName: space.Name, SpaceSHA256: space.SHA256(), Encoding: publishedEncoding(space),
		Resolutions: resolutions, space: space,
		Model: regress.Model{Bias: base, Networks: []regress.MLP{*n}},
	}
	if err := a.prepare(); err != nil {
		return nil, err
	}
	return a, nil
}

// prepare checks the model, and makes ready to predict.
func (a *Accuracy) prepare() (err error) {
	if a.encoder, err = newEncoder(a.Encoding, a.space); err != nil {
		return err
	}
	if len(a.Resolutions) == 0 {
		return errors.New("no resolutions, expected those that it predicts")
	}
	if a.Samples < 0 || a.Images < 0 {
		return fmt.Errorf("samples %d of images %d, expected 0 or more", a.Samples, a.Images)
	}
	if err := checkStated(a.HeldOut, a.ByResolution, a.Curve, regress.Interval{}); err != nil {
		return err
	}
	x := make([]float32, a.encoder.Len())
	for _, r := range a.Resolutions {
		arch := a.space.Min()
		arch.Resolution = uint16(r)
		if !slices.Contains(a.space.Resolutions, r) || !a.encoder.encode(arch, x) {
			return fmt.Errorf("resolution %d is none of space %s that encoding %s has a feature for", r, a.SpaceName, a.Encoding)
		}
	}
	return a.Model.Check(a.encoder.Len())
}
