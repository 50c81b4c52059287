package profiles

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/profiles/timing"
	"github.com/tailor-nas/tailor/supernet"
)

// loader makes subjects of networks: loaded, with an input, and with outputs that were checked. The
// first is the reference. After an error it loads no more.
type loader struct {
	ctx      context.Context
	runtime  Runtime
	checked  bool // outputs are compared with those of tailor's engine, which this is not
	subjects []timing.Subject
	sessions []Session
	memory   func(context.Context) (free, total uint64, ok bool)
	err      error
}

// ErrMemory is wrapped by errors about more networks than fit into memory.
var ErrMemory = errors.New("too little memory")

func newLoader(ctx context.Context, rt Runtime) *loader {
	_, ours := rt.(Native)
	return &loader{ctx: ctx, runtime: rt, checked: !ours, memory: device.Memory}
}

// referenceCopies is how often the network is loaded that others are compared with: copies of one
// network differ by some 4 %, by where in memory they lie.
const referenceCopies = 4

// reference loads copies of a network, which take turns as one subject.
func (l *loader) reference(blocks []supernet.Block) {
	var copies []timing.Subject
	for range referenceCopies {
		l.random("reference network", blocks)
		if l.err != nil {
			return
		}
		last := len(l.subjects) - 1
		copies, l.subjects = append(copies, l.subjects[last]), l.subjects[:last]
	}
	l.subjects = append(l.subjects, inTurn(copies))
}

// inTurn makes one subject of several.
func inTurn(copies []timing.Subject) timing.Subject {
	at := 0
	s := copies[0]
	s.Next = func() { at = (at + 1) % len(copies) }
	s.Run = func() error { return copies[at].Run() }
	s.Key = func() any { return copies[at].Key() }
	return s
}

// block loads a block on its own, with random weights.
func (l *loader) block(b supernet.Block) { l.random(b.Key(), []supernet.Block{b}) }

// network loads a network with random weights.
func (l *loader) network(blocks []supernet.Block) { l.random(l.name(blocks), blocks) }

// subnet loads a network with its own weights.
func (l *loader) subnet(net *supernet.Subnet) { l.add(l.name(net.Blocks), net) }

func (l *loader) name(blocks []supernet.Block) string {
	return fmt.Sprintf("network %d, %d blocks", len(l.subjects), len(blocks))
}

func (l *loader) random(name string, blocks []supernet.Block) {
	net, err := supernet.NewSubnet(blocks, 1e-5, 1)
	if err != nil {
		l.fail(name, err)
		return
	}
	l.add(name, net)
}

func (l *loader) add(name string, net *supernet.Subnet) {
	if l.err == nil {
		l.fail(name, l.ctx.Err())
	}
	if l.err != nil {
		return
	}
	s, err := l.runtime.Load(l.ctx, net)
	if err != nil {
		l.fail(name, err)
		return
	}
	l.sessions = append(l.sessions, s)
	l.subjects = append(l.subjects, timing.Subject{Name: name, Run: s.Run,
		Key: func() any { return s }})
	if l.err = l.prepare(name, s, net); l.err == nil {
		l.fail(name, l.room())
	}
}

// spare is the share of this machine's memory that loaded networks leave to others.
const spare = 10

// room refuses to fill the memory: a machine without any stands still, and whoever measures on it.
func (l *loader) room() error {
	free, total, ok := l.memory(l.ctx)
	if ok && free < total/spare {
		debug.FreeOSMemory() // what loading has left behind
		free, total, ok = l.memory(l.ctx)
	}
	if !ok || free >= total/spare {
		return nil
	}
	return fmt.Errorf("%w: with %d networks and blocks loaded, %d MB of this machine's %d MB are free: measure fewer (--networks), or end other programs",
		ErrMemory, len(l.subjects), free>>20, total>>20)
}

// prepare sets the session's input and compares its output with that of tailor's engine.
func (l *loader) prepare(name string, s Session, net *supernet.Subnet) error {
	input := anyInput(net, max(l.runtime.Info().Batch, 1))
	if !l.checked {
		// One run builds what the engine builds lazily, while there is a collector.
		_, err := runOnce(s, input)
		return err
	}
	got, err := runOnce(s, input)
	if err != nil {
		return fmt.Errorf("run %s: %w", name, err)
	}
	want, err := engineOutput(l.ctx, net, input)
	if err != nil {
		return fmt.Errorf("check %s: %w", name, err)
	}
	if reason := difference(got, want); reason != "" {
		return &OutputError{l.runtime.Info().ID(), name, reason}
	}
	return nil
}

// fail keeps the first error.
func (l *loader) fail(name string, err error) {
	if l.err == nil && err != nil {
		l.err = fmt.Errorf("load %s: %w", name, err)
	}
}

// measure times all that was loaded but the first, which is the reference.
func (l *loader) measure(s timing.Settings) ([]timing.Timing, timing.Summary, error) {
	if l.err != nil {
		return nil, timing.Summary{}, l.err
	}
	if e, ok := l.runtime.(Elsewhere); ok {
		if err := e.Device().CheckTiming(); err != nil {
			return nil, timing.Summary{}, err
		}
		s.Elsewhere = elsewhere{l.ctx, e}
	}
	s.Pin = l.runtime.Info().Threads == 1 && s.Elsewhere == nil
	return timing.Measure(l.ctx, l.subjects[0], l.subjects[1:], s)
}

// close ends all sessions. What they were wanted for is done: how they end changes nothing.
func (l *loader) close() {
	for _, s := range l.sessions {
		_ = s.Close()
	}
}
