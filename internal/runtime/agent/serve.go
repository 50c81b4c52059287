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

// exitLate is the status of an agent that ended itself because an answer took too long.
const exitLate = 3

// Serve answers requests until one is bye, the requests end, or a stream breaks. About says what
// the agent is; its runtimes are those of the engines. It is to be called on the main goroutine:
// models run on its thread.
func Serve(r io.Reader, w io.Writer, about protocol.Agent, engines []Engine) error {
	about.Version = protocol.Version
	s := &server{about: about, engines: engines, sessions: map[int64]*session{}}
	defer s.close()
	conn := protocol.NewConn(r, w)
	for {
		request, data, err := conn.ReadRequest()
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

// answer does what a request asks for, within its time.
func (s *server) answer(r protocol.Request, data []byte) (a protocol.Answer, out []byte) {
	if r.DeadlineMS > 0 {
		// A library that hangs cannot be stopped in any other way.
		late := time.AfterFunc(time.Duration(r.DeadlineMS)*time.Millisecond, func() {
			fmt.Fprintf(os.Stderr, "tailor-agent: %s took more than %d ms\n", r.Op, r.DeadlineMS)
			os.Exit(exitLate)
		})
		defer late.Stop()
	}
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
