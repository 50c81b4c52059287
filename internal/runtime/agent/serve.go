package agent

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/tailor-nas/tailor/internal/bug"
	"github.com/tailor-nas/tailor/internal/runtime/protocol"
)

// exitLate is the status of an agent that ended itself because an answer, or the next request, took
// too long.
const exitLate = 3

// Serve answers requests until one is bye, the requests end, or a stream breaks. About says what
// the agent is, and where it runs. It is to be called on the main goroutine: models run on its
// thread.
func Serve(r io.Reader, w io.Writer, about protocol.Agent, engines []Engine) error {
	about.Version = protocol.Version
	s := &server{about: about, engines: engines, sessions: map[int64]*session{}}
	defer s.close()
	conn := protocol.NewConn(r, w)
	for {
		request, data, err := s.next(conn)
		if errors.Is(err, io.EOF) && !errors.Is(err, protocol.ErrFormat) {
			return nil
		}
		if err != nil {
			refused := refuse("%v", err)
			return errors.Join(err, conn.WriteAnswer(protocol.Answer{Error: refused}, nil))
		}
		answer, data := s.answer(request, data)
		if err := conn.WriteAnswer(answer, data); err != nil {
			return fmt.Errorf("agent: answer: %w", err)
		}
		if request.Op == protocol.Bye {
			return nil
		}
	}
}

// next waits for a request, for as long as hello said.
func (s *server) next(conn *protocol.Conn) (protocol.Request, []byte, error) {
	defer s.within(s.idle, "nothing was asked for").Stop()
	return conn.ReadRequest()
}

// within ends the process after some time, unless it is stopped; 0 is for ever. What hangs, or
// waits for a tailor that is gone without a word, cannot be ended in any other way.
func (s *server) within(d time.Duration, what string) *time.Timer {
	if d <= 0 {
		return time.NewTimer(0)
	}
	return time.AfterFunc(d, func() {
		fmt.Fprintf(os.Stderr, "tailor-agent: %s within %v\n", what, d)
		s.files.remove()
		os.Exit(exitLate)
	})
}

// maxTime bounds what a request can ask to wait for.
const maxTime = 1000 * time.Hour

// milliseconds is a time that a request names.
func milliseconds(ms int64) time.Duration {
	return time.Duration(min(max(ms, 0), int64(maxTime/time.Millisecond))) * time.Millisecond
}

// answer does what a request asks for, within its time.
func (s *server) answer(r protocol.Request, data []byte) (a protocol.Answer, out []byte) {
	defer s.within(milliseconds(r.DeadlineMS), r.Op+" was not done").Stop()
	err := bug.Catch(func() (err error) {
		a, out, err = s.do(r, data)
		return err
	})
	if err != nil {
		a, out = protocol.Answer{Error: asError(err)}, nil
	}
	a.ID = r.ID
	return a, out
}

// asError is what an answer says of an error.
func asError(err error) *protocol.Error {
	var e *protocol.Error
	if errors.As(err, &e) {
		return e
	}
	return &protocol.Error{Kind: protocol.Failed, Text: err.Error()}
}

func refuse(format string, args ...any) *protocol.Error {
	return &protocol.Error{Kind: protocol.Refused, Text: fmt.Sprintf(format, args...)}
}
