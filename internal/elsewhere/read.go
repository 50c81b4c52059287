package elsewhere

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/internal/textfile"
)

// Limits of a text from outside.
const (
	maxLine = 1 << 20
	maxRuns = 1 << 20
)

// ErrNoRuns is what the error about a text wraps in which no tool that is known reports a time.
var ErrNoRuns = errors.New("holds no measurements, expected what benchmark_model or " +
	"onnxruntime_perf_test printed, a table with columns such as network and median_us, or JSON " +
	`lines such as {"arch": {...}, "value": 12.5}`)

// ErrNoEnergies is what the error about a text wraps that is no table, where energies are wanted.
var ErrNoEnergies = errors.New("holds no energies, expected a table with columns such as network " +
	`and energy_mj, or JSON lines such as {"arch": {...}, "energy_mj": 3.2}`)

// ReadFile reads what measuring tools printed about these networks, or tables of their energies.
// Errors about the text begin with "PATH:LINE: ".
func ReadFile(path string, of Quantity, all []Network) (*Text, error) {
	f, _, err := store.OpenRegular(path)
	if err != nil {
		return nil, fmt.Errorf("read measurements: %w", err)
	}
	defer f.Close()
	return Read(path, f, of, all)
}

// Read is [ReadFile] of a text that has a name. A time for which the text names no network is that
// of the network in the name, if there is one.
func Read(name string, r io.Reader, of Quantity, all []Network) (*Text, error) {
	known := map[string]bool{}
	for _, n := range all {
		known[n.Name] = true
	}
	p := &parser{file: name, of: of, known: known, ofFile: names.FindString(filepath.Base(name))}
	err := p.lines(r)
	if err == nil {
		err = p.finish()
	}
	if at, ok := errors.AsType[*textfile.LineError](err); ok {
		return nil, fmt.Errorf("%s:%d: %w", name, at.Line, at.Err)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(p.text.Runs) == 0 && of == Energies {
		return nil, fmt.Errorf("%s %w", name, ErrNoEnergies)
	}
	if len(p.text.Runs) == 0 && len(p.text.Failed) == 0 {
		return nil, fmt.Errorf("%s %w", name, ErrNoRuns)
	}
	return &p.text, nil
}

// IsJSON says whether a file has values of JSON, rather than what a measuring tool printed. A "["
// alone does not tell: adb begins lines with "[ 12%]".
func IsJSON(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, fmt.Errorf("read measurements: %w", err)
	}
	defer f.Close()
	opening, err := io.ReadAll(io.LimitReader(f, 4096))
	if err != nil {
		return false, fmt.Errorf("read measurements: %w", err)
	}
	text, err := textfile.Trim(opening)
	if err != nil { // in UTF-16, which the reader says
		return true, nil
	}
	text = bytes.TrimSpace(text)
	inner, array := bytes.CutPrefix(text, []byte("["))
	if array {
		inner = bytes.TrimSpace(inner)
	}
	return bytes.HasPrefix(inner, []byte("{")) || array && bytes.HasPrefix(inner, []byte("]")), nil
}

// lines gives the parser each line without its end, or all of them to a table.
func (p *parser) lines(r io.Reader) error {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, maxLine)
	var columns *table
	for scanner.Scan() {
		p.line++
		text := strings.TrimSpace(strings.TrimPrefix(scanner.Text(), "\ufeff"))
		if text == "" {
			continue
		}
		if p.first == 0 {
			p.first = p.line
			var err error
			if columns, err = tableOf(text, p.of); err != nil {
				return p.fail(err)
			}
			if columns == nil && p.of == Energies {
				return nil // whose end says that there are none
			}
			if columns != nil {
				continue
			}
		}
		read := p.read
		if columns != nil {
			read = func(row string) error { return p.row(columns, row) }
		}
		if err := read(text); err != nil {
			return p.fail(err)
		}
	}
	if errors.Is(scanner.Err(), bufio.ErrTooLong) {
		p.line++
		return p.fail(fmt.Errorf("the line is longer than %d bytes", maxLine))
	}
	return scanner.Err()
}

// fail says in which line something is wrong.
func (p *parser) fail(err error) error {
	if _, at := errors.AsType[*textfile.LineError](err); at {
		return err
	}
	return &textfile.LineError{Line: p.line, Err: err}
}
