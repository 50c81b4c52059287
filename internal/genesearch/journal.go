package genesearch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"

	"github.com/tailor-nas/tailor/internal/store"
	"github.com/tailor-nas/tailor/internal/textfile"
	"github.com/tailor-nas/tailor/predictor/genes"
)

// maxJournal is the longest file of results: some hundred thousand runs.
const maxJournal = 64 << 20

// ErrJournal is what errors about a file of results wrap that cannot be gone on with.
var ErrJournal = errors.New("cannot go on from these results")

// entry is a line of results: what a run of the command gave. [genes.ReadMeasured] reads it too.
type entry struct {
	Genes   map[string]string `json:"genes"`
	Value   *float64          `json:"value,omitempty"`
	Failed  string            `json:"failed,omitempty"`
	Command string            `json:"command"`
}

// outcome is what is known of a configuration.
type outcome struct {
	values []float64
	failed string // why it has none
}

// journal is a file of results, a line a run, each on the disk before the next run begins.
type journal struct {
	path    string
	command *Command
	file    *os.File
	known   map[string]*outcome // by the configuration, as text
	runs    int                 // that were there when it was opened
}

// openJournal opens a file of results of a command, or makes it, for this process alone. A last
// line that a killed process left unfinished is cut off; anything else that does not belong there
// is an error.
func openJournal(path string, c *Command) (*journal, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open results: %w", err)
	}
	j := &journal{path: path, command: c, file: f, known: map[string]*outcome{}}
	if err := j.open(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return j, nil
}

// open takes over what the file has.
func (j *journal) open() error {
	switch mine, err := store.LockFile(j.file); {
	case err != nil:
		return err
	case !mine:
		return fmt.Errorf("%s: %w: another search writes them; wait until it ends, or name another file with --results", j.path, ErrJournal)
	}
	text, err := store.ReadAll(context.Background(), j.path, maxJournal)
	if err != nil {
		return err
	}
	whole := text[:bytes.LastIndexByte(text, '\n')+1]
	last := text[len(whole):]
	finished := json.Valid(last) // and somebody took the end of the line away
	if finished {
		whole = text
	}
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("[")) ||
		len(whole) == 0 && len(last) > 0 && !begins(last) {
		return fmt.Errorf("%s: %w: it holds something else; choose another name", j.path,
			ErrJournal)
	}
	if err := textfile.NamedValues(j.path, bytes.NewReader(whole), j.read); err != nil {
		return err
	}
	switch {
	case finished:
		_, err = j.file.WriteString("\n")
	case len(last) > 0:
		err = j.file.Truncate(int64(len(whole)))
	}
	if err != nil {
		return fmt.Errorf("mend the last line of %s: %w", j.path, err)
	}
	return nil
}

// begins says whether a text may be the beginning of a line of results.
func begins(text []byte) bool {
	const first = `{"genes":{`
	return bytes.HasPrefix(text, []byte(first)) || bytes.HasPrefix([]byte(first), text)
}

// read takes a line.
func (j *journal) read(text []byte) error {
	var e entry
	if err := json.Unmarshal(text, &e); err != nil {
		return fmt.Errorf("%w: %w", ErrJournal, textfile.JSONError(err))
	}
	if e.Command != j.command.Text {
		return fmt.Errorf("%w: they are of the command %.80q, not of %.80q; name another file with --results", ErrJournal, e.Command, j.command.Text)
	}
	if len(e.Genes) != len(j.command.space.Genes) {
		return fmt.Errorf("%w: the line has %d genes, expected %d; name another file with --results",
			ErrJournal, len(e.Genes), len(j.command.space.Genes))
	}
	c, err := j.configuration(e.Genes)
	if err != nil {
		return fmt.Errorf("%w: %w; name another file with --results", ErrJournal, err)
	}
	if (e.Value == nil) == (e.Failed == "") || e.Value != nil && math.IsInf(*e.Value, 0) {
		return fmt.Errorf(`%w: the line has not one of "value" and "failed"`, ErrJournal)
	}
	j.keep(c, e)
	j.runs++
	return nil
}

// configuration finds choices by their names, exactly.
func (j *journal) configuration(named map[string]string) (genes.Configuration, error) {
	c := make(genes.Configuration, len(j.command.space.Genes))
	for i, g := range j.command.space.Genes {
		choice, has := named[g.Name]
		if !has {
			return nil, fmt.Errorf("gene %s is missing", g.Name)
		}
		found := false
		for k, name := range g.Choices {
			if name == choice {
				c[i], found = uint16(k), true
			}
		}
		if !found {
			return nil, &genes.UnknownError{What: "choice of " + g.Name, Word: choice,
				Known: g.Choices}
		}
	}
	return c, nil
}

// keep remembers a line.
func (j *journal) keep(c genes.Configuration, e entry) {
	o := j.of(c)
	if e.Value != nil {
		o.values = append(o.values, *e.Value)
	} else {
		o.failed = e.Failed
	}
}

// of is what is known of a configuration.
func (j *journal) of(c genes.Configuration) *outcome {
	key := fmt.Sprint(c)
	if j.known[key] == nil {
		j.known[key] = &outcome{}
	}
	return j.known[key]
}

// add writes the result of a run.
func (j *journal) add(c genes.Configuration, value *float64, failed string) error {
	e := entry{Genes: j.command.space.Named(c), Value: value, Failed: failed,
		Command: j.command.Text}
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(e)
	if err == nil {
		_, err = j.file.Write(line.Bytes())
	}
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	j.keep(c, e)
	return nil
}

func (j *journal) close() error { return j.file.Close() }
