package predictor_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/supernet"
)

func randomOf(s *supernet.Space, n int, seed uint64) []supernet.Arch {
	r := rand.New(rand.NewPCG(seed, 3))
	archs := make([]supernet.Arch, n)
	for i := range archs {
		archs[i] = s.Random(r)
	}
	return archs
}

// TestTransferPicksTheSource: of several old devices the one that is like the new one is used,
// whichever place it has, and one that is like none does no harm.
func TestTransferPicksTheSource(t *testing.T) {
	s := builtin(t, "ofa-mbv3")
	r := rand.New(rand.NewPCG(1, 1))
	noise := func(supernet.Block) float64 { return math.Exp(2 * r.NormFloat64()) }
	like := fitLatency(t, s, blocksOf(s, uneven), nil)
	stranger := fitLatency(t, s, blocksOf(s, noise), nil)
	archs := randomArchs(s, 50, 8)
	unseen := timed(s, archs[20:], uneven, 0, 2)
	for _, n := range []int{4, 12} {
		few := timed(s, archs[:n], uneven, 0.01, 3)
		for at, olds := range [][]*predictor.Latency{{like, stranger}, {stranger, like}} {
			l, err := transfer(few, olds...)
			if err != nil {
				t.Fatal(err)
			}
			if e := wrong(t, l, unseen); e > 0.03 {
				t.Errorf("%d networks: error %g by %v", n, e, methods(l))
			}
			taken := l.Candidates[0]
			if taken.Method != predictor.MethodMix && taken.Source != at+1 {
				t.Errorf("%d networks: taken is source %d, expected %d", n, taken.Source, at+1)
			}
		}
	}
}

// TestTransferIsNotWorseThanNone by the error that both state.
func TestTransferIsNotWorseThanNone(t *testing.T) {
	s := builtin(t, "ofa-mbv3")
	r := rand.New(rand.NewPCG(2, 1))
	old := fitLatency(t, s, blocksOf(s, func(b supernet.Block) float64 {
		return even(b) * math.Exp(0.5*r.NormFloat64())
	}), nil)
	for seed := range uint64(4) {
		few := timed(s, randomArchs(s, 12, seed), uneven, 0.01, seed)
		with, err := transfer(few, old)
		if err != nil {
			t.Fatal(err)
		}
		if alone := fitLatency(t, s, nil, few); with.HeldOut.MAPE > alone.HeldOut.MAPE {
			t.Errorf("held-out error %g by %v, without %g", with.HeldOut.MAPE, methods(with),
				alone.HeldOut.MAPE)
		}
	}
}

// TestTransferKeepsResolutions that the old device knows and no network is of.
func TestTransferKeepsResolutions(t *testing.T) {
	s := builtin(t, "ofa-mbv3")
	old := fitLatency(t, s, blocksOf(s, even), nil) // of 160 and 224 pixels
	archs := randomArchs(s, 60, 5)
	var small, large []supernet.Arch
	for _, a := range archs {
		if a.Resolution == 160 {
			small = append(small, a)
		} else {
			large = append(large, a)
		}
	}
	for _, n := range []int{5, 20} {
		l, err := transfer(timed(s, small[:n], even, 0.001, 2), old)
		if err != nil {
			t.Fatal(err)
		}
		if e := wrong(t, l, timed(s, large, even, 0, 3)); e > 0.03 {
			t.Errorf("%d networks of 160 pixels, by %v: error %g at 224", n, methods(l), e)
		}
		checkReloads(t, s, l, archs)
	}
}

func TestTransferRefusesSources(t *testing.T) {
	s, tiny := builtin(t, "ofa-mbv3"), builtin(t, "mbv3-tiny")
	old := fitLatency(t, s, blocksOf(s, even), nil)
	few := timed(s, randomArchs(s, 5, 1), even, 0, 1)
	other := fitLatency(t, tiny, nil, networks(tiny, randomOf(tiny, 12, 1), even, 0))
	for want, olds := range map[string][]*predictor.Latency{
		"there is no latency predictor": nil,
		"no latency predictor":          {old, nil},
		"name those of one space":       {old, other},
	} {
		if _, err := transfer(few, olds...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestTransferFromWhatSaysNothing: an old device on which all networks take the same is left out.
func TestTransferFromWhatSaysNothing(t *testing.T) {
	s := builtin(t, "ofa-mbv3")
	same := timed(s, randomArchs(s, 20, 3), even, 0, 1)
	for i := range same {
		same[i].MS = 7
	}
	old := fitLatency(t, s, nil, same)
	few := timed(s, randomArchs(s, 12, 1), uneven, 0.01, 1)
	with, err := transfer(few, old)
	if err != nil {
		t.Fatal(err)
	}
	if alone := fitLatency(t, s, nil, few); with.HeldOut != alone.HeldOut {
		t.Errorf("error %v by %v, without it %v", with.HeldOut, methods(with), alone.HeldOut)
	}
	if _, err := transfer(few[:5], old); !errors.Is(err, predictor.ErrSamples) {
		t.Errorf("five networks and nothing else: %v", err)
	}
}

// TestTransferForgetsResolutions of a device on which large networks take little time: what it is
// wrong about where it can be told, it is not asked about elsewhere.
func TestTransferForgetsResolutions(t *testing.T) {
	s := builtin(t, "ofa-mbv3")
	inverse := timed(s, randomOf(s, 60, 3), even, 0, 1)
	slowest := 0.0
	for _, n := range inverse {
		slowest = max(slowest, n.MS)
	}
	for i, n := range inverse {
		inverse[i].MS = 1.5*slowest - n.MS
	}
	old := fitLatency(t, s, nil, inverse)
	var known, above []supernet.Arch
	for _, a := range randomOf(s, 80, 5) {
		if a.Resolution <= 192 {
			known = append(known, a)
		} else if a.Resolution == 224 {
			above = append(above, a)
		}
	}
	l, err := transfer(timed(s, known[:20], even, 0.01, 2), old)
	if err != nil {
		t.Fatal(err)
	}
	if ms, err := l.Predict(above); err == nil {
		t.Errorf("%g ms of networks of 224 pixels, by %v", ms[0], methods(l))
	}
	if e := wrong(t, l, timed(s, known[:20], even, 0, 3)); e > 0.05 {
		t.Errorf("error %g by %v", e, methods(l))
	}
}
