package genes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/internal/suggest"
	"github.com/tailor-nas/tailor/internal/textfile"
)

const (
	// maxRows and maxMeasuredFile bound files from outside.
	maxRows         = 1 << 17
	maxMeasuredFile = 64 << 20
	// DefaultValue is the key, or the heading, of the values.
	DefaultValue = "value"
	// genesKey is the key of the genes, where they have one of their own; failedKey that of a row
	// which says that there is no value.
	genesKey, failedKey = "genes", "failed"
)

// ErrMeasured is what errors about measured rows wrap.
var ErrMeasured = errors.New("cannot learn from these measurements")

// Measured is a configuration with what was measured of it, once or several times.
type Measured struct {
	Genes  Configuration
	Values []float64
}

// ReadMeasured reads measured configurations of a space from files, each as lines of JSON or as a
// table with commas and a heading; the content decides. Values have a key, such as [DefaultValue].
// Rows of one configuration come together, in the order of the first of each. Rows that say that a
// measurement failed are counted. Errors name file and line.
func ReadMeasured(files []string, s *Space, key string, q Quantity) (all []Measured, failed int,
	err error) {
	t := &rows{space: s, key: key, quantity: q, index: map[string]int{}}
	if s.gene(key) >= 0 || key == genesKey || key == failedKey {
		return nil, 0, fmt.Errorf("%w: %q is a gene or a key of its own, and cannot be that of the values", ErrMeasured, key)
	}
	for _, file := range files {
		text, err := store.ReadAll(context.Background(), file, maxMeasuredFile)
		if err != nil {
			return nil, 0, err
		}
		if err := t.read(file, text); err != nil {
			return nil, 0, err
		}
	}
	return t.all, t.failed, nil
}

// rows gathers measurements.
type rows struct {
	space    *Space
	key      string
	quantity Quantity
	all      []Measured
	index    map[string]int // of all, by configuration
	n        int
	failed   int
}

func (t *rows) read(file string, text []byte) error {
	text, err := textfile.Trim(text)
	if err != nil {
		return fmt.Errorf("%s %w", file, err)
	}
	if first := bytes.TrimSpace(text); len(first) > 0 && (first[0] == '{' || first[0] == '[') {
		return textfile.NamedValues(file, bytes.NewReader(text), t.object)
	}
	return t.table(file, text)
}

// object takes a row of JSON.
func (t *rows) object(text []byte) error {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(text, &keys); err != nil {
		return fmt.Errorf("%w: %w, expected %s", ErrMeasured, textfile.JSONError(err), t.example())
	}
	c, err := t.configuration(keys)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMeasured, err)
	}
	switch string(keys[failedKey]) {
	case "", "null", "false", `""`:
	default:
		if t.space.gene(failedKey) < 0 {
			t.failed++
			return nil
		}
	}
	var value *float64
	text = keys[t.key]
	if err := json.Unmarshal(text, &value); text == nil || err != nil || value == nil {
		return fmt.Errorf("%w: %q is %s, expected a number, as in %s", ErrMeasured, t.key,
			missing(text), t.example())
	}
	return t.add(c, *value)
}

func missing(text []byte) string {
	if text == nil {
		return "missing"
	}
	return fmt.Sprintf("%.40s", text)
}

// example is a row of the space.
func (t *rows) example() string {
	first := t.space.Genes[0]
	return fmt.Sprintf("{%q: {%q: %q, ...}, %q: 0.5}", genesKey, first.Name, first.Choices[0],
		t.key)
}

// configuration is that of a row: under its key as a list or by the names of genes, or by these
// beside the value.
func (t *rows) configuration(keys map[string]json.RawMessage) (Configuration, error) {
	of, has := keys[genesKey]
	if !has || t.space.gene(genesKey) >= 0 {
		return t.byName(keys, false)
	}
	var list []json.RawMessage
	if json.Unmarshal(of, &list) == nil {
		return t.byPlace(list)
	}
	var named map[string]json.RawMessage
	if json.Unmarshal(of, &named) != nil || named == nil {
		return nil, fmt.Errorf("%q is %.40s, expected a list or a mapping, as in %s", genesKey, of,
			t.example())
	}
	return t.byName(named, true)
}

func (t *rows) byPlace(list []json.RawMessage) (Configuration, error) {
	if len(list) != len(t.space.Genes) {
		return nil, fmt.Errorf("%d genes, the space %s has %d", len(list), t.space.Name,
			len(t.space.Genes))
	}
	c := make(Configuration, len(list))
	for i := range c {
		var err error
		if c[i], err = t.space.Genes[i].choiceOf(list[i]); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// byName reads choices by the names of their genes; all of these must be there, and others only
// where more is known of a row than its genes.
func (t *rows) byName(named map[string]json.RawMessage, only bool) (Configuration, error) {
	keys := slices.Sorted(maps.Keys(named))
	for _, name := range keys {
		if only && t.space.gene(name) < 0 {
			return nil, &UnknownError{"gene of " + t.space.Name, name, t.space.names()}
		}
	}
	c := make(Configuration, len(t.space.Genes))
	for i := range c {
		g := &t.space.Genes[i]
		text, has := named[g.Name]
		if !has {
			return nil, fmt.Errorf("gene %s of %s is missing%s, expected %s", g.Name,
				t.space.Name, meant(g.Name, keys), t.example())
		}
		var err error
		if c[i], err = g.choiceOf(text); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// meant asks whether one of some names was meant for another.
func meant(name string, names []string) string {
	if near := suggest.Nearest(name, names); near != "" {
		return fmt.Sprintf(" (is it %q?)", near)
	}
	return ""
}

// choiceOf is the number of a choice in JSON: a name, a number, true or false.
func (g *Gene) choiceOf(text json.RawMessage) (uint16, error) {
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return 0, fmt.Errorf("gene %s: %w", g.Name, textfile.JSONError(err))
	}
	switch v := value.(type) {
	case string:
		return g.choice(v)
	case bool:
		return g.choice(strconv.FormatBool(v))
	case float64:
		return g.choice(string(text))
	}
	return 0, fmt.Errorf("gene %s is %.40s, expected the name or the number of a choice", g.Name,
		text)
}

// add takes a measurement.
func (t *rows) add(c Configuration, value float64) error {
	if err := t.quantity.check(value); err != nil {
		return fmt.Errorf("%w: %w", ErrMeasured, err)
	}
	if t.n++; t.n > maxRows {
		return fmt.Errorf("%w: more than %d rows", ErrMeasured, maxRows)
	}
	key := keyOf(c)
	i, known := t.index[key]
	if !known {
		i = len(t.all)
		t.index[key], t.all = i, append(t.all, Measured{Genes: c})
	}
	t.all[i].Values = append(t.all[i].Values, value)
	return nil
}

// keyOf is a configuration as a key of a map.
func keyOf(c Configuration) string {
	key := make([]byte, 0, 2*len(c))
	for _, v := range c {
		key = append(key, byte(v), byte(v>>8))
	}
	return string(key)
}

// Quantity is what was measured.
type Quantity string

// What can be learned. Of accuracies more is better, and of latencies less.
const (
	Accuracy Quantity = "accuracy" // a share, 0 to 1
	Latency  Quantity = "latency"  // in milliseconds, or any other cost above 0
)

// Latencies beyond these are none.
const minLatency, maxLatency = 1e-9, 1e12

func (q Quantity) check(value float64) error {
	switch {
	case q == Accuracy && !(value >= 0 && value <= 1):
		return fmt.Errorf("the accuracy is %g, expected a share between 0 and 1 (write 76 %% as 0.76)", value)
	case q == Latency && !(value >= minLatency && value <= maxLatency):
		return fmt.Errorf("the latency is %g, expected %g to %g", value, minLatency,
			float64(maxLatency))
	case math.IsNaN(value) || math.IsInf(value, 0):
		return fmt.Errorf("the value is %g, expected a finite number", value)
	}
	return nil
}
