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
	comma         rune
	columns       int
	network, time int     // which column
	perMS         float64 // how many of the time's unit are a millisecond
}

// Names of columns, the better ones first.
var (
	networkColumns = []string{"network", "model", "graph", "file", "name"}
	timeColumns    = []string{"median", "p50", "inference_median", "inference_p50", "inference_avg",
		"avg", "mean", "average", "inference", "latency", "time"}
	timeColumn = regexp.MustCompile(`^(.+?)_(us|ms|s)$`)
	units      = map[string]float64{"us": 1e3, "ms": 1, "s": 1e-3}
)

// tableOf reads the head of a table; nil for a line that is none. The profile of operators that
// benchmark_model writes as a table is one of operators, not of networks.
func tableOf(head string) (*table, error) {
	for _, comma := range []rune{',', ';', '\t'} {
		names, err := csvRow(head, comma)
		if err != nil || len(names) < 2 || slices.Contains(names, "node type") {
			continue
		}
		t := &table{comma: comma, columns: len(names), network: -1, time: -1}
		t.find(names)
		switch {
		case t.network >= 0 && t.time >= 0:
			return t, nil
		case t.network >= 0 && columnName(names[t.network]) == networkColumns[0]:
			return nil, fmt.Errorf("no column of the table has times, expected one called median_us, " +
				"avg_us or mean_ms, or the like with _us, _ms or _s")
		}
	}
	return nil, nil
}

// find looks for the best columns.
func (t *table) find(names []string) {
	network, time := len(networkColumns), len(timeColumns)
	for i, name := range names {
		name = columnName(name)
		if at := slices.Index(networkColumns, name); at >= 0 && at < network {
			network, t.network = at, i
		}
		found := timeColumn.FindStringSubmatch(name)
		if found == nil {
			continue
		}
		if at := slices.Index(timeColumns, found[1]); at >= 0 && at < time {
			time, t.time, t.perMS = at, i, units[found[2]]
		}
	}
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
	ms, err := milliseconds(strings.TrimSpace(fields[t.time]), t.perMS)
	if err != nil {
		return err
	}
	network := names.FindString(fields[t.network])
	if network == "" {
		return fmt.Errorf("%.80q is none of the networks in %s", fields[t.network], NetworksFile)
	}
	return p.add(Run{Network: network, MS: ms, File: p.file, Line: p.line}, "")
}
