package augment

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/internal/suggest"
	"github.com/tailor-nas/tailor/internal/textfile"
)

const (
	fileKind = "augment/1"
	maxFile  = 1 << 14
	maxDepth = 8
)

// FileError says which value of a file is wrong.
type FileError struct {
	File  string
	Line  int    // 0 if the file as a whole is wrong
	Field string // empty where the text itself is wrong
	Msg   string
}

func (e *FileError) Error() string {
	where := e.File
	if e.Line > 0 {
		where = fmt.Sprintf("%s:%d", e.File, e.Line)
	}
	if e.Field != "" {
		where += ": " + e.Field
	}
	return fmt.Sprintf("augmentation file %s: %s", where, e.Msg)
}

// Load gives the recipe of a preset's name, or of a YAML file: anything with a path separator or
// ending in .yaml or .yml is a file.
func Load(nameOrFile string) (Recipe, error) {
	ext := strings.ToLower(filepath.Ext(nameOrFile))
	if !strings.ContainsAny(nameOrFile, `/\`) && ext != ".yaml" && ext != ".yml" {
		return named(nameOrFile)
	}
	f, _, err := store.OpenRegular(nameOrFile)
	if err != nil {
		return Recipe{}, fmt.Errorf("read augmentation: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return Recipe{}, fmt.Errorf("read augmentation: %w", err)
	}
	return Parse(nameOrFile, text)
}

// named gives a preset, or says which there are.
func named(name string) (Recipe, error) {
	if slices.Contains(Presets(), name) {
		return Preset(name)
	}
	return Recipe{}, &suggest.UnknownError{Kind: "augmentation", Word: name, Known: Presets()}
}

// Parse reads a file of the kind augment/1; file is its name for errors, which are of type
// [*FileError]. What it does not say is the preset's that it names, or none.
func Parse(file string, text []byte) (Recipe, error) {
	r, y, err := decode(text)
	var bad *textfile.YAMLError
	var wrong *FieldError
	switch {
	case errors.As(err, &bad):
		return Recipe{}, &FileError{file, bad.Line, bad.Field, bad.Msg}
	case errors.As(err, &wrong):
		return Recipe{}, &FileError{file, y.Line(wrong.Field), wrong.Field, wrong.Msg}
	}
	return r, err
}

// decode reads the kind and the preset first, then what replaces the preset's values.
func decode(text []byte) (Recipe, *textfile.YAML, error) {
	y, err := textfile.ParseYAML(text, textfile.Limits{Bytes: maxFile, Depth: maxDepth})
	if err != nil {
		return Recipe{}, nil, err
	}
	if y.Empty() {
		return Recipe{}, y, &FieldError{Msg: "is empty; write one as docs/training.md shows"}
	}
	doc := struct {
		Tailor string `yaml:"tailor"`
		Recipe `yaml:",inline"`
	}{Recipe: Recipe{Preset: None}}
	if err := pairs(y); err != nil {
		return Recipe{}, y, err
	}
	if err := y.Decode(&doc, true); err != nil {
		return Recipe{}, y, err
	}
	if doc.Tailor != fileKind {
		return Recipe{}, y, &FieldError{"tailor", fmt.Sprintf("is %.40q, expected %s", doc.Tailor,
			fileKind)}
	}
	if doc.Recipe, err = Preset(doc.Preset); err != nil {
		return Recipe{}, y, &FieldError{"preset", err.Error()}
	}
	if err := y.Decode(&doc, true); err != nil {
		return Recipe{}, y, err
	}
	if err := doc.Check(); err != nil {
		return Recipe{}, y, err
	}
	return doc.Recipe, y, doc.checkEffect(y)
}

// pairs refuses a range of more than two numbers.
func pairs(y *textfile.YAML) error {
	var first error
	y.Numbers(func(n textfile.Number) {
		field, third := strings.CutSuffix(n.Field, "[2]")
		if third && first == nil {
			first = &textfile.YAMLError{Line: n.Line, Field: field,
				Msg: "has more than two numbers, expected the lowest and the highest"}
		}
	})
	return first
}
