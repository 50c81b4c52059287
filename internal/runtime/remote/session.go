package remote

import (
	"context"
	"fmt"
	"time"

	"github.com/tailor-nas/tailor/internal/runtime/protocol"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
)

// session is a network in an agent.
type session struct {
	ctx     context.Context // of the runs: when it ends during one, so does the agent
	agent   *process
	id      int64
	format  format
	in, out supernet.Shape
	batch   int
	logits  bool // what comes out is vectors, which no format turns
	closed  bool
}

// call sends a request about the session.
func (s *session) call(ctx context.Context, r protocol.Request, data []byte) (
	protocol.Answer, []byte, error) {
	if s.closed {
		return protocol.Answer{}, nil, profiles.ErrClosed
	}
	r.Session = s.id
	return s.agent.call(ctx, r, data)
}

func (s *session) SetInput(batch []float32) error {
	if s.closed {
		return profiles.ErrClosed
	}
	if want := s.batch * s.in.Len(); len(batch) != want {
		return fmt.Errorf("%w: %d values, expected %d", profiles.ErrInput, len(batch), want)
	}
	data := protocol.Bytes(s.format.give(s.in, batch))
	_, _, err := s.call(s.ctx, protocol.Request{Op: protocol.Input}, data)
	return err
}

func (s *session) Run() error {
	_, _, err := s.call(s.ctx, protocol.Request{Op: protocol.Run}, nil)
	return err
}

func (s *session) Time(runs int) (time.Duration, error) {
	a, _, err := s.call(s.ctx, protocol.Request{Op: protocol.Time, Runs: runs}, nil)
	return time.Duration(a.TookNS), err
}

func (s *session) Output() ([]float32, error) {
	_, data, err := s.call(s.ctx, protocol.Request{Op: protocol.Output}, nil)
	if err != nil {
		return nil, err
	}
	out := make([]float32, s.batch*s.out.Len())
	if err := protocol.Floats(out, data); err != nil {
		return nil, fmt.Errorf("tailor-agent gives no output of the network: %w", err)
	}
	if s.logits {
		return out, nil
	}
	return s.format.take(s.out, out), nil
}

func (s *session) Close() error {
	if s.closed {
		return nil
	}
	// The agent is idle or has ended, so that this takes no time after ctx has ended either.
	ctx := context.WithoutCancel(s.ctx)
	_, _, err := s.call(ctx, protocol.Request{Op: protocol.Close}, nil)
	s.closed = true
	return err
}
