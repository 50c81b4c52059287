package jobs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/tailor-nas/tailor/internal/queue"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/trainer"
)

// AccuracyKind is what jobs of lent machines are.
const AccuracyKind = "accuracy"

// ErrProtocol is wrapped by errors about files and values of a job that are not as they must be.
var ErrProtocol = errors.New("not a measurement that this tailor makes")

// protocolVersion is of this package's texts. It is the queue's, so that a worker never gets a job
// of another version, which it could only refuse.
const protocolVersion = queue.Version

// maxProtocol bounds the bytes of a protocol, most of which are its space.
const maxProtocol = 4 << 20

// protocol says how accuracies are measured: all that they depend on besides the network and the
// class of machine. Its SHA-256 is a job's.
type protocol struct {
	Version string `json:"version"`
	// Networks says that each job names a network that stands alone, by its SHA-256: there are only
	// images to test it on.
	Networks bool            `json:"networks,omitempty"`
	Space    *supernet.Space `json:"space,omitempty"`
	Weights  string          `json:"weights,omitempty"` // SHA-256 of a safetensors file
	Images   string          `json:"images"`            // SHA-256 of an images file
	// Statistics of batch norm are among the weights.
	Statistics   bool   `json:"statistics,omitempty"`
	CalibrateAll bool   `json:"calibrate_all,omitempty"` // as trainer.EvalSettings
	Calibration  int    `json:"calibration"`             // images
	Batch        int    `json:"batch"`
	Seed         uint64 `json:"seed"`
}

func parseProtocol(text []byte) (*protocol, error) {
	p := new(protocol)
	if err := parse(text, p); err != nil {
		return nil, err
	}
	if err := checkHead(p.Version, p.Space, p.Networks); err != nil {
		return nil, err
	}
	switch {
	case p.Networks && *p != (protocol{Version: p.Version, Networks: true, Images: p.Images}):
		return nil, fmt.Errorf("%w: it is of networks that stand alone, and has settings of others",
			ErrProtocol)
	case p.Networks:
		return p, nil
	case p.Batch < 1 || p.Batch > 1<<16:
		return nil, fmt.Errorf("%w: its batch is %d, expected 1 to %d", ErrProtocol, p.Batch, 1<<16)
	case p.Calibration < 0 || p.Calibration > math.MaxInt32:
		return nil, fmt.Errorf("%w: it calibrates on %d images", ErrProtocol, p.Calibration)
	}
	return p, nil
}

// checkHead checks what all protocols begin with: a space, unless jobs name networks of their own.
func checkHead(version string, space *supernet.Space, networks bool) error {
	switch {
	case version != protocolVersion:
		return fmt.Errorf("%w: its version is %q, expected %q", ErrProtocol, version,
			protocolVersion)
	case space == nil && !networks:
		return fmt.Errorf("%w: it has no space", ErrProtocol)
	case space != nil && networks:
		return fmt.Errorf("%w: it has a space, and is of networks that stand alone", ErrProtocol)
	}
	return nil
}

// settings are those of an evaluator.
func (p *protocol) settings() trainer.EvalSettings {
	return trainer.EvalSettings{CalibrationImages: p.Calibration, CalibrateAll: p.CalibrateAll,
		Batch: p.Batch, Workers: 1, Seed: p.Seed}
}

// value is what was measured. Its numbers are written with all digits that tell them apart, so that
// the same text is the same bits.
type value struct {
	Top1       *float64 `json:"top1"` // nil where the text has none, which is no 0
	Top1Even   *float64 `json:"top1_even"`
	Divergence *float64 `json:"divergence"`
}

func valueOf(i trainer.Imitation) value { return value{&i.Top1, &i.Top1Even, &i.Divergence} }

func parseValue(text []byte) (i trainer.Imitation, err error) {
	var v value
	if err := parse(text, &v); err != nil {
		return i, err
	}
	share := func(v *float64) bool { return v != nil && *v >= 0 && *v <= 1 }
	if !share(v.Top1) || !share(v.Top1Even) || v.Divergence == nil || !(*v.Divergence >= 0) {
		return i, fmt.Errorf("%w: %.200s is no top-1, top-1 of every second image and divergence",
			ErrProtocol, text)
	}
	return trainer.Imitation{Top1: *v.Top1, Top1Even: *v.Top1Even, Divergence: *v.Divergence}, nil
}

// parse reads a text that is one object and nothing else.
func parse(text []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: something follows its end", ErrProtocol)
	}
	return nil
}
