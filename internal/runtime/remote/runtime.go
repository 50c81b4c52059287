package remote

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/tailor-nas/tailor/internal/runtime/link"
	"github.com/tailor-nas/tailor/internal/runtime/protocol"
	"github.com/tailor-nas/tailor/internal/settings"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/supernet"
)

// Config says which runtime, and how networks are run.
type Config struct {
	Runtime string // one of [Names], or "native" on a device
	Library string // path of its library, on the device; empty to look for it
	// Bring are files to put on the device: the runtime's library, and what must lie beside it.
	Bring   []string
	Threads int // 0 is 1
	Batch   int // images that run together; 0 is 1
	// Deadline is how long an answer may take before the agent is taken to hang; 0 is 2 minutes.
	Deadline time.Duration

	// Device starts the agent; nil is the program that is found here.
	Device link.Dialer
	// Owner, which goes with a Device, is for whom it is measured, in words. No other measures
	// there meanwhile, and an agent that is lost is started again.
	Owner string
	// Warn, if set, is told of what was lost and found again.
	Warn func(text string)
}

// defaultDeadline is that of a large network on a busy machine, and then some.
const defaultDeadline = 2 * time.Minute

// maxBatch bounds the batch of a Config.
const maxBatch = 4096

// Runtime is one in an agent of its own. Several goroutines may use it.
type Runtime struct {
	place  *place
	info   profiles.RuntimeInfo
	format format
	device device.Device

	mu    sync.Mutex
	agent *process // the latest
}

// Open starts an agent and finds the runtime. Whoever opens one closes it.
func Open(ctx context.Context, c Config) (*Runtime, error) { return open(ctx, c, formats()) }

// Look starts the agent that is found here, asks what it is and which of [Names] it has, and ends
// it.
func Look(ctx context.Context) (path string, about *protocol.Agent, found []protocol.Runtime,
	err error) {
	if path, err = findAgent(); err != nil {
		return "", nil, nil, err
	}
	about, found, err = lookAt(ctx, link.Program(path), helloDeadline)
	return path, about, found, err
}

func lookAt(ctx context.Context, d link.Dialer, deadline time.Duration) (about *protocol.Agent,
	found []protocol.Runtime, err error) {
	p, err := start(ctx, d, deadline)
	if err != nil {
		return nil, nil, err
	}
	var a protocol.Answer
	if about, err = greet(ctx, p, d.String(), protocol.Request{}); err == nil {
		p.deadline = defaultDeadline
		a, _, err = p.call(ctx, protocol.Request{Op: protocol.Look, Runtimes: Names()}, nil)
	}
	if err != nil {
		_ = p.close() // the first error says more
		return nil, nil, err
	}
	return about, a.Runtimes, p.close()
}

func open(ctx context.Context, c Config, known map[string]format) (*Runtime, error) {
	if c.Threads < 0 || c.Threads > settings.MaxWorkers || c.Batch < 0 || c.Batch > maxBatch {
		return nil, fmt.Errorf("%w: %d threads and batches of %d, expected at most %d and %d",
			profiles.ErrSettings, c.Threads, c.Batch, settings.MaxWorkers, maxBatch)
	}
	place, err := newPlace(c)
	if err != nil {
		return nil, err
	}
	agent, about, found, err := place.start(ctx)
	if err != nil {
		return nil, err
	}
	f, ok := known[found.Format]
	if !ok {
		_ = agent.close() // the error below says more
		return nil, fmt.Errorf("%s reads models of format %q, which are not written here",
			c.Runtime, found.Format)
	}
	return &Runtime{place: place, info: infoOf(found, c), format: f, device: about.Device,
		agent: agent}, nil
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

// Device says where it runs.
func (r *Runtime) Device() device.Device { return r.device }

// Observe reads the counters of the system there.
func (r *Runtime) Observe(ctx context.Context) (o device.Observation, err error) {
	err = r.do(ctx, func(p *process) error {
		a, _, err := p.call(ctx, protocol.Request{Op: protocol.Observe}, nil)
		if err == nil && a.Observed == nil {
			return fmt.Errorf("%w: an answer to observe without an observation",
				protocol.ErrFormat)
		}
		if err == nil {
			o = *a.Observed
		}
		return err
	})
	return o, err
}

// Close ends the agent, and with it all sessions.
func (r *Runtime) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.agent.close()
}

// Load writes the network as a file, and has the agent load it. When ctx ends meanwhile, or during
// what the session is asked for later, so does the agent.
func (r *Runtime) Load(ctx context.Context, net *supernet.Subnet) (profiles.Session, error) {
	if net == nil || len(net.Blocks) == 0 {
		return nil, fmt.Errorf("%s: %w: a network without blocks", r.info.Name,
			profiles.ErrSettings)
	}
	last := net.Blocks[len(net.Blocks)-1]
	s := &session{ctx: ctx, runtime: r, net: net, in: net.Blocks[0].In, out: last.Out,
		batch: max(r.info.Batch, 1), logits: last.Classifies()}
	err := s.use(ctx, func(*process) error { return nil })
	if err != nil {
		return nil, err
	}
	return s, nil
}
