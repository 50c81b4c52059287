package remote

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"github.com/tailor-nas/tailor/internal/export"
	"github.com/tailor-nas/tailor/internal/runtime/protocol"
	"github.com/tailor-nas/tailor/internal/settings"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
)

// Config says which runtime, and how networks are run.
type Config struct {
	Runtime string // one of [Names]
	Library string // path of its library; empty to look for it
	Threads int    // 0 is 1
	Batch   int    // images that run together; 0 is 1
	// Deadline is how long an answer may take before the agent is taken to hang; 0 is 2 minutes.
	Deadline time.Duration
}

// defaultDeadline is that of a large network on a busy machine, and then some.
const defaultDeadline = 2 * time.Minute

// helloDeadline is that of hello, which loads no network. A program that does not speak the
// protocol may never answer.
const helloDeadline = 5 * time.Second

// maxBatch bounds the batch of a Config.
const maxBatch = 4096

// Runtime is one in an agent of its own. Several goroutines may use it.
type Runtime struct {
	agent  *process
	info   profiles.RuntimeInfo
	format format
}

// Open starts an agent and finds the runtime. Whoever opens one closes it.
func Open(ctx context.Context, c Config) (*Runtime, error) {
	path, err := findAgent()
	if err != nil {
		return nil, err
	}
	return open(ctx, exec.Command(path), c, formats())
}

// Look starts an agent, asks what it is and which runtimes it has, and ends it.
func Look(ctx context.Context) (path string, about *protocol.Agent, err error) {
	if path, err = findAgent(); err != nil {
		return "", nil, err
	}
	about, err = look(ctx, exec.Command(path), helloDeadline)
	return path, about, err
}

func look(ctx context.Context, cmd *exec.Cmd, deadline time.Duration) (*protocol.Agent, error) {
	p, err := start(cmd, deadline)
	if err != nil {
		return nil, err
	}
	about, err := hello(ctx, p, protocol.Request{})
	if err != nil {
		_ = p.close() // the first error says more
		return nil, err
	}
	return about, p.close()
}

func open(ctx context.Context, cmd *exec.Cmd, c Config, known map[string]format) (
	*Runtime, error) {
	if c.Threads < 0 || c.Threads > settings.MaxWorkers || c.Batch < 0 || c.Batch > maxBatch {
		return nil, fmt.Errorf("%w: %d threads and batches of %d, expected at most %d and %d",
			profiles.ErrSettings, c.Threads, c.Batch, settings.MaxWorkers, maxBatch)
	}
	if c.Deadline == 0 {
		c.Deadline = defaultDeadline
	}
	p, err := start(cmd, min(c.Deadline, helloDeadline))
	if err != nil {
		return nil, err
	}
	r, err := find(ctx, p, c, known)
	if err != nil {
		_ = p.close() // the first error says more
		return nil, err
	}
	p.deadline = c.Deadline
	return r, nil
}

// hello asks the agent what it is.
func hello(ctx context.Context, p *process, r protocol.Request) (*protocol.Agent, error) {
	r.Op, r.Version = protocol.Hello, protocol.Version
	a, _, err := p.call(ctx, r, nil)
	program := p.cmd.Path
	switch {
	case errors.Is(err, protocol.ErrFormat):
		return nil, notAgent(program, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", program, err)
	case a.Agent == nil:
		return nil, notAgent(program, fmt.Errorf("%w: an answer to hello without what it is",
			protocol.ErrFormat))
	case a.Agent.Version != protocol.Version:
		return nil, fmt.Errorf("%w: %s speaks version %d of the protocol, expected %d: build it "+
			"again with go build ./cmd/tailor-agent", protocol.ErrFormat, program, a.Agent.Version,
			protocol.Version)
	}
	return a.Agent, nil
}

// notAgent says that a program is no agent, and how another is named.
func notAgent(program string, err error) error {
	return fmt.Errorf("%s does not speak the protocol of tailor-agent: is %s, or the program "+
		"beside tailor or on PATH, another one? %w", program, agentVariable, err)
}

// find asks the agent for the runtime.
func find(ctx context.Context, p *process, c Config, known map[string]format) (*Runtime, error) {
	ask := protocol.Request{Runtimes: []string{c.Runtime}}
	if c.Library != "" {
		ask.Libraries = map[string]string{c.Runtime: c.Library}
	}
	about, err := hello(ctx, p, ask)
	if err != nil {
		return nil, err
	}
	for _, one := range about.Runtimes {
		if one.Name != c.Runtime {
			continue
		}
		if !one.Found() {
			return nil, &missingError{one.Missing}
		}
		f, ok := known[one.Format]
		if !ok {
			return nil, fmt.Errorf("%s reads models of format %q, which are not written here",
				c.Runtime, one.Format)
		}
		return &Runtime{p, infoOf(one, c), f}, nil
	}
	return nil, fmt.Errorf("%w: tailor-agent knows no runtime %q", ErrMissing, c.Runtime)
}

func infoOf(one protocol.Runtime, c Config) profiles.RuntimeInfo {
	info := profiles.RuntimeInfo{Name: one.Name, Version: one.Version,
		Threads: max(c.Threads, 1), Batch: c.Batch, Options: one.Options}
	if c.Batch == 1 {
		info.Batch = 0
	}
	return info
}

// Info describes the runtime.
func (r *Runtime) Info() profiles.RuntimeInfo { return r.info }

// Close ends the agent, and with it all sessions.
func (r *Runtime) Close() error { return r.agent.close() }

// Load writes the network as a file, and has the agent load it. When ctx ends meanwhile, or during
// what the session is asked for later, so does the agent.
func (r *Runtime) Load(ctx context.Context, net *supernet.Subnet) (profiles.Session, error) {
	if net == nil || len(net.Blocks) == 0 {
		return nil, fmt.Errorf("%s: %w: a network without blocks", r.info.Name,
			profiles.ErrSettings)
	}
	batch := max(r.info.Batch, 1)
	file, err := r.format.marshal(net, export.Meta{Options: export.Options{Batch: batch}})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.info.Name, err)
	}
	last := net.Blocks[len(net.Blocks)-1]
	s := &session{ctx: ctx, agent: r.agent, format: r.format, in: net.Blocks[0].In, out: last.Out,
		batch: batch, logits: last.Classifies()}
	sum := sha256.Sum256(file)
	a, _, err := r.agent.call(ctx, protocol.Request{Op: protocol.Load, Model: &protocol.Model{
		Runtime: r.info.Name, SHA256: hex.EncodeToString(sum[:]), Threads: r.info.Threads,
		Input: r.format.shape(batch, s.in), Output: r.format.shape(batch, s.out),
	}}, file)
	if err != nil {
		return nil, err
	}
	s.id = a.Session
	return s, nil
}
