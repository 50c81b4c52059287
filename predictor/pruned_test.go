package predictor_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/supernet"
)

// skipping is a device that gains by zeros from half of them on, not in proportion, and by narrower
// blocks in steps of 16 channels.
func skipping(b supernet.Block) float64 {
	work := float64(b.MACs()) * 1e-6
	if b.HasExpand() {
		work *= float64((b.Mid+15)/16*16) / float64(b.Mid) // all of it is by middle channel
	}
	if z := float64(b.Zeros) / 100; z > 0.5 {
		work *= 0.2 + 1.6*(1-z)
	}
	return 0.02 + work
}

// levels are amounts of a structure to measure.
func levels(b supernet.Block, structure supernet.Structure) (all []int) {
	if !b.Prunable(structure) {
		return nil
	}
	if structure != supernet.Channels {
		return []int{50, 70, 80, 90, 95, 98}
	}
	mids := slices.DeleteFunc(b.Mids(), func(mid int) bool {
		return mid%16 != 0 &&
			mid+8 != b.In.C
	})
	for i := 5; i >= 0; i-- {
		all = append(all, b.Mid-mids[i*len(mids)/6])
	}
	return slices.Compact(all)
}

// variants of the blocks of a network, with their times, each key once.
func variants(t testing.TB, network []supernet.Block,
	structure supernet.Structure) (times []predictor.BlockTime) {
	seen := map[string]bool{}
	for _, b := range network {
		for _, amount := range append([]int{0}, levels(b, structure)...) {
			if v := remove(t, b, structure, amount); !seen[v.Key()] {
				seen[v.Key()] = true
				times = append(times, predictor.BlockTime{Block: v, MS: skipping(v)})
			}
		}
	}
	return times
}

// prune removes of each block an amount that pick says.
func prune(t testing.TB, network []supernet.Block, structure supernet.Structure,
	pick func(supernet.Block) int) []supernet.Block {
	pruned := slices.Clone(network)
	for i, b := range network {
		if b.Prunable(structure) {
			pruned[i] = remove(t, b, structure, pick(b))
		}
	}
	return pruned
}

// inNetwork is what a network takes on the device: 0.3 ms plus 0.8 times what its blocks take
// alone, those of 5x5 half as much again.
func inNetwork(network []supernet.Block) float64 {
	ms := 0.3
	for _, b := range network {
		if b.Kernel == 5 {
			ms += 0.4 * skipping(b)
		}
		ms += 0.8 * skipping(b)
	}
	return ms
}

func TestFitPruned(t *testing.T) {
	s := builtin(t, "ofa-mbv3")
	a := s.Max()
	for i := range 20 {
		a.Kernel[i] = []uint8{3, 5}[i%2]
	}
	network := s.Blocks(a)
	for _, structure := range []supernet.Structure{supernet.Weights, supernet.Vectors16,
		supernet.Channels} {
		r := rand.New(rand.NewPCG(2, 0))
		random := func(b supernet.Block) int { l := levels(b, structure); return l[r.IntN(len(l))] }
		var timed []predictor.PrunedTime
		for i := range 12 {
			pruned := network
			if i > 0 {
				pruned = prune(t, network, structure, random)
			}
			timed = append(timed, predictor.PrunedTime{Blocks: pruned,
				MS: inNetwork(pruned) * (1 + 0.002*r.NormFloat64())})
		}
		p, err := predictor.FitPruned(network, structure, variants(t, network, structure), timed)
		if err != nil {
			t.Fatal(err)
		}
		if p.HeldOut.Samples != 12 || p.HeldOut.MAPE > 0.01 || p.Interval.Coverage == 0 {
			t.Errorf("%s: held-out error %+v, %+v", structure, p.HeldOut, p.Interval)
		}
		// Amounts that were not measured, each block its own.
		anything := func(b supernet.Block) int {
			if structure != supernet.Channels {
				return 50 + r.IntN(49)
			}
			mids := b.Mids()
			return b.Mid - mids[r.IntN(len(mids))]
		}
		for range 20 {
			pruned := prune(t, network, structure, anything)
			got, err := p.Predict(pruned)
			if want := inNetwork(pruned); err != nil || math.Abs(got/want-1) > 0.01 {
				t.Errorf("%s: %g ms, want %g (%v)", structure, got, want, err)
			}
			sum := p.Intercept
			for i, b := range pruned {
				ms, err := p.BlockMS(i, b)
				if err != nil {
					t.Fatal(err)
				}
				sum += ms
			}
			if math.Abs(sum-got) > 1e-12 || !(got >= p.Min()) {
				t.Errorf("%s: blocks and intercept sum to %g, predicted %g, at least %g", structure,
					sum, got, p.Min())
			}
		}
	}
}

func TestFitPrunedOfFewNetworksIsTheSum(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	network := s.Blocks(s.Max())
	p, err := predictor.FitPruned(network, supernet.Weights, variants(t, network, supernet.Weights),
		nil)
	if err != nil {
		t.Fatal(err)
	}
	want := 0.0
	for _, b := range network {
		want += skipping(b)
	}
	if got, err := p.Predict(network); err != nil || math.Abs(got-want) > 1e-9 ||
		p.HeldOut.Samples != 0 {
		t.Errorf("%g ms, want %g (%v)", got, want, err)
	}
}

func TestPrunedRefuses(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	network := s.Blocks(s.Max())
	times := variants(t, network, supernet.Weights)
	fit := func(network []supernet.Block, structure supernet.Structure, times []predictor.BlockTime,
		timed ...predictor.PrunedTime) error {
		_, err := predictor.FitPruned(network, structure, times, timed)
		return err
	}
	var block *predictor.UnknownBlockError
	var unknown *predictor.UnknownVariantsError
	for name, ok := range map[string]bool{
		"no network":        fit(nil, supernet.Weights, times) != nil,
		"unknown structure": fit(network, "rows", times) != nil,
		"no times":          errors.As(fit(network, supernet.Weights, nil), &block),
		"no time of a pool": errors.As(fit(network, supernet.Weights,
			slices.DeleteFunc(slices.Clone(times),
				func(b predictor.BlockTime) bool { return b.Block.Kind == supernet.Pool })),
			&block) &&
			block.Block.Kind == supernet.Pool,
		"another structure": errors.As(fit(network, supernet.Vectors8, times), &unknown) &&
			unknown.Structure == supernet.Vectors8,
		"a negative latency": errors.Is(fit(network, supernet.Weights, times,
			predictor.PrunedTime{Blocks: network, MS: -1}), predictor.ErrSamples),
		"another network": errors.Is(fit(network, supernet.Weights, times,
			predictor.PrunedTime{Blocks: network[1:], MS: 1}), predictor.ErrSamples),
	} {
		if !ok {
			t.Errorf("%s: no error, or another", name)
		}
	}
	p, err := predictor.FitPruned(network, supernet.Weights, times, nil)
	if err != nil {
		t.Fatal(err)
	}
	zeroPool := slices.Clone(network)
	zeroPool[0].Kernel = 5
	for _, n := range [][]supernet.Block{nil, network[1:], zeroPool} {
		if _, err := p.Predict(n); err == nil {
			t.Errorf("predicted a network of %d blocks, want an error", len(n))
		}
	}
	for _, i := range []int{-1, len(network)} {
		if _, err := p.BlockMS(i, network[0]); err == nil {
			t.Errorf("block %d: no error", i)
		}
	}
}

// sparseInventory has the blocks of all networks of the small space, and those with zeros.
func sparseInventory(t testing.TB, s *supernet.Space,
	structure supernet.Structure) (times []predictor.BlockTime) {
	seen := map[string]bool{}
	for _, r := range s.Resolutions {
		for _, b := range variants(t, s.AllBlocks(r), structure) {
			if !seen[b.Block.Key()] {
				seen[b.Block.Key()] = true
				times = append(times, b)
			}
		}
	}
	return times
}

// TestLatencyKeepsZeros: a latency predictor that was fitted to a sparse profile predicts dense
// networks as one without, and pruned ones too, after a round trip.
func TestLatencyKeepsZeros(t *testing.T) {
	s := small(t)
	all := everyArch(s)
	timed := networks(s, all[:30:30], skipping, 0)
	sparse := fitLatency(t, s, sparseInventory(t, s, supernet.Vectors8), timed)
	dense := fitLatency(t, s, inventory(s, all, skipping), timed)
	path := filepath.Join(t.TempDir(), "latency.json")
	if err := sparse.Save(path); err != nil {
		t.Fatal(err)
	}
	sparse, err := predictor.LoadLatency(path, s)
	if err != nil {
		t.Fatal(err)
	}
	got, err1 := sparse.Predict(all)
	want, err2 := dense.Predict(all)
	if err := errors.Join(err1, err2); err != nil || !slices.Equal(got, want) ||
		len(sparse.BlocksMS) <= len(dense.BlocksMS) {
		t.Errorf("zeros change dense predictions (%v)", err)
	}
	for i, a := range all[:20] {
		network := s.Blocks(a)
		p, err := sparse.Pruned(network, supernet.Vectors8)
		if err != nil {
			t.Fatal(err)
		}
		if ms, err := p.Predict(network); err != nil || math.Abs(ms/want[i]-1) > 1e-9 ||
			p.HeldOut != sparse.HeldOut {
			t.Errorf("%g ms with nothing removed, want %g (%v)", ms, want[i], err)
		}
		pruned := prune(t, network, supernet.Vectors8, func(supernet.Block) int { return 90 })
		sum := 0.0
		for _, b := range pruned {
			sum += skipping(b)
		}
		if ms, err := p.Predict(pruned); err != nil || math.Abs(ms/(0.3+0.8*sum)-1) > 1e-9 {
			t.Errorf("%g ms with 90 %% zeros, want %g (%v)", ms, 0.3+0.8*sum, err)
		}
		var unknown *predictor.UnknownVariantsError
		if _, err := dense.Pruned(network, supernet.Vectors8); !errors.As(err, &unknown) {
			t.Errorf("from a dense profile: %v", err)
		}
		if _, err := sparse.Pruned(network, supernet.Weights); !errors.As(err, &unknown) {
			t.Errorf("from a profile of another structure: %v", err)
		}
	}
}

// TestTransferForgetsZeros: what one runtime gains by zeros is not said of another.
func TestTransferForgetsZeros(t *testing.T) {
	s := small(t)
	all := everyArch(s)
	old := fitLatency(t, s, sparseInventory(t, s, supernet.Weights),
		networks(s, all[:30:30], skipping, 0))
	l, err := transfer(networks(s, all[30:36], skipping, 0), old)
	if err != nil {
		t.Fatal(err)
	}
	var unknown *predictor.UnknownVariantsError
	if _, err := l.Pruned(s.Blocks(all[0]), supernet.Weights); !errors.As(err, &unknown) {
		t.Errorf("got %v", err)
	}
}
