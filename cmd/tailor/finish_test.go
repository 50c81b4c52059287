package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/bug"
	"github.com/tailor-nas/tailor/search"
)

// TestFinish: one line, and the status that it stands for.
func TestFinish(t *testing.T) {
	fault := bug.Catch(func() error { return []error{}[len(t.Name())] })
	full := errors.New("no space left on device")
	for _, c := range []struct {
		err, unwritten error
		status         int
		want           string
	}{
		{nil, nil, exitDone, ""},
		{errors.New("plain"), nil, exitFailed, "tailor: plain"},
		{usagef("wrong"), nil, exitUsage, "tailor: wrong"},
		{&search.UnreachableError{Limit: "MACs"}, nil, exitInfeasible, "raise --max-macs"},
		{fmt.Errorf("measure: %w", fault), nil, exitFailed, "please report it"},
		{fmt.Errorf("measure: %w", fault), nil, exitFailed, "cmd/tailor/finish_test.go"},
		{nil, full, exitFailed, "could not be written: no space left"},
		{full, full, exitFailed, "could not be written: no space left"},
	} {
		var stderr bytes.Buffer
		if status := finish(c.err, c.unwritten, &stderr); status != c.status ||
			!strings.Contains(stderr.String(), c.want) || strings.Count(stderr.String(),
			"\n") != min(1, len(c.want)) {
			t.Errorf("%v, %v: status %d, %q; want %d, %q", c.err, c.unwritten, status,
				stderr.String(), c.status, c.want)
		}
	}
}

// full is a disk with some room.
type full struct{ room int }

func (f *full) Write(b []byte) (int, error) {
	if f.room -= len(b); f.room < 0 {
		return 0, io.ErrShortWrite
	}
	return len(b), nil
}

// TestResultsThatCannotBeWritten: as text, as JSON and as help, at the first write and later.
func TestResultsThatCannotBeWritten(t *testing.T) {
	for _, args := range [][]string{{"spaces"}, {"spaces", "--json"}, {"spaces", "mbv3-tiny"},
		{"spaces", "mbv3-tiny", "--sample", "3"}, {"--help"}} {
		for _, room := range []int{0, 100} {
			var stderr bytes.Buffer
			if status := run(t.Context(), args, &full{room}, &stderr); status != exitFailed ||
				!strings.HasPrefix(stderr.String(), "tailor: results could not be written: ") ||
				strings.Count(stderr.String(), "\n") != 1 {
				t.Errorf("%q, room for %d: status %d, %q", args, room, status, stderr.String())
			}
		}
	}
}
