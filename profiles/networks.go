package profiles

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tailor-nas/tailor/supernet"
)

// ErrNoWeights is returned by [Subnets] for a runtime that gives networks weights of its own choice.
var ErrNoWeights = errors.New("profiles: the runtime cannot run networks with their own weights")

// errNoNetworks says that there is nothing to time.
var errNoNetworks = errors.New("profiles: no network to measure")

// Networks times whole networks with random weights on this device, within a budget above 0.
func Networks(ctx context.Context, rt Runtime, networks [][]supernet.Block, budget time.Duration, seed uint64) ([]Timing, Session, error) {
	return timeNetworks(ctx, rt, networks, within(budget, seed))
}

func timeNetworks(ctx context.Context, rt Runtime, networks [][]supernet.Block, s Settings) ([]Timing, Session, error) {
	if len(networks) == 0 {
		return nil, Session{}, errNoNetworks
	}
	l := loader{runtime: rt}
	defer l.close()
	reference := l.add(slices.MinFunc(networks, leastWork))
	for _, n := range networks {
		l.add(n)
	}
	return l.measure(ctx, reference, s)
}

// Subnets times whole networks with their own weights, in turn with each other: a network before and after pruning, whose zeros are
// where pruning has put them. The runtime must be a [SubnetRuntime].
func Subnets(ctx context.Context, rt Runtime, nets []*supernet.Subnet, budget time.Duration, seed uint64) ([]Timing, Session, error) {
	if len(nets) == 0 {
		return nil, Session{}, errNoNetworks
	}
	l := loader{runtime: rt}
	defer l.close()
	reference := l.addSubnet(slices.MinFunc(nets, func(a, b *supernet.Subnet) int { return leastWork(a.Blocks, b.Blocks) }))
	for _, n := range nets {
		l.addSubnet(n)
	}
	return l.measure(ctx, reference, within(budget, seed))
}

func within(budget time.Duration, seed uint64) Settings {
	s := Defaults()
	s.Budget, s.Seed = budget, seed
	return s
}

// leastWork compares networks by what they ask of a runtime that skips all zeros: a reference should take no longer than what is
// compared with it.
func leastWork(a, b []supernet.Block) int {
	work := func(blocks []supernet.Block) (n int64) {
		for _, b := range blocks {
			n += b.MACs() * int64(100-b.Zeros)
		}
		return n
	}
	return cmp.Compare(work(a), work(b))
}

// loader makes subjects of networks and keeps what must be closed.
type loader struct {
	runtime  Runtime
	subjects []Subject
	closers  []func()
	err      error // the first
}

// add loads a network, or a single block, with any weights.
func (l *loader) add(blocks []supernet.Block) Subject {
	name := l.networkName(blocks)
	if len(blocks) == 1 {
		name = blocks[0].Key()
	}
	run, closeNetwork, err := l.runtime.Load(blocks)
	return l.keep(name, run, closeNetwork, err)
}

// addSubnet loads a network with its own weights.
func (l *loader) addSubnet(net *supernet.Subnet) Subject {
	rt, ok := l.runtime.(SubnetRuntime)
	if !ok {
		l.err = cmp.Or(l.err, fmt.Errorf("%w: %s", ErrNoWeights, l.runtime.Info().Name))
		return Subject{}
	}
	run, closeNetwork, err := rt.LoadSubnet(net)
	return l.keep(l.networkName(net.Blocks), run, closeNetwork, err)
}

func (l *loader) networkName(blocks []supernet.Block) string {
	return fmt.Sprintf("network %d, %d blocks", len(l.subjects), len(blocks))
}

func (l *loader) keep(name string, run func() error, closeNetwork func(), err error) Subject {
	if err != nil {
		l.err = cmp.Or(l.err, fmt.Errorf("load %s: %w", name, err))
		return Subject{}
	}
	l.closers = append(l.closers, closeNetwork)
	s := Subject{Name: name, Run: run}
	l.subjects = append(l.subjects, s)
	return s
}

// measure times all that was loaded but the first, which is the reference.
func (l *loader) measure(ctx context.Context, reference Subject, s Settings) ([]Timing, Session, error) {
	if l.err != nil {
		return nil, Session{}, l.err
	}
	s.Pin = l.runtime.Info().Threads == 1
	return Measure(ctx, reference, l.subjects[1:], s)
}

func (l *loader) close() {
	for _, c := range l.closers {
		c()
	}
}
