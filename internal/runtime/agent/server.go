package agent

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/internal/runtime/protocol"
	"github.com/tailor-nas/tailor/internal/settings"
)

// server has the sessions of one connection.
type server struct {
	about    protocol.Agent
	engines  []Engine
	sessions map[int64]*session
	last     int64 // session
	greeted  bool
	quiet    quiet
}

// do answers one request.
func (s *server) do(r protocol.Request, data []byte) (a protocol.Answer, out []byte, err error) {
	switch r.Op {
	case protocol.Hello:
		a.Agent, err = s.hello(r)
		return a, nil, err
	case protocol.Bye:
		return a, nil, nil
	}
	if !s.greeted {
		return a, nil, refuse("%q comes before hello", r.Op)
	}
	if r.Op == protocol.Load {
		a.Session, err = s.load(r.Model, data)
		return a, nil, err
	}
	one, ok := s.sessions[r.Session]
	if !ok {
		return a, nil, &protocol.Error{Kind: protocol.Closed,
			Text: fmt.Sprintf("there is no session %d", r.Session)}
	}
	return s.use(one, r, data)
}

// use answers a request to a session.
func (s *server) use(one *session, r protocol.Request, data []byte) (
	a protocol.Answer, out []byte, err error) {
	switch r.Op {
	case protocol.Input:
		return a, nil, one.setInput(data)
	case protocol.Output:
		out, err = one.output()
		return a, out, err
	case protocol.Run, protocol.Time:
		if err = s.quiet.begin(one.threads); err == nil {
			a.TookNS, err = one.time(max(r.Runs, 1))
		}
		return a, nil, err
	case protocol.Close:
		delete(s.sessions, r.Session)
		return a, nil, one.model.Close()
	}
	return a, nil, refuse("there is no request %q", r.Op)
}

// hello says what the agent is and has.
func (s *server) hello(r protocol.Request) (*protocol.Agent, error) {
	if r.Version != protocol.Version {
		return nil, refuse("tailor speaks version %d of the protocol and this tailor-agent %d: "+
			"use those of one build", r.Version, protocol.Version)
	}
	about := s.about
	about.Runtimes = []protocol.Runtime{}
	for _, e := range s.engines {
		if len(r.Runtimes) == 0 || slices.Contains(r.Runtimes, e.Name()) {
			about.Runtimes = append(about.Runtimes, e.Open(r.Libraries[e.Name()]))
		}
	}
	s.greeted = true
	return &about, nil
}

// load makes a session.
func (s *server) load(m *protocol.Model, file []byte) (int64, error) {
	if m == nil {
		return 0, refuse("load without a model")
	}
	in, inErr := protocol.Len(m.Input)
	out, outErr := protocol.Len(m.Output)
	at := slices.IndexFunc(s.engines, func(e Engine) bool { return e.Name() == m.Runtime })
	sum := sha256.Sum256(file)
	switch got := hex.EncodeToString(sum[:]); {
	case inErr != nil || outErr != nil:
		return 0, refuse("input %v and output %v, expected shapes", m.Input, m.Output)
	case m.Threads < 1 || m.Threads > settings.MaxWorkers:
		return 0, refuse("%d threads, expected 1 to %d", m.Threads, settings.MaxWorkers)
	case at < 0:
		return 0, refuse("there is no runtime %q", m.Runtime)
	case got != m.SHA256:
		return 0, refuse("the model's SHA-256 is %s, expected %q", got, m.SHA256)
	}
	if err := s.quiet.end(); err != nil {
		return 0, err
	}
	model, err := s.engines[at].Load(*m, file)
	if err != nil {
		return 0, err
	}
	s.last++
	s.sessions[s.last] = &session{model: model, threads: m.Threads, in: make([]float32, in),
		out: make([]float32, out)}
	return s.last, nil
}

// close ends all sessions: the process is about to end, so how they end changes nothing.
func (s *server) close() {
	for _, one := range s.sessions {
		_ = one.model.Close()
	}
	_ = s.quiet.end()
}
