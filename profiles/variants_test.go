package profiles_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/profiles/timing"
	"github.com/tailor-nas/tailor/supernet"
)

func tiny(t *testing.T) *supernet.Space {
	t.Helper()
	space, err := supernet.LoadSpace("mbv3-tiny")
	if err != nil {
		t.Fatal(err)
	}
	return space
}

func winner(t *testing.T) []supernet.Block { s := tiny(t); return s.Blocks(s.Max()) }

func within(t *testing.T, name string, timed timing.Timing, want time.Duration) {
	t.Helper()
	if e := math.Abs(timed.LatencyMS/want.Seconds()/1000 - 1); e > 0.05 {
		t.Errorf("%s: %.4f ms, want %v", name, timed.LatencyMS, want)
	}
}

// TestMeasureVariants finds the times of a simulated device again, each block and each variant
// once.
func TestMeasureVariants(t *testing.T) {
	network := winner(t)
	for structure, levels := range map[supernet.Structure]int{supernet.Weights: 6,
		supernet.Vectors16: 6, supernet.Channels: 6} {
		d := newDevice()
		v, err := profiles.MeasureVariants(t.Context(), d, network, structure,
			givenVariants(profiles.VariantSettings{Seed: 3, Clock: d.machine}))
		if err != nil {
			t.Fatal(err)
		}
		measured := map[string]int{}
		for _, b := range v.Blocks {
			within(t, b.Block.Key(), b.Timing, timeOf([]supernet.Block{b.Block}))
			if measured[b.Block.Key()]++; d.loads[b.Block.Key()] > 2 || b.Name != b.Block.Key() {
				t.Errorf("%s: %s was loaded %d times", structure, b.Name, d.loads[b.Block.Key()])
			}
		}
		for _, b := range network {
			variants := 0
			for _, m := range v.Blocks {
				if amount, ok := b.Removed(structure, m.Block); ok && amount > 0 {
					variants++
				}
			}
			want := 0
			if b.Prunable(structure) {
				want = levels
				if structure == supernet.Channels {
					// Whole vectors of 16, which each of these blocks can have.
					want = min(want, len(slices.DeleteFunc(b.Mids(),
						func(mid int) bool { return mid%16 != 0 && mid+8 != b.In.C })))
				}
			}
			if measured[b.Key()] != 1 || variants != want {
				t.Errorf("%s: %s was measured %d times, with %d variants, want %d", structure,
					b.Key(), measured[b.Key()], variants, want)
			}
		}
		if len(v.Networks) != 1+levels+5 || v.Structure != structure ||
			v.Runtime.Name != "simulated" || v.Session.Rounds == 0 || d.open != 0 {
			t.Errorf("%s: %d networks, %+v, %d left open", structure, len(v.Networks), v.Session,
				d.open)
		}
		for i, n := range v.Networks {
			within(t, n.Name, n.Timing, timeOf(n.Blocks))
			if err := supernet.CheckBlocks(n.Blocks); err != nil {
				t.Error(err)
			}
			if i > 0 && i <= levels && !(timeOf(n.Blocks) < timeOf(v.Networks[i-1].Blocks)) {
				t.Errorf("%s: network %d has no more removed than the one before", structure, i)
			}
		}
		if !slices.Equal(v.Networks[0].Blocks, network) {
			t.Errorf("%s: the first network is not the whole one", structure)
		}
	}
}

// TestMeasureVariantsOfPruned: a block that has zeros is measured without them too.
func TestMeasureVariantsOfPruned(t *testing.T) {
	network := winner(t)
	last := len(network) - 1
	network[last].Zeros, network[last].Run = 73, 8
	d := newDevice()
	v, err := profiles.MeasureVariants(t.Context(), d, network, supernet.Weights,
		profiles.VariantSettings{Budget: profiles.Auto, Clock: d.machine})
	if err != nil {
		t.Fatal(err)
	}
	dense := network[last]
	dense.Zeros, dense.Run = 0, 0
	for _, want := range []supernet.Block{network[last], dense} {
		if !slices.ContainsFunc(v.Blocks,
			func(b profiles.BlockTiming) bool { return b.Block == want }) {
			t.Errorf("%s was not measured", want.Key())
		}
	}
	if len(v.Networks) != 7 {
		t.Errorf("%d networks, want 7", len(v.Networks))
	}
}

func TestMeasureVariantsRefuses(t *testing.T) {
	network, d := winner(t), newDevice()
	pool := []supernet.Block{network[len(network)-2]}
	for want, f := range map[string]func() error{
		`structure "rows"`: func() error {
			_, err := profiles.MeasureVariants(t.Context(), d, network, "rows",
				givenVariants(profiles.VariantSettings{Clock: d.machine}))
			return err
		},
		"no block has channels": func() error {
			_, err := profiles.MeasureVariants(t.Context(), d, pool, supernet.Channels,
				givenVariants(profiles.VariantSettings{Clock: d.machine}))
			return err
		},
		"at least one block": func() error {
			_, err := profiles.MeasureVariants(t.Context(), d, nil, supernet.Channels,
				givenVariants(profiles.VariantSettings{Clock: d.machine}))
			return err
		},
		"load pool-.*no such operation": func() error {
			broken := newDevice()
			broken.broken = "pool"
			_, err := profiles.MeasureVariants(t.Context(), broken, network, supernet.Weights,
				givenVariants(profiles.VariantSettings{Clock: d.machine}))
			if broken.open != 0 {
				t.Errorf("%d left open", broken.open)
			}
			return err
		},
		"context canceled": func() error {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := profiles.MeasureVariants(ctx, d, network, supernet.Weights,
				givenVariants(profiles.VariantSettings{Clock: d.machine}))
			return err
		},
	} {
		err := f()
		head, tail, _ := strings.Cut(want, ".*")
		if err == nil || !strings.Contains(err.Error(), head) || !strings.Contains(err.Error(),
			tail) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestSparseProfile: a profile of a space has its blocks with zeros if asked to, else not, and is
// calibrated on dense networks.
func TestSparseProfile(t *testing.T) {
	space := tiny(t)
	profile := func(sparse supernet.Structure) *profiles.Profile {
		d := newDevice()
		p, err := profiles.New(t.Context(), space, d,
			givenProfile(profiles.ProfileSettings{Resolutions: space.Resolutions[:1], Networks: 3,
				Sparse: sparse, Clock: d.machine}))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	dense, sparse := profile(""), profile(supernet.Vectors8)
	zeros := map[int]int{}
	for _, b := range sparse.Blocks {
		zeros[b.Block.Zeros]++
		within(t, b.Name, b.Timing, timeOf([]supernet.Block{b.Block}))
		if b.Block.Zeros > 0 && b.Block.Run != 8 {
			t.Errorf("%s has runs of %d", b.Name, b.Block.Run)
		}
	}
	if n := len(dense.Blocks); zeros[0] != n || zeros[50] == 0 || zeros[50] != zeros[80] ||
		zeros[80] != zeros[90] || zeros[90] != zeros[95] || zeros[50] >= n {
		t.Errorf("%d dense blocks, with zeros %v", n, zeros)
	}
	if sparse.Session.ReferenceName != dense.Session.ReferenceName {
		t.Errorf("the reference is %s, was %s", sparse.Session.ReferenceName,
			dense.Session.ReferenceName)
	}
	for _, bad := range []supernet.Structure{supernet.Channels, "rows"} {
		if _, err := profiles.New(t.Context(), space, newDevice(),
			givenProfile(profiles.ProfileSettings{Sparse: bad})); !errors.Is(err,
			profiles.ErrSettings) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
