package textfile

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tailor-nas/tailor/internal/store"
)

// Limits of a file from outside.
const (
	// MaxLine is the most bytes that a line may have, or an element of an array.
	MaxLine  = 1 << 16
	maxArray = 64 << 20
)

// LineError says in which line of a text something is wrong.
type LineError struct {
	Line int // from 1
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }
func (e *LineError) Unwrap() error { return e.Err }

// Values calls each with the JSON values of a text, in their order: one a line, blank lines left
// out, or the elements of one array, however it is laid out. What each returns ends the reading.
// Every error about the text is a [*LineError]; whether a value in a line of its own is JSON is for
// each to find out.
func Values(r io.Reader, each func(text []byte) error) error {
	in := bufio.NewReader(r)
	start, _ := in.Peek(len(mark)) // an error comes again when the lines are read
	if start, err := Trim(start); err != nil {
		return &LineError{1, err}
	} else if len(start) == 0 {
		_, _ = in.Discard(len(mark))
	}
	blank, err := skipBlank(in)
	if err != nil {
		return err
	}
	if next, _ := in.Peek(1); string(next) == "[" {
		return elements(in, blank+1, each)
	}
	return lines(in, blank, each)
}

// FileValues is [Values] of the file at a path, which may be a pipe that somebody writes to. Errors
// about the text begin with "PATH:LINE: ".
func FileValues(path string, each func(text []byte) error) error {
	if _, err := store.Stat(path); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return NamedValues(path, f, each)
}

// NamedValues is [Values] of a text that has a name. Errors about it begin with "NAME:LINE: ".
func NamedValues(name string, r io.Reader, each func(text []byte) error) error {
	err := Values(r, each)
	if at, ok := errors.AsType[*LineError](err); ok {
		return fmt.Errorf("%s:%d: %w", name, at.Line, at.Err)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// skipBlank reads up to the first character that is not blank, and counts the lines that it leaves
// behind.
func skipBlank(in *bufio.Reader) (lines int, err error) {
	for before := byte(0); ; {
		c, err := in.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return lines, nil
		case err != nil:
			return lines, err
		case c == '\r', c == '\n' && before != '\r':
			lines++
		case c != ' ' && c != '\t' && c != '\n':
			return lines, in.UnreadByte()
		}
		before = c
	}
}

// lines reads a value a line, after so many lines.
func lines(in io.Reader, line int, each func(text []byte) error) error {
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, MaxLine)
	scanner.Split(splitLines)
	for scanner.Scan() {
		line++
		text := bytes.TrimSpace(bytes.TrimPrefix(scanner.Bytes(), mark)) // where files were joined
		if len(text) == 0 {
			continue
		}
		if err := each(text); err != nil {
			return &LineError{line, err}
		}
	}
	if err := scanner.Err(); errors.Is(err, bufio.ErrTooLong) {
		return &LineError{line + 1,
			fmt.Errorf("line is longer than %d bytes, expected one JSON object a line", MaxLine)}
	} else if err != nil {
		return err
	}
	return nil
}

// splitLines is [bufio.ScanLines] with the line ends of any system: \n, \r\n, or \r alone.
func splitLines(text []byte, atEOF bool) (advance int, token []byte, err error) {
	end := bytes.IndexAny(text, "\r\n")
	switch {
	case end < 0 && atEOF && len(text) > 0:
		return len(text), text, nil
	case end < 0:
		return 0, nil, nil
	case text[end] == '\n':
		return end + 1, text[:end], nil
	case end+1 < len(text) && text[end+1] == '\n':
		return end + 2, text[:end], nil
	case end+1 == len(text) && !atEOF: // \n may follow
		return 0, nil, nil
	}
	return end + 1, text[:end], nil
}

// elements reads the elements of an array that begins in a line.
func elements(in io.Reader, line int, each func(text []byte) error) error {
	text, err := io.ReadAll(io.LimitReader(in, maxArray+1))
	if err != nil {
		return err
	}
	if len(text) > maxArray {
		return &LineError{line,
			fmt.Errorf("the array is longer than %d bytes; write one JSON object a line", maxArray)}
	}
	at := &position{text: text, line: line}
	values := json.NewDecoder(bytes.NewReader(text))
	if _, err := values.Token(); err != nil {
		return &LineError{line, err}
	}
	for values.More() {
		at.next(int(values.InputOffset()))
		var value json.RawMessage
		err := values.Decode(&value)
		if err == nil && len(value) > MaxLine {
			err = fmt.Errorf("is longer than %d bytes", MaxLine)
		}
		if err == nil {
			err = each(value)
		}
		if err != nil {
			return &LineError{at.line, ended(err)}
		}
	}
	at.next(int(values.InputOffset()))
	if _, err := values.Token(); err != nil {
		return &LineError{at.line, ended(err)}
	}
	if rest := bytes.TrimSpace(text[values.InputOffset():]); len(rest) > 0 {
		return &LineError{at.line, errors.New("there is text after the array")}
	}
	return nil
}

// ended says of a text that ends too early that it does.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the text ends before the array does")
	}
	return err
}

// position counts lines.
type position struct {
	text   []byte
	offset int
	line   int
}

// next goes to the first character from an offset on that is neither blank nor a comma.
func (p *position) next(offset int) {
	for offset < len(p.text) && bytes.IndexByte([]byte(" \t\r\n,"), p.text[offset]) >= 0 {
		offset++
	}
	p.line += bytes.Count(p.text[p.offset:offset], []byte("\n"))
	p.offset = offset
}
