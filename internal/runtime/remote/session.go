package remote

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/internal/runtime/protocol"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
)

// session is a network in an agent. Where that can be lost, it keeps what takes another to where
// this one was.
type session struct {
	ctx     context.Context // of the runs: when it ends during one, so does the agent
	runtime *Runtime
	net     *supernet.Subnet
	in, out supernet.Shape
	batch   int
	logits  bool // what comes out is vectors, which no format turns
	closed  bool

	agent *process // that has it
	id    int64    // there
	input []byte   // that it has
	ran   bool     // since then
}

// use uses the agent, in which the session is as it was before.
func (s *session) use(ctx context.Context, use func(*process) error) error {
	if s.closed {
		return profiles.ErrClosed
	}
	return s.runtime.do(ctx, func(p *process) error {
		if err := s.into(ctx, p); err != nil {
			return err
		}
		return use(p)
	})
}

// into brings the session into an agent that does not have it.
func (s *session) into(ctx context.Context, p *process) error {
	if s.agent == p {
		return nil
	}
	r := s.runtime
	file, err := r.format.marshal(s.net, export.Meta{Options: export.Options{Batch: s.batch}})
	if err != nil {
		return fmt.Errorf("%s: %w", r.info.Name, err)
	}
	sum := sha256.Sum256(file)
	a, _, err := p.call(ctx, protocol.Request{Op: protocol.Load, Model: &protocol.Model{
		Runtime: r.info.Name, SHA256: hex.EncodeToString(sum[:]), Threads: r.info.Threads,
		Input: r.format.shape(s.batch, s.in), Output: r.format.shape(s.batch, s.out),
	}}, file)
	if err == nil && s.input != nil {
		_, _, err = p.call(ctx, protocol.Request{Op: protocol.Input, Session: a.Session}, s.input)
	}
	if err == nil && s.ran {
		_, _, err = p.call(ctx, protocol.Request{Op: protocol.Run, Session: a.Session}, nil)
	}
	if err != nil {
		return err
	}
	s.agent, s.id = p, a.Session
	if !r.place.elsewhere() {
		s.net = nil // there will be no other agent
	}
	return nil
}

// call sends a request about the session.
func (s *session) call(r protocol.Request, data []byte) (out []byte, err error) {
	err = s.use(s.ctx, func(p *process) error {
		r.Session = s.id
		_, out, err = p.call(s.ctx, r, data)
		return err
	})
	return out, err
}

func (s *session) SetInput(batch []float32) error {
	if s.closed {
		return profiles.ErrClosed
	}
	if want := s.batch * s.in.Len(); len(batch) != want {
		return fmt.Errorf("%w: %d values, expected %d", profiles.ErrInput, len(batch), want)
	}
	data := protocol.Bytes(s.runtime.format.give(s.in, batch))
	_, err := s.call(protocol.Request{Op: protocol.Input}, data)
	if err == nil {
		s.ran = false
		if s.runtime.place.elsewhere() {
			s.input = data
		}
	}
	return err
}

func (s *session) Run() error {
	_, err := s.call(protocol.Request{Op: protocol.Run}, nil)
	s.ran = err == nil
	return err
}

func (s *session) Output() ([]float32, error) {
	data, err := s.call(protocol.Request{Op: protocol.Output}, nil)
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
	return s.runtime.format.take(s.out, out), nil
}

func (s *session) Close() error {
	if s.closed {
		return nil
	}
	// The agent is idle or has ended, so that this takes no time after ctx has ended either.
	ctx := context.WithoutCancel(s.ctx)
	_, _, err := s.agent.call(ctx, protocol.Request{Op: protocol.Close, Session: s.id}, nil)
	s.closed, s.net, s.input = true, nil, nil
	if s.runtime.place.elsewhere() && canGoOn(err) {
		return nil // it ended with its agent
	}
	return err
}

// Sample takes samples of sessions of this runtime.
func (r *Runtime) Sample(ctx context.Context, plan []profiles.Sample) ([]time.Duration, error) {
	var took []time.Duration
	err := r.do(ctx, func(p *process) error {
		request := protocol.Request{Op: protocol.Sample}
		for _, sample := range plan {
			s, ok := sample.Session.(*session)
			if !ok || s.runtime != r || s.closed {
				return profiles.ErrClosed
			}
			if err := s.into(ctx, p); err != nil {
				return err
			}
			request.Plan = append(request.Plan, protocol.Runs{Session: s.id, Runs: sample.Runs,
				Settle: sample.Settle})
		}
		a, _, err := p.call(ctx, request, nil)
		if err != nil {
			return err
		}
		took, err = times(a.TookNS, len(plan))
		return err
	})
	for _, sample := range plan {
		if s, ok := sample.Session.(*session); ok && err == nil {
			s.ran = true
		}
	}
	return took, err
}

// times checks those that an agent answers.
func times(ns []int64, want int) (took []time.Duration, err error) {
	if len(ns) != want || slices.ContainsFunc(ns, func(t int64) bool { return t < 1 }) {
		return nil, fmt.Errorf("%w: %d times, expected %d above 0", protocol.ErrFormat, len(ns),
			want)
	}
	for _, t := range ns {
		took = append(took, time.Duration(t))
	}
	return took, nil
}
