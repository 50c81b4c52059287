package remote

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tailor-nas/tailor/internal/runtime/protocol"
	"github.com/tailor-nas/tailor/profiles"
)

var (
	// ErrNoAgent says that the program tailor-agent is not found.
	ErrNoAgent = errors.New("tailor-agent is not found")
	// ErrMissing says that the agent has not found the runtime's library.
	ErrMissing = errors.New("the runtime is not found")
	// ErrLate says that an answer took longer than it may; the agent was ended.
	ErrLate = errors.New("no answer in time")
	// ErrCrashed says that the agent ended by itself.
	ErrCrashed = errors.New("it ended")
)

// missingError is an ErrMissing in the words of the agent.
type missingError struct{ text string }

func (e *missingError) Error() string { return e.text }

func (e *missingError) Unwrap() error { return ErrMissing }

// AgentError says that an agent can be used no more: Err is [ErrLate], [ErrCrashed],
// [protocol.ErrFormat] or why a context ended.
type AgentError struct {
	Op     string // the request that was not answered
	Err    error
	Stderr string // the end of what the agent wrote there
}

func (e *AgentError) Error() string {
	text := fmt.Sprintf("tailor-agent, asked to %s: %v", e.Op, e.Err)
	if e.Stderr != "" {
		text += "; it wrote: " + e.Stderr
	}
	return text
}

func (e *AgentError) Unwrap() error { return e.Err }

// failed is the error that an answer stands for.
func failed(op string, e *protocol.Error) error {
	switch e.Kind {
	case protocol.Closed:
		return fmt.Errorf("%w: %s", profiles.ErrClosed, e.Text)
	case protocol.BadData:
		return fmt.Errorf("%w: %s", profiles.ErrInput, e.Text)
	case protocol.Order:
		return fmt.Errorf("%w: %s", profiles.ErrOrder, e.Text)
	}
	return fmt.Errorf("tailor-agent, asked to %s: %w", op, e)
}

// tail keeps the end of what is written to it.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	const most = 1000
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-most):]
	return len(p), nil
}

// String gives it in one line.
func (t *tail) String() string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(string(t.text), "?")), " ")
}
