package trainer

import (
	"errors"
	"fmt"
	"io"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/internal/textfile"
)

const (
	phasesKind     = "phases/1"
	maxPhasesBytes = 1 << 16
	maxPhasesDepth = 8
)

// LoadPhases reads [Config.Phases] from a YAML file of the kind phases/1 (docs/training.md). What
// is wrong with the text is a [*PhasesError].
func LoadPhases(path string) ([]PhaseSettings, error) {
	f, _, err := store.OpenRegular(path)
	if err != nil {
		return nil, fmt.Errorf("read phases: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPhasesBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read phases: %w", err)
	}
	return ParsePhases(path, text)
}

// PhasesError says what is wrong with a file of phases.
type PhasesError struct {
	File string
	Line int // 0 if the file as a whole is wrong
	Err  error
}

func (e *PhasesError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("phases file %s:%d: %v", e.File, e.Line, e.Err)
	}
	return fmt.Sprintf("phases file %s: %v", e.File, e.Err)
}

func (e *PhasesError) Unwrap() error { return e.Err }

// ParsePhases is [LoadPhases] of a text; file is its name for errors.
func ParsePhases(file string, text []byte) ([]PhaseSettings, error) {
	var doc struct {
		Tailor string          `yaml:"tailor"`
		Phases []PhaseSettings `yaml:"phases"`
	}
	y, err := textfile.ParseYAML(text, textfile.Limits{Bytes: maxPhasesBytes,
		Depth: maxPhasesDepth})
	if err == nil {
		err = y.Decode(&doc, true)
	}
	var bad *textfile.YAMLError
	switch {
	case errors.As(err, &bad):
		line := bad.Line
		return nil, &PhasesError{file, line, fmt.Errorf("%w: %w", ErrConfig,
			&textfile.YAMLError{Field: bad.Field, Msg: bad.Msg})}
	case err != nil:
		return nil, &PhasesError{file, 0, err}
	case doc.Tailor != phasesKind:
		return nil, &PhasesError{file, y.Line("tailor"), fmt.Errorf(
			"%w: tailor is %.40q, expected %s", ErrConfig, doc.Tailor, phasesKind)}
	}
	if at, err := checkEachPhase(doc.Phases); err != nil {
		return nil, &PhasesError{file, y.Line(fmt.Sprintf("phases[%d]", at)), err}
	}
	return doc.Phases, nil
}
