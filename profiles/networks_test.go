package profiles_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/timing"
	"github.com/tailor-nas/tailor/supernet"
)

// spin is a runtime that keeps the real clock busy, in proportion to the work of a network.
type spin struct{ *device }

func (s spin) Load(ctx context.Context, net *supernet.Subnet) (profiles.Session, error) {
	session, err := s.device.Load(ctx, net)
	if err != nil {
		return nil, err
	}
	return spinning{session, spinFor(net.Blocks)}, nil
}

type spinning struct {
	profiles.Session
	run func() error
}

func (s spinning) Run() error { return s.run() }

func spinFor(blocks []supernet.Block) func() error {
	n, x := int(timeOf(blocks)), uint32(1)
	return func() error {
		for range n {
			x = x*1664525 + 1013904223
		}
		if x == 0 {
			return errors.New("the generator never gives 0 from 1 so soon")
		}
		return nil
	}
}

func subnets(t *testing.T) []*supernet.Subnet {
	t.Helper()
	network := winner(t)
	pruned := make([]supernet.Block, len(network))
	for i, b := range network {
		if pruned[i] = b; b.Prunable(supernet.Weights) {
			pruned[i].Zeros = 95
		}
	}
	var nets []*supernet.Subnet
	for _, blocks := range [][]supernet.Block{network, pruned} {
		net, err := supernet.NewSubnet(blocks, 1e-5, 1)
		if err != nil {
			t.Fatal(err)
		}
		nets = append(nets, net)
	}
	return nets
}

// TestSubnets hands the runtime the very networks, the one with the least work as the reference
// too.
func TestSubnets(t *testing.T) {
	nets, d := subnets(t), newDevice()
	timings, session, err := profiles.Subnets(t.Context(), spin{d}, nets, nil,
		200*time.Millisecond, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.nets) != 3 || d.nets[0] != nets[1] || d.nets[1] != nets[0] || d.nets[2] != nets[1] ||
		d.open != 0 {
		t.Errorf("%d networks were loaded, %d are left open", len(d.nets), d.open)
	}
	if len(timings) != 2 || timings[0].Name == timings[1].Name || session.Rounds == 0 {
		t.Errorf("got %+v", timings)
	}
}

// TestNativeSubnets: tailor's own engine runs them, with the weights they have.
func TestNativeSubnets(t *testing.T) {
	nets := subnets(t)
	timings, _, err := profiles.Subnets(t.Context(), profiles.Native{Threads: 1}, nets, nil,
		100*time.Millisecond, 1)
	if err != nil || len(timings) != 2 || !(timings[0].LatencyMS > 0) ||
		!(timings[1].LatencyMS > 0) {
		t.Errorf("got %+v (%v)", timings, err)
	}
}

func TestSubnetsRefuses(t *testing.T) {
	d := newDevice()
	if _, _, err := profiles.Subnets(t.Context(), d, nil, nil, time.Second, 1); err == nil {
		t.Error("no networks: no error")
	}
	if _, _, err := profiles.Networks(t.Context(), d, nil, profiles.Reference{}, time.Second,
		1); err == nil {
		t.Error("no networks: no error")
	}
	if _, _, err := profiles.Networks(t.Context(), profiles.Native{Threads: 1},
		[][]supernet.Block{winner(t), {}}, profiles.Reference{}, time.Second, 1); err == nil {
		t.Error("an empty network: no error")
	}
	d.broken = "conv"
	if _, _, err := profiles.Subnets(t.Context(), d, subnets(t), nil, time.Second,
		1); err == nil || d.open != 0 {
		t.Errorf("a network that does not load: %v, %d left open", err, d.open)
	}
}

// TestSessionsOnOneScale: another job that shares the caches slows whole networks by a fifth while
// a profile is made, and not later. Against the profile's reference, their latencies stay the same.
func TestSessionsOnOneScale(t *testing.T) {
	d, space := newDevice(), tiny(t)
	d.burden = 1.2
	p, err := profiles.New(t.Context(), space, d, givenProfile(profiles.ProfileSettings{
		Resolutions: space.Resolutions[:1], Networks: 6, Clock: d.machine}))
	if err != nil {
		t.Fatal(err)
	}
	d.burden = 1
	reference, err := p.Reference(space)
	if err != nil {
		t.Fatal(err)
	}
	var networks [][]supernet.Block
	for _, n := range p.Networks {
		a, err := space.Arch(n.Arch)
		if err != nil {
			t.Fatal(err)
		}
		networks = append(networks, space.Blocks(a))
	}
	s := timing.Defaults()
	s.Clock = d.machine
	timings, session, err := profiles.TimeNetworks(t.Context(), d, networks, reference, s)
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range p.Networks {
		if ratio := timings[i].LatencyMS / n.LatencyMS; math.Abs(ratio-1) > 0.01 {
			t.Errorf("%s: %.3f times its latency in the profile", n.Name, ratio)
		}
	}
	if slower := session.ReferenceGivenMS / session.ReferenceMS; math.Abs(slower-1.2) > 0.02 {
		t.Errorf("the reference took %.3f times as long in the profile, want 1.2", slower)
	}
	testSubnetsOnScale(t, d, p, networks, reference, s)
	for i, b := range p.Blocks { // they are not slowed, and have a scale of their own
		want := float64(timeOf([]supernet.Block{b.Block})) / 1e6
		if math.Abs(b.LatencyMS/want-1) > 0.03 {
			t.Errorf("block %d: %g ms, want %g", i, b.LatencyMS, want)
		}
	}
}

// testSubnetsOnScale: networks with weights of their own are on that scale, too.
func testSubnetsOnScale(t *testing.T, d *device, p *profiles.Profile, networks [][]supernet.Block,
	reference profiles.Reference, s timing.Settings) {
	t.Helper()
	var nets []*supernet.Subnet
	for _, blocks := range networks {
		net, err := supernet.NewSubnet(blocks, 1e-5, 2)
		if err != nil {
			t.Fatal(err)
		}
		nets = append(nets, net)
	}
	timings, _, err := profiles.TimeSubnets(t.Context(), d, nets, &reference, s)
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range p.Networks {
		if ratio := timings[i].LatencyMS / n.LatencyMS; math.Abs(ratio-1) > 0.01 {
			t.Errorf("%s with its own weights: %.3f times its latency in the profile", n.Name, ratio)
		}
	}
}
