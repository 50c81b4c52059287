// Package link is the way to a tailor-agent, here or on another device: two streams and an end.
package link

import (
	"context"
	"io"
)

// Link is an agent that runs. Reading and writing are for one goroutine at a time; Kill may be
// called by any.
type Link interface {
	io.Reader // what it answers
	io.Writer // what it is asked
	// Finish says that nothing more is asked, so that it ends.
	Finish() error
	// Kill ends it at once, or the way to it. Whoever reads or writes gets an error.
	Kill()
	// Wait waits until it has ended, and says how. It is called once.
	Wait() error
	// Stderr is the end of what it wrote for people, in one line.
	Stderr() string
}

// Dialer starts agents.
type Dialer interface {
	// Dial starts one.
	Dial(ctx context.Context) (Link, error)
	// String names the program or the device, for errors.
	String() string
}
