package store

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// LineLog appends lines of JSON to a file. What is appended after the last [LineLog.Flush] may be
// lost with the process: who goes on from a saved state opens the log at the size that it had then.
type LineLog struct {
	f    *os.File
	w    *bufio.Writer
	size int64
	last []byte // line that was there when it was opened
}

// OpenLineLog opens the log at path, or makes it, and cuts it back to a size. A log is not worth
// stopping work for: of lines that are broken or missing it warns, with their number, and goes on.
func OpenLineLog(path string, size int64, warn func(format string, args ...any)) (*LineLog, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	l := &LineLog{f: f, w: bufio.NewWriter(f)}
	if err := l.cut(path, size, warn); err != nil {
		return nil, errors.Join(fmt.Errorf("cut back log %s: %w", path, err), f.Close())
	}
	return l, nil
}

// cut keeps the lines up to size.
func (l *LineLog) cut(path string, size int64, warn func(format string, args ...any)) error {
	if warn == nil {
		warn = func(string, ...any) {}
	}
	lines, whole := 0, true
	for r := bufio.NewReader(io.LimitReader(l.f, size)); ; {
		text, err := r.ReadBytes('\n')
		l.size += int64(len(text))
		if len(text) > 0 {
			lines++
			l.last = text
			whole = err == nil
			if !whole || text[0] != '{' || !json.Valid(text) {
				warn("%s:%d: the line is broken; it is left as it is", path, lines)
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	if l.size < size {
		warn("%s: lines are missing after line %d: it has %d bytes, and had %d when the state was saved", path, lines, l.size, size)
	}
	if err := l.f.Truncate(l.size); err != nil {
		return err
	}
	if _, err := l.f.Seek(l.size, io.SeekStart); err != nil || whole {
		return err
	}
	n, err := l.w.WriteString("\n") // what comes is not to be part of a broken line
	l.size += int64(n)
	return err
}

// Last is the last line that was there when the log was opened, nil if there was none.
func (l *LineLog) Last() []byte { return l.last }

// Add appends a line.
func (l *LineLog) Add(line any) error {
	text, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("write log: %w", err)
	}
	n, err := l.w.Write(append(text, '\n'))
	l.size += int64(n)
	if err != nil {
		return fmt.Errorf("write log: %w", err)
	}
	return nil
}

// Flush brings everything to the disk and gives the size.
func (l *LineLog) Flush() (int64, error) {
	err := l.w.Flush()
	if err == nil {
		err = l.f.Sync()
	}
	if err != nil {
		return 0, fmt.Errorf("write log: %w", err)
	}
	return l.size, nil
}

// Close ends the use of the file, with all lines written.
func (l *LineLog) Close() error {
	_, err := l.Flush()
	if closeErr := l.f.Close(); err == nil && closeErr != nil {
		err = fmt.Errorf("write log: %w", closeErr)
	}
	return err
}

// maxLogBytes is the longest log that ReadLines takes: some hundred thousand lines.
const maxLogBytes = 64 << 20

// ReadLines reads what a [LineLog] wrote, while it writes too: each line as a T. Lines that are
// broken are left out, and counted.
func ReadLines[T any](path string) (all []T, broken int, err error) {
	f, size, err := OpenRegular(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	if size > maxLogBytes {
		return nil, 0, fmt.Errorf("%s is %w: it has %d bytes, a log has at most %d", path,
			ErrTooLarge, size, maxLogBytes)
	}
	for r := bufio.NewReader(io.LimitReader(f, size)); ; {
		text, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return all, broken, nil // without a line break, the last one is still being written
		}
		if err != nil {
			return nil, 0, fmt.Errorf("cannot read %s: %w", path, err)
		}
		var line T
		if json.Unmarshal(text, &line) != nil {
			broken++
			continue
		}
		all = append(all, line)
	}
}
