package elsewhere

import (
	"encoding/csv"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// table is the head of a table that somebody made of measurements, with commas, semicolons or tabs.
type table struct {
	comma          rune
	columns        int
	network, value int     // which column
	per            float64 // how many of the value's unit are a millisecond or a millijoule
}

// Names of columns, the better ones first.
var (
	networkColumns = []string{"network", "model", "graph", "file", "name"}
	timeColumns    = []string{"median", "p50", "inference_median", "inference_p50", "inference_avg",
		"avg", "mean", "average", "inference", "latency", "time"}
	energyColumns = []string{"energy_median", "energy", "energy_avg", "energy_mean"}
)

// column is how the columns of a quantity are called.
type column struct {
	what     string
	named    *regexp.Regexp // with its unit
	names    []string       // without, the better ones first
	units    map[string]float64
	expected string
}

var columns = map[Quantity]column{
	Times: {"time", regexp.MustCompile(`^(.+?)_(us|ms|s)$`), timeColumns,
		map[string]float64{"us": 1e3, "ms": 1, "s": 1e-3},
		"no column of the table has times, expected one called median_us, avg_us or mean_ms, or " +
			"the like with _us, _ms or _s"},
	Energies: {"energy", regexp.MustCompile(`^(.+?)_(uj|mj|j)$`), energyColumns,
		map[string]float64{"uj": 1e3, "mj": 1, "j": 1e-3},
		"no column of the table has energies, expected one called energy_mj, or energy_uj or " +
			"energy_j, of an inference"},
}

// tableOf reads the head of a table; nil for a line that is none. The profile of operators that
// benchmark_model writes as a table is one of operators, not of networks.
func tableOf(head string, of Quantity) (*table, error) {
	for _, comma := range []rune{',', ';', '\t'} {
		names, err := csvRow(head, comma)
		if err != nil || len(names) < 2 || slices.Contains(names, "node type") {
			continue
		}
		t := &table{comma: comma, columns: len(names), network: -1, value: -1}
		twice := t.find(names, columns[of])
		switch {
		case t.network >= 0 && t.value >= 0 && twice != "":
			return nil, fmt.Errorf("two columns are called %.40q, expected one: rename the other", twice)
		case t.network >= 0 && t.value >= 0:
			return t, nil
		case t.network >= 0 && columnName(names[t.network]) == networkColumns[0]:
			return nil, errors.New(columns[of].expected)
		}
	}
	return nil, nil
}

// find looks for the best columns, and gives the name of one of them that another has, too.
func (t *table) find(names []string, c column) (twice string) {
	network, value := len(networkColumns), len(c.names)
	for i, name := range names {
		name = columnName(name)
		if at := slices.Index(networkColumns, name); at >= 0 && at < network {
			network, t.network = at, i
		}
		found := c.named.FindStringSubmatch(name)
		if found == nil {
			continue
		}
		if at := slices.Index(c.names, found[1]); at >= 0 && at < value {
			value, t.value, t.per = at, i, c.units[found[2]]
		}
	}
	for i, name := range names {
		for _, best := range []int{t.network, t.value} {
			if best >= 0 && i != best && columnName(name) == columnName(names[best]) {
				twice = name
			}
		}
	}
	return twice
}

var otherThanName = regexp.MustCompile(`[^a-z0-9]+`)

// columnName is one without what people write differently: Inference (avg) [us] is
// inference_avg_us.
func columnName(text string) string {
	return strings.Trim(otherThanName.ReplaceAllString(strings.ToLower(text), "_"), "_")
}

func csvRow(text string, comma rune) ([]string, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.TrimLeadingSpace = comma, true
	return r.Read()
}

// row adds the run of a line.
func (p *parser) row(t *table, text string) error {
	fields, err := csvRow(text, t.comma)
	var bad *csv.ParseError
	switch {
	case errors.As(err, &bad):
		return bad.Err
	case err != nil:
		return err
	case len(fields) != t.columns:
		return fmt.Errorf("the row has %d fields, expected %d as in the head", len(fields),
			t.columns)
	}
	r := Run{Network: names.FindString(fields[t.network]), File: p.file, Line: p.line}
	if r.Value, err = amount(columns[p.of].what, strings.TrimSpace(fields[t.value]),
		t.per); err != nil {
		return err
	}
	if r.Network == "" {
		return fmt.Errorf("%.80q is none of the networks in %s", fields[t.network], NetworksFile)
	}
	return p.add(r, "")
}
