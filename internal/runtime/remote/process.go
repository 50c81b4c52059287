package remote

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tailor-nas/tailor/internal/runtime/link"
	"github.com/tailor-nas/tailor/internal/runtime/protocol"
)

// process is an agent that was started. Its methods may be called by several goroutines: requests
// then wait for each other.
type process struct {
	link     link.Link
	conn     *protocol.Conn
	deadline time.Duration // of each answer

	mu   sync.Mutex // held for a request and its answer
	last int64      // request
	dead error      // why there are no more

	stopping sync.Mutex
	reason   error // why it was stopped
}

// start starts an agent.
func start(ctx context.Context, d link.Dialer, deadline time.Duration) (*process, error) {
	l, err := d.Dial(ctx)
	if err != nil {
		return nil, err
	}
	return &process{link: l, conn: protocol.NewConn(l, l), deadline: deadline}, nil
}

// lost says that the agent can be used no more.
func (p *process) lost() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead != nil
}

// sendRate is how many bytes a second a connection carries at least, or it is taken to hang.
const sendRate = 50_000

// call sends a request and gives the answer. What is not answered, in time and before ctx ends,
// ends the agent.
func (p *process) call(ctx context.Context, r protocol.Request, data []byte) (
	protocol.Answer, []byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := cmp.Or(p.dead, ctx.Err()); err != nil {
		return protocol.Answer{}, nil, err
	}
	p.last++
	// The agent has a second more, in case nobody is here to end it.
	r.ID, r.DeadlineMS = p.last, (p.deadline + time.Second).Milliseconds()
	deadline := p.deadline + time.Duration(len(data))*time.Second/sendRate
	late := time.AfterFunc(deadline, func() { p.stop(fmt.Errorf("%w, %v", ErrLate, deadline)) })
	defer late.Stop()
	defer context.AfterFunc(ctx, func() { p.stop(context.Cause(ctx)) })()
	a, out, err := p.exchange(r, data)
	if err != nil {
		return protocol.Answer{}, nil, p.die(r.Op, err)
	}
	if a.Error != nil {
		return protocol.Answer{}, nil, failed(r.Op, a.Error)
	}
	return a, out, nil
}

func (p *process) exchange(r protocol.Request, data []byte) (protocol.Answer, []byte, error) {
	if err := p.conn.WriteRequest(r, data); err != nil {
		// It may have said something before it ended, as a program does that is no agent.
		if _, _, said := p.conn.ReadAnswer(); errors.Is(said, protocol.ErrFormat) {
			err = said
		}
		return protocol.Answer{}, nil, err
	}
	a, out, err := p.conn.ReadAnswer()
	if err == nil && a.ID != r.ID {
		err = fmt.Errorf("%w: an answer to request %d, expected %d", protocol.ErrFormat, a.ID, r.ID)
		if a.Error != nil {
			err = fmt.Errorf("%w: %w", err, a.Error)
		}
	}
	return a, out, err
}

// stop ends the agent at once. Whoever waits for an answer gets an error.
func (p *process) stop(reason error) {
	p.note(reason)
	p.link.Kill()
}

// note keeps the first reason to stop, and gives it.
func (p *process) note(reason error) error {
	p.stopping.Lock()
	defer p.stopping.Unlock()
	if p.reason == nil {
		p.reason = reason
	}
	return p.reason
}

// die ends the agent after a request that was not answered, and gives the error of this request and
// of all that follow.
func (p *process) die(op string, err error) error {
	why := p.note(err)
	if why != err || errors.Is(err, protocol.ErrFormat) {
		p.stop(why)
		_ = p.link.Wait() // says that it was killed
	} else {
		// A stream that ends says that it is about to end by itself.
		kill := time.AfterFunc(time.Second, func() { p.stop(err) })
		_ = p.link.Finish()
		why = fmt.Errorf("%w: %v", ErrCrashed, cmp.Or(p.link.Wait(), err))
		kill.Stop()
	}
	p.dead = &AgentError{op, why, p.link.Stderr()}
	return p.dead
}

// close asks the agent to end, and waits until it has.
func (p *process) close() error {
	_, _, err := p.call(context.Background(), protocol.Request{Op: protocol.Bye}, nil)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead == nil {
		p.dead = &AgentError{protocol.Bye, errors.New("it was closed"), ""}
		_ = p.link.Finish() // fails if it has ended
		err = p.link.Wait()
	}
	return err
}
