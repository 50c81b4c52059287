package genes

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// table takes the rows of a table: a heading with the names of genes and values, in any order and
// among others, and a line for each measurement.
func (t *rows) table(file string, text []byte) error {
	r := csv.NewReader(bytes.NewReader(text))
	if first, _, _ := bytes.Cut(text, []byte("\n")); !bytes.ContainsRune(first, ',') {
		r.Comma = other(first)
	}
	// A tab between columns is no blank: it ends an empty cell.
	r.TrimLeadingSpace, r.ReuseRecord = r.Comma != '\t', true
	heading, err := r.Read()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: %w: it is empty, expected lines such as %s", file, ErrMeasured,
			t.example())
	}
	var columns []int
	if err == nil {
		columns, err = t.columns(heading)
	}
	for err == nil {
		var record []string
		if record, err = r.Read(); err == nil {
			err = t.record(record, columns)
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	var syntax *csv.ParseError
	if errors.As(err, &syntax) {
		return fmt.Errorf("%s:%d: %w: %w", file, syntax.Line, ErrMeasured, syntax.Err)
	}
	line, _ := r.FieldPos(0)
	if !errors.Is(err, ErrMeasured) {
		err = fmt.Errorf("%w: %w", ErrMeasured, err)
	}
	return fmt.Errorf("%s:%d: %w", file, line, err)
}

// other is what separates columns where no comma does.
func other(heading []byte) rune {
	for _, separator := range ";\t" {
		if bytes.ContainsRune(heading, separator) {
			return separator
		}
	}
	return ','
}

// columns are those of the genes, that of the values, and that of failures, -1 for none.
func (t *rows) columns(heading []string) (columns []int, err error) {
	for i, name := range heading {
		heading[i] = strings.TrimSpace(name)
	}
	for i, name := range heading {
		wanted := name == t.key || t.space.gene(name) >= 0
		if wanted && slices.Contains(heading[:i], name) {
			return nil, fmt.Errorf("the heading has %q twice", name)
		}
	}
	for _, name := range append(t.space.names(), t.key) {
		at := slices.Index(heading, name)
		if at < 0 {
			return nil, fmt.Errorf("the heading has no column %q%s, expected %s", name,
				meant(name, heading), shortened(append(t.space.names(), t.key)))
		}
		columns = append(columns, at)
	}
	if t.space.gene(failedKey) >= 0 {
		return append(columns, -1), nil
	}
	return append(columns, slices.Index(heading, failedKey)), nil
}

// failed says whether a cell tells that there is no value.
func failed(cell string) bool {
	switch strings.ToLower(strings.TrimSpace(cell)) {
	case "", "false", "null", "nan":
		return false
	}
	return true
}

func (t *rows) record(record []string, columns []int) error {
	c := make(Configuration, len(t.space.Genes))
	for i := range c {
		var err error
		if c[i], err = t.space.Genes[i].choice(strings.TrimSpace(record[columns[i]])); err != nil {
			return err
		}
	}
	if at := columns[len(c)+1]; at >= 0 && failed(record[at]) {
		t.failed++
		return nil
	}
	text := strings.TrimSpace(record[columns[len(c)]])
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return fmt.Errorf("%q is %.40q, expected a number", t.key, text)
	}
	return t.add(c, value)
}
