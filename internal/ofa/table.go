package ofa

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/tailor-nas/tailor/supernet"
)

// ErrTable is wrapped by errors about files that are no latency table.
var ErrTable = errors.New("not a latency table of OFA")

// maxTable bounds the size of a file; the published ones have 15 kB.
const maxTable = 8 << 20

// maxMean is far above what any block takes, in milliseconds.
const maxMean = 1e12

// Table is the mean time of blocks in milliseconds, by their [Key].
type Table map[string]float64

// entry is what a table has of a block.
type entry struct {
	Mean *float64 `yaml:"mean"`
}

// ReadTable reads a YAML file: a map from keys to count, mean and standard deviation, in milliseconds. A file has the blocks of
// networks of one resolution.
func ReadTable(path string) (Table, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read latency table: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxTable { // opening a pipe could wait for ever
		return nil, fmt.Errorf("%s: %w: expected a file of at most %d bytes", path, ErrTable, maxTable)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read latency table: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxTable))
	if err != nil {
		return nil, fmt.Errorf("read latency table %s: %w", path, err)
	}
	t, err := parseTable(text)
	var value *valueError
	if errors.As(err, &value) && value.line > 0 {
		return nil, fmt.Errorf("%s:%d: %w", path, value.line, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

func parseTable(text []byte) (Table, error) {
	var entries map[string]entry
	if err := yaml.Unmarshal(text, &entries); err != nil {
		return nil, fmt.Errorf("%w: %s", ErrTable, yaml.FormatError(err, false, false))
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf("%w: it has no blocks, expected lines such as Conv-input:224x224x3-output:112x112x24 with count, mean and std", ErrTable)
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

// valueError says that a block has no time.
type valueError struct {
	line int // 0 if it is not known
	key  string
}

func (e *valueError) Error() string {
	return fmt.Sprintf("%v: %.100q has no mean above 0 and up to %g, expected milliseconds", ErrTable, e.key, float64(maxMean))
}

func (e *valueError) Unwrap() error { return ErrTable }

// lineOf is the line, from 1, that begins with a key, 0 if none does.
func lineOf(text []byte, key string) (n int) {
	for line := range bytes.Lines(text) {
		n++
		if rest, ok := bytes.CutPrefix(bytes.TrimLeft(bytes.TrimSpace(line), `"'`), []byte(key)); ok && bytes.HasPrefix(bytes.TrimLeft(rest, `"' `), []byte(":")) {
			return n
		}
	}
	return 0
}

// Times are the times of blocks, or the key of one that the table has not.
func (t Table) Times(blocks []supernet.Block) (ms []float64, missing string) {
	for _, b := range blocks {
		v, ok := t[Key(b)]
		if !ok {
			return nil, Key(b)
		}
		ms = append(ms, v)
	}
	return ms, ""
}

// Key is what OFA's tables for MobileNetV3 call a block.
func Key(b supernet.Block) string {
	in, out := fmt.Sprintf("input:%dx%dx%d", b.In.H, b.In.W, b.In.C), fmt.Sprintf("output:%dx%dx%d", b.Out.H, b.Out.W, b.Out.C)
	switch {
	case b.Kind == supernet.MBConv:
		return fmt.Sprintf("expanded_conv-%s-%s-expand:%d-kernel:%d-stride:%d-idskip:%d-se:%d-hs:%d",
			in, out, b.Mid, b.Kernel, b.Stride, digit(b.Skip), digit(b.SE > 0), digit(b.Act == supernet.HSwish))
	case b.Kind == supernet.Pool:
		return "AvgPool2D-" + in + "-" + out
	case b.Kind == supernet.Linear:
		return fmt.Sprintf("Logits-%s-output:%d", in, b.Out.C)
	case strings.HasSuffix(b.Name, "expand"):
		return "Conv_1-" + in + "-" + out
	case strings.HasSuffix(b.Name, "features"):
		return "Conv_2-" + in + "-" + out
	}
	return "Conv-" + in + "-" + out
}

func digit(v bool) int {
	if v {
		return 1
	}
	return 0
}
