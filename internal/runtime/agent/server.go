package agent

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/tailor-nas/tailor/internal/runtime/protocol"
	"github.com/tailor-nas/tailor/internal/settings"
	"github.com/tailor-nas/tailor/profiles/device"
)

// server has the sessions of one connection.
type server struct {
	about    protocol.Agent
	engines  []Engine
	sessions map[int64]*session
	last     int64 // session
	greeted  bool
	idle     time.Duration // that it waits for a request, 0 for ever
	quiet    quiet
	files    files
	lock     *lock
}

// do answers one request.
func (s *server) do(r protocol.Request, data []byte) (a protocol.Answer, out []byte, err error) {
	switch {
	case r.Op == protocol.Hello:
		a.Agent, err = s.hello(r)
		return a, nil, err
	case r.Op == protocol.Bye:
		return a, nil, nil
	case !s.greeted:
		return a, nil, refuse("%q comes before hello", r.Op)
	}
	switch r.Op {
	case protocol.Lock:
		err = s.takeLock(r.Owner)
	case protocol.Put:
		a.Path, err = s.files.put(r.File, data)
	case protocol.Look:
		a.Runtimes = s.look(r)
	case protocol.Load:
		a.Session, err = s.load(r.Model, data)
	case protocol.Sample:
		a.TookNS, err = s.sample(r.Plan)
	case protocol.Observe:
		now := device.Observe()
		a.Observed = &now
	default:
		return s.use(r, data)
	}
	return a, nil, err
}

// use answers a request to a session.
func (s *server) use(r protocol.Request, data []byte) (a protocol.Answer, out []byte, err error) {
	one, err := s.session(r.Session)
	if err != nil {
		return a, nil, err
	}
	switch r.Op {
	case protocol.Input:
		return a, nil, one.setInput(data)
	case protocol.Output:
		out, err = one.output()
		return a, out, err
	case protocol.Run:
		if err = s.quiet.begin(one.threads); err == nil {
			_, err = one.time(1)
		}
		return a, nil, err
	case protocol.Close:
		delete(s.sessions, r.Session)
		return a, nil, one.model.Close()
	}
	return a, nil, refuse("there is no request %q", r.Op)
}

func (s *server) session(id int64) (*session, error) {
	one, ok := s.sessions[id]
	if !ok {
		return nil, &protocol.Error{Kind: protocol.Closed,
			Text: fmt.Sprintf("there is no session %d", id)}
	}
	return one, nil
}

// hello says what the agent is.
func (s *server) hello(r protocol.Request) (*protocol.Agent, error) {
	if r.Version != protocol.Version {
		return nil, refuse("tailor speaks version %d of the protocol and this tailor-agent %d: "+
			"use those of one build", r.Version, protocol.Version)
	}
	s.greeted, s.idle = true, milliseconds(r.IdleMS)
	return &s.about, nil
}

// takeLock makes this the only agent of the device that measures.
func (s *server) takeLock(o *protocol.Owner) (err error) {
	if o == nil || o.Name == "" || o.Token == "" {
		return refuse("lock without an owner")
	}
	if s.lock == nil {
		s.lock, err = lockDevice(*o)
	}
	return err
}

// look opens runtimes.
func (s *server) look(r protocol.Request) []protocol.Runtime {
	found := []protocol.Runtime{}
	for _, e := range s.engines {
		if len(r.Runtimes) == 0 || slices.Contains(r.Runtimes, e.Name()) {
			found = append(found, e.Open(r.Libraries[e.Name()]))
		}
	}
	return found
}

// maxPlan bounds the samples that one request may ask for.
const maxPlan = 1 << 14

// sample times runs of sessions.
func (s *server) sample(plan []protocol.Runs) (took []int64, err error) {
	if len(plan) == 0 || len(plan) > maxPlan {
		return nil, refuse("a plan of %d samples, expected 1 to %d", len(plan), maxPlan)
	}
	took = make([]int64, len(plan))
	for i, p := range plan {
		one, err := s.session(p.Session)
		if err != nil {
			return nil, err
		}
		if err := s.quiet.begin(one.threads); err != nil {
			return nil, err
		}
		if p.Settle {
			if _, err := one.time(1); err != nil {
				return nil, err
			}
		}
		if took[i], err = one.time(p.Runs); err != nil {
			return nil, err
		}
	}
	return took, nil
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
	s.files.remove()
	s.lock.release()
}
