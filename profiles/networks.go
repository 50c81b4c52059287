package profiles

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tailor-nas/tailor/profiles/timing"
	"github.com/tailor-nas/tailor/supernet"
)

// errNoNetworks says that there is nothing to time.
var errNoNetworks = errors.New("profiles: no network to measure, or no runtime")

// Reference is a network that others are timed against. What shares the caches with a network slows
// it by up to a fifth, and other networks with it, but not a single block: so latencies of
// different sessions can be compared if all are ratios to one network.
type Reference struct {
	Blocks []supernet.Block
	// MS is what it took in the session whose scale latencies are to be on; 0 for a new scale.
	MS float64
}

// ReferenceOf is a network of a space that took so long.
func ReferenceOf(space *supernet.Space, arch supernet.Spec, ms float64) (Reference, error) {
	a, err := space.Arch(arch)
	if err != nil {
		return Reference{}, fmt.Errorf("reference of latencies: %w", err)
	}
	return Reference{Blocks: space.Blocks(a), MS: ms}, nil
}

// Networks times whole networks with random weights on the runtime's device, within a budget above
// 0. Their latencies are on the scale of the reference; if that has no blocks, the network of least
// work is it, and the scale is new.
func Networks(
	ctx context.Context, rt Runtime, networks [][]supernet.Block, ref Reference,
	budget time.Duration, seed uint64,
) ([]timing.Timing, timing.Summary, error) {
	return timeNetworks(ctx, rt, networks, ref, timingSettings(budget, seed))
}

func timeNetworks(
	ctx context.Context, rt Runtime, networks [][]supernet.Block, ref Reference, s timing.Settings,
) ([]timing.Timing, timing.Summary, error) {
	if len(networks) == 0 || rt == nil {
		return nil, timing.Summary{}, errNoNetworks
	}
	if ref.Blocks == nil {
		ref = Reference{Blocks: slices.MinFunc(networks, leastWork)}
	}
	l := newLoader(ctx, rt)
	defer l.close()
	l.networks(networks, ref)
	s.ReferenceMS = ref.MS
	return l.measure(s)
}

// networks loads the reference and networks with random weights.
func (l *loader) networks(all [][]supernet.Block, ref Reference) {
	l.reference(ref.Blocks)
	for _, n := range all {
		l.network(n)
	}
}

// Subnets times whole networks with their own weights, in turn with each other: a network before
// and after pruning, whose zeros are where pruning has put them. Their latencies are on the scale
// of the reference; if that is nil, the one of least work is it, and the scale is new.
func Subnets(
	ctx context.Context, rt Runtime, nets []*supernet.Subnet, ref *Reference, budget time.Duration,
	seed uint64,
) ([]timing.Timing, timing.Summary, error) {
	return timeSubnets(ctx, rt, nets, ref, timingSettings(budget, seed))
}

func timeSubnets(
	ctx context.Context, rt Runtime, nets []*supernet.Subnet, ref *Reference, s timing.Settings,
) ([]timing.Timing, timing.Summary, error) {
	if len(nets) == 0 || rt == nil || slices.Contains(nets, nil) {
		return nil, timing.Summary{}, errNoNetworks
	}
	l := newLoader(ctx, rt)
	defer l.close()
	if ref == nil {
		less := func(a, b *supernet.Subnet) int { return leastWork(a.Blocks, b.Blocks) }
		l.subnet(slices.MinFunc(nets, less))
	} else {
		l.reference(ref.Blocks)
		s.ReferenceMS = ref.MS
	}
	for _, n := range nets {
		l.subnet(n)
	}
	return l.measure(s)
}

// timingSettings are the defaults with a budget and a seed.
func timingSettings(budget time.Duration, seed uint64) timing.Settings {
	s := timing.Defaults()
	s.Budget, s.Seed = budget, seed
	return s
}

// leastWork compares networks by what they ask of a runtime that skips all zeros: a reference
// should take no longer than what is compared with it.
func leastWork(a, b []supernet.Block) int {
	work := func(blocks []supernet.Block) (n int64) {
		for _, b := range blocks {
			n += b.MACs() * int64(100-b.Zeros)
		}
		return n
	}
	return cmp.Compare(work(a), work(b))
}
