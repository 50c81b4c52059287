package remote

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tailor-nas/tailor/internal/runtime/link"
	"github.com/tailor-nas/tailor/internal/runtime/protocol"
)

// How long an agent may take to say hello. A program that does not speak the protocol may never
// answer.
const (
	helloDeadline  = 5 * time.Second
	deviceDeadline = 30 * time.Second // on a device, which may be slow, or emulated
)

// idleTime is how long an agent on a device waits for a request, in case the connection is lost
// without a word. Where there is nothing to ask for longer, it is started again.
const idleTime = 5 * time.Minute

// maxBring bounds the files that are brought to a device.
const maxBring = 1 << 30

// place starts agents that have a runtime, with what they need for it.
type place struct {
	Config
	token string // of this run
}

// newPlace is that of a Config: this machine unless it names a device.
func newPlace(c Config) (*place, error) {
	if c.Deadline == 0 {
		c.Deadline = defaultDeadline
	}
	p := &place{Config: c, token: rand.Text()}
	if c.Device != nil {
		return p, nil
	}
	if len(c.Bring) > 0 {
		return nil, errors.New("libraries are brought to devices elsewhere: here, name one")
	}
	path, err := findAgent()
	p.Device = link.Program(path)
	return p, err
}

// elsewhere says that the agent is on another device, or is to be treated as if it were.
func (p *place) elsewhere() bool { return p.Config.Owner != "" }

// start starts an agent, and asks it for the runtime.
func (p *place) start(ctx context.Context) (*process, *protocol.Agent, protocol.Runtime, error) {
	deadline := min(p.Deadline, helloDeadline)
	if p.elsewhere() {
		deadline = min(p.Deadline, deviceDeadline)
	}
	running, err := start(ctx, p.Device, deadline)
	if err != nil {
		return nil, nil, protocol.Runtime{}, err
	}
	about, found, err := p.prepare(ctx, running)
	if err != nil {
		_ = running.close() // the first error says more
		return nil, nil, found, err
	}
	return running, about, found, nil
}

// prepare says hello, locks the device if it is elsewhere, brings it what it needs, and looks for
// the runtime.
func (p *place) prepare(ctx context.Context, running *process) (about *protocol.Agent,
	found protocol.Runtime, err error) {
	hello := protocol.Request{}
	if p.elsewhere() {
		hello.IdleMS = idleTime.Milliseconds()
	}
	if about, err = greet(ctx, running, p.Device.String(), hello); err != nil {
		return nil, found, err
	}
	running.deadline = p.Deadline
	if p.elsewhere() {
		owner := &protocol.Owner{Name: p.Owner, Token: p.token}
		_, _, err = running.call(ctx, protocol.Request{Op: protocol.Lock, Owner: owner}, nil)
		if err != nil {
			return nil, found, fmt.Errorf("%s: %w", p.Device, err)
		}
	}
	library, err := p.bring(ctx, running)
	if err != nil {
		return nil, found, err
	}
	found, err = look(ctx, running, p.Runtime, library)
	return about, found, err
}

// greet asks an agent what it is.
func greet(ctx context.Context, p *process, program string, r protocol.Request) (*protocol.Agent,
	error) {
	r.Op, r.Version = protocol.Hello, protocol.Version
	a, _, err := p.call(ctx, r, nil)
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
	return fmt.Errorf("%s does not speak the protocol of tailor-agent, or prints something else "+
		"too: is the command of exec:, %s, --agent, or the program beside tailor or on PATH, "+
		"another one? %w", program, agentVariable, err)
}

// bring puts files on the device, and gives the path of the library there.
func (p *place) bring(ctx context.Context, running *process) (string, error) {
	library := p.Library
	for i, file := range p.Bring {
		info, err := os.Stat(file)
		if err != nil {
			return "", fmt.Errorf("library to bring: %w", err)
		}
		if info.Size() > maxBring {
			return "", fmt.Errorf("library to bring: %s has %d bytes, expected at most %d", file,
				info.Size(), maxBring)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("library to bring: %w", err)
		}
		sum := sha256.Sum256(data)
		a, _, err := running.call(ctx, protocol.Request{Op: protocol.Put, File: &protocol.File{
			Name: filepath.Base(file), SHA256: hex.EncodeToString(sum[:])}}, data)
		if err != nil {
			return "", fmt.Errorf("bring %s: %w", file, err)
		}
		if i == 0 {
			library = a.Path
		}
	}
	return library, nil
}

// look has the agent look for a runtime.
func look(ctx context.Context, p *process, runtime, library string) (found protocol.Runtime,
	err error) {
	ask := protocol.Request{Op: protocol.Look, Runtimes: []string{runtime}}
	if library != "" {
		ask.Libraries = map[string]string{runtime: library}
	}
	a, _, err := p.call(ctx, ask, nil)
	if err != nil {
		return found, err
	}
	for _, one := range a.Runtimes {
		if one.Name != runtime {
			continue
		}
		if !one.Found() {
			return found, &missingError{one.Missing}
		}
		return one, nil
	}
	return found, fmt.Errorf("%w: tailor-agent knows no runtime %q", ErrMissing, runtime)
}
