package protocol

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Limits of what is read.
const (
	maxLine  = 1 << 20
	MaxBytes = 1 << 30 // that may follow a line
)

// ErrFormat is for what is not of this protocol.
var ErrFormat = errors.New("protocol: not understood")

// Conn reads from one stream and writes to another. It is used by one goroutine at a time.
type Conn struct {
	r *bufio.Reader
	w *bufio.Writer
}

// NewConn makes one of two streams.
func NewConn(r io.Reader, w io.Writer) *Conn {
	return &Conn{bufio.NewReaderSize(r, 1<<16), bufio.NewWriterSize(w, 1<<16)}
}

// WriteRequest sends a request with the bytes that follow it.
func (c *Conn) WriteRequest(r Request, data []byte) error {
	r.Bytes = int64(len(data))
	return c.write(r, data)
}

// WriteAnswer sends an answer with the bytes that follow it.
func (c *Conn) WriteAnswer(a Answer, data []byte) error {
	a.Bytes = int64(len(data))
	return c.write(a, data)
}

// ReadRequest gives the next request and what follows it. At the end it gives [io.EOF].
func (c *Conn) ReadRequest() (r Request, data []byte, err error) {
	if err = c.readLine(&r); err == nil {
		data, err = c.follow(r.Bytes)
	}
	return r, data, err
}

// ReadAnswer gives the next answer and what follows it. At the end it gives [io.EOF].
func (c *Conn) ReadAnswer() (a Answer, data []byte, err error) {
	if err = c.readLine(&a); err == nil {
		data, err = c.follow(a.Bytes)
	}
	return a, data, err
}

func (c *Conn) write(message any, data []byte) error {
	line, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("protocol: %w", err)
	}
	if len(line) >= maxLine || len(data) > MaxBytes {
		return fmt.Errorf("protocol: a line of %d bytes followed by %d, expected at most %d and %d",
			len(line), len(data), maxLine-1, MaxBytes)
	}
	for _, part := range [][]byte{line, {'\n'}, data} {
		if _, err := c.w.Write(part); err != nil {
			return err
		}
	}
	return c.w.Flush()
}

// readLine reads a line into a message.
func (c *Conn) readLine(message any) error {
	var line []byte
	for {
		part, err := c.r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return fmt.Errorf("%w: a line of more than %d bytes", ErrFormat, maxLine)
		case err == nil:
			return decode(line, message)
		case errors.Is(err, bufio.ErrBufferFull): // the line goes on
		case err == io.EOF && len(line) > 0:
			return fmt.Errorf("%w: the stream ends within a line, %q", ErrFormat, shortened(line))
		default:
			return err
		}
	}
}

func decode(line []byte, message any) error {
	if err := json.Unmarshal(line, message); err != nil {
		return fmt.Errorf("%w: %q: %v", ErrFormat, shortened(line), err)
	}
	return nil
}

// follow reads the bytes behind a line. They are believed once they are there: a number alone takes
// no memory.
func (c *Conn) follow(n int64) ([]byte, error) {
	if n < 0 || n > MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes follow, expected 0 to %d", ErrFormat, n, MaxBytes)
	}
	if n == 0 {
		return nil, nil
	}
	var data bytes.Buffer
	data.Grow(int(min(n, 1<<20)))
	if got, err := io.CopyN(&data, c.r, n); err != nil {
		return nil, fmt.Errorf("%w: %d of %d bytes came: %w", ErrFormat, got, n, err)
	}
	return data.Bytes(), nil
}

// shortened is the beginning of a line, for an error.
func shortened(line []byte) []byte { return line[:min(len(line), 100)] }
