package ofa

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tailor-nas/tailor/internal/textfile"
)

// ErrTable is wrapped by errors about files that are no latency table.
var ErrTable = errors.New("not a latency table of OFA")

// maxMean is far above what any block takes, in milliseconds.
const maxMean = 1e12

// Table is the mean time of blocks in milliseconds, by their [Key].
type Table map[string]float64

// entry is what a table has of a block.
type entry struct {
	Mean *float64 `yaml:"mean"`
}

// ReadTable reads a YAML file: a map from keys to count, mean and standard deviation, in
// milliseconds; or JSON, which is YAML too, with the variance in its place. A file has the blocks
// of networks of one resolution.
func ReadTable(path string) (Table, error) {
	text, err := readFile(path, maxTable, ErrTable)
	if err != nil {
		return nil, fmt.Errorf("read latency table: %w", err)
	}
	t, err := parseTable(text)
	var value *valueError
	var bad *textfile.YAMLError
	switch {
	case errors.As(err, &value) && value.line > 0:
		return nil, fmt.Errorf("%s:%d: %w", path, value.line, err)
	case errors.As(err, &bad) && bad.Line > 0:
		return nil, fmt.Errorf("%s:%d: %w: %s", path, bad.Line, ErrTable, bad.Msg)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

func parseTable(text []byte) (Table, error) {
	entries, err := readYAML(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTable, err)
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf(
			"%w: it has no blocks, expected lines such as Conv-input:224x224x3-output:112x112x24 with count, mean and std", ErrTable)
	}
	t := Table{}
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		e := entries[key]
		if e.Mean == nil || !(*e.Mean > 0 && *e.Mean <= maxMean) {
			return nil, &valueError{lineOf(text, key), key}
		}
		t[key] = *e.Mean
	}
	return t, nil
}

// readYAML reads a text within its budget.
func readYAML(text []byte) (entries map[string]entry, err error) {
	y, err := textfile.ParseYAML(text, tableLimits)
	if err == nil {
		err = y.Decode(&entries, false)
	}
	return entries, err
}

// valueError says that a block has no time.
type valueError struct {
	line int // 0 if it is not known
	key  string
}

func (e *valueError) Error() string {
	return fmt.Sprintf("%v: %.100q has no mean above 0 and up to %g, expected milliseconds",
		ErrTable, e.key, float64(maxMean))
}

func (e *valueError) Unwrap() error { return ErrTable }

// lineOf is the line, from 1, that begins with a key, 0 if none does.
func lineOf(text []byte, key string) (n int) {
	for line := range bytes.Lines(text) {
		n++
		if rest, ok := bytes.CutPrefix(bytes.TrimLeft(bytes.TrimSpace(line), `"'`),
			[]byte(key)); ok && bytes.HasPrefix(bytes.TrimLeft(rest, `"' `), []byte(":")) {
			return n
		}
	}
	return 0
}
