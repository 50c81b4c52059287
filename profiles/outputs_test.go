package profiles_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/profiles"
	hardware "github.com/tailor-nas/tailor/profiles/device"
	"github.com/tailor-nas/tailor/supernet"
)

// TestOutputsAreChecked: a runtime that computes one block wrong is not timed, whatever it was to
// measure, and the error says which block.
func TestOutputsAreChecked(t *testing.T) {
	space, network := tiny(t), winner(t)
	isPool := func(b supernet.Block) bool { return b.Kind == supernet.Pool }
	pool := network[slices.IndexFunc(network, isPool)]
	for name, measure := range map[string]func(d *device) error{
		"profile": func(d *device) error {
			s := givenProfile(profiles.ProfileSettings{Clock: d.machine})
			_, err := profiles.New(t.Context(), space, d, s)
			return err
		},
		"variants": func(d *device) error {
			s := givenVariants(profiles.VariantSettings{Clock: d.machine})
			_, err := profiles.MeasureVariants(t.Context(), d, network, supernet.Weights, s)
			return err
		},
		"networks": func(d *device) error {
			nets := [][]supernet.Block{{pool}, network}
			_, _, err := profiles.Networks(t.Context(), d, nets, profiles.Reference{}, time.Second,
				1)
			return err
		},
	} {
		d := newDevice()
		d.wrong = "pool"
		err := measure(d)
		var wrong *profiles.OutputError
		if !errors.As(err, &wrong) || wrong.Runtime != "simulated/1 threads=2" ||
			wrong.Reason == "" {
			t.Errorf("%s: got %v, want an OutputError", name, err)
			continue
		}
		if name != "networks" && d.loads[wrong.Name] == 0 {
			t.Errorf("%s: %q is no block that was loaded", name, wrong.Name)
		}
		if d.now > time.Second || d.open != 0 {
			t.Errorf("%s: %v of work, %d left open", name, d.now, d.open)
		}
	}
}

// TestLoadingStops: when the context ends, no more is loaded.
func TestLoadingStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := newDevice()
	s := givenProfile(profiles.ProfileSettings{Clock: d.machine})
	_, err := profiles.New(ctx, tiny(t), cancelling{d, cancel}, s)
	if !errors.Is(err, context.Canceled) || len(d.nets) != 3 || d.open != 0 {
		t.Errorf("got %v after %d networks, %d left open", err, len(d.nets), d.open)
	}
}

// cancelling ends the context when it has loaded three networks.
type cancelling struct {
	*device
	cancel func()
}

func (c cancelling) Load(ctx context.Context, net *supernet.Subnet) (profiles.Session, error) {
	s, err := c.device.Load(ctx, net)
	if len(c.nets) == 3 {
		c.cancel()
	}
	return s, err
}

// remote is a runtime in another process, where the clock is read: the way there and back takes as
// long as a network.
type remote struct{ *device }

func (r remote) Info() profiles.RuntimeInfo {
	return profiles.RuntimeInfo{
		Name: "remote", Version: "1", Threads: 1, Options: map[string]string{"streams": "1"},
	}
}

func (r remote) Load(ctx context.Context, net *supernet.Subnet) (profiles.Session, error) {
	s, err := r.device.Load(ctx, net)
	if err != nil {
		return nil, err
	}
	return there{s.(*simulated)}, nil
}

type there struct{ *simulated }

func (s there) Run() error { s.device.work(500 * time.Microsecond); return s.simulated.Run() }

func (r remote) Device() hardware.Device { return hardware.Device{ID: "elsewhere"} }

func (r remote) Observe(context.Context) (hardware.Observation, error) {
	return hardware.Observation{Load: 7}, nil
}

func (r remote) Sample(_ context.Context, plan []profiles.Sample) (all []time.Duration, err error) {
	r.work(250 * time.Microsecond)
	for _, p := range plan {
		s, start := p.Session.(there).simulated, r.now
		for range p.Runs {
			if err := s.Run(); err != nil {
				return nil, err
			}
		}
		all = append(all, r.now-start)
	}
	r.work(250 * time.Microsecond)
	return all, nil
}

// TestElsewhere: the time, the device and what it was doing are those of the other process.
func TestElsewhere(t *testing.T) {
	d := newDevice()
	s := givenProfile(profiles.ProfileSettings{Networks: 3, Clock: d.machine})
	p, err := profiles.New(t.Context(), tiny(t), remote{d}, s)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range p.Blocks {
		within(t, b.Name, b.Timing, timeOf([]supernet.Block{b.Block}))
	}
	if p.Session.Pinned {
		t.Error("this process was pinned, which measures nothing")
	}
	if c := p.Session.Conditions; c.LoadAverage == nil || *c.LoadAverage != 7 {
		t.Errorf("conditions %+v, expected those observed elsewhere", c)
	}
	want := profiles.Identity{Device: "elsewhere", Runtime: "remote/1 threads=1 options.streams=1"}
	if got := p.Identity(); got != want {
		t.Errorf("the identity is %+v, want %+v", got, want)
	}
}

// TestNativeRefuses what it has no memory for, and no network.
func TestNativeRefuses(t *testing.T) {
	net := subnets(t)[0]
	for _, n := range []profiles.Native{
		{Threads: -1}, {Threads: 1 << 20}, {Batch: -1}, {Batch: 1 << 20},
	} {
		if _, err := n.Load(t.Context(), net); !errors.Is(err, profiles.ErrSettings) {
			t.Errorf("%+v: %v", n, err)
		}
	}
	for _, none := range []*supernet.Subnet{nil, {}} {
		if _, err := (profiles.Native{}).Load(t.Context(), none); !errors.Is(err,
			profiles.ErrSettings) {
			t.Errorf("%v: %v", none, err)
		}
	}
	large := supernet.Block{
		Name: "fc", Kind: supernet.Linear,
		In: supernet.Shape{H: 1024, W: 1024, C: 2}, Out: supernet.Shape{H: 1, W: 1, C: 1},
	}
	wide, err := supernet.NewSubnet([]supernet.Block{large}, 1e-5, 1)
	if err != nil {
		t.Fatal(err)
	}
	_, err = profiles.Native{Batch: 4096}.Load(t.Context(), wide)
	if !errors.Is(err, profiles.ErrSettings) {
		t.Errorf("a batch of 32 GiB: %v", err)
	}
}

// TestOneBlockNetworks: a network of one block may come twice.
func TestOneBlockNetworks(t *testing.T) {
	stem := winner(t)[:1]
	nets := [][]supernet.Block{stem, stem}
	timings, _, err := profiles.Networks(t.Context(), profiles.Native{}, nets, profiles.Reference{},
		50*time.Millisecond, 1)
	if err != nil || len(timings) != 2 {
		t.Errorf("%v, %v", timings, err)
	}
}

// TestNativeRunAllocatesNothing: the collector is off while it is timed.
func TestNativeRunAllocatesNothing(t *testing.T) {
	net := subnets(t)[0]
	s, err := profiles.Native{}.Load(t.Context(), net)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.SetInput(make([]float32, net.Blocks[0].In.Len())); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(10, func() { err = s.Run() }); n != 0 || err != nil {
		t.Errorf("%g allocations a run (%v)", n, err)
	}
}
