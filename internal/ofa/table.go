package ofa

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/tailor-nas/tailor/internal/textfile"
	"github.com/tailor-nas/tailor/supernet"
)

// ErrTable is wrapped by errors about files that are no latency table.
var ErrTable = errors.New("not a latency table of OFA")

// maxTable bounds the size of a file; the published ones have 15 kB.
const maxTable = 8 << 20

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
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

func parseTable(text []byte) (Table, error) {
	text, err := textfile.YAML(text)
	if err != nil {
		return nil, err
	}
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
		if e.Mean == nil || !(*e.Mean > 0) || math.IsInf(*e.Mean, 0) {
			return nil, fmt.Errorf("%w: %.100q has no mean above 0, expected milliseconds", ErrTable, key)
		}
		t[key] = *e.Mean
	}
	return t, nil
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
