package remote

import (
	"errors"
	"fmt"

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
	// ErrBusy says that another tailor measures on the device.
	ErrBusy = errors.New("the device is in use")
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

// canGoOn says whether an error is that of an agent that another may take the place of: it was
// lost, and did not break the rules.
func canGoOn(err error) bool {
	return errors.Is(err, ErrCrashed) || errors.Is(err, ErrLate)
}

// failed is the error that an answer stands for.
func failed(op string, e *protocol.Error) error {
	switch e.Kind {
	case protocol.Closed:
		return fmt.Errorf("%w: %s", profiles.ErrClosed, e.Text)
	case protocol.BadData:
		return fmt.Errorf("%w: %s", profiles.ErrInput, e.Text)
	case protocol.Busy:
		return fmt.Errorf("%w: %s", ErrBusy, e.Text)
	case protocol.Order:
		return fmt.Errorf("%w: %s", profiles.ErrOrder, e.Text)
	}
	return fmt.Errorf("tailor-agent, asked to %s: %w", op, e)
}
