package predictor_test

import (
	"math/rand/v2"
	"testing"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
)

// repeated are networks that were each timed some times, with noise.
func repeated(times int, once []predictor.NetworkTime, noise float64) []predictor.NetworkTime {
	r := rand.New(rand.NewPCG(9, 9))
	var all []predictor.NetworkTime
	for range times {
		for _, n := range once {
			n.MS *= 1 + noise*r.NormFloat64()
			all = append(all, n)
		}
	}
	return all
}

// TestRepeatsAreOneNetwork: runs of one network are no evidence about others, and one disturbed run
// among several does no harm.
func TestRepeatsAreOneNetwork(t *testing.T) {
	s, ms := small(t), priced("device")
	all := everyArch(s)
	once := networks(s, all[:12:12], ms, 0)
	runs := repeated(4, once, 0)
	for _, n := range once {
		n.MS *= 100
		runs = append(runs, n)
	}
	for _, blocks := range [][]predictor.BlockTime{nil, inventory(s, all, ms)} {
		want, got := fitLatency(t, s, blocks, once), fitLatency(t, s, blocks, runs)
		if got.Networks != 12 || got.HeldOut != want.HeldOut || got.HeldOut.Samples != 12 ||
			got.Interval != want.Interval || got.Noise.Repeated != 12 ||
			want.Noise != (regress.Noise{}) {
			t.Errorf("%d networks, held-out error %+v, noise %+v; each once %+v", got.Networks,
				got.HeldOut, got.Noise, want.HeldOut)
		}
	}
	l := fitLatency(t, s, inventory(s, all, ms), repeated(15, once[:1], 0.05))
	if l.Networks != 1 || l.Calibrated || l.HeldOut.Samples != 0 || len(l.Candidates) != 0 {
		t.Errorf("one network fifteen times: %d networks, held-out error %+v", l.Networks,
			l.HeldOut)
	}
}

// TestNoiseTellsABadModel: where noise alone scrambles the ranks, the document says so.
func TestNoiseTellsABadModel(t *testing.T) {
	s, ms := small(t), priced("device")
	all := everyArch(s)
	for _, noise := range []float64{0.001, 0.2} {
		runs := repeated(3, networks(s, all[:40:40], ms, 0), noise)
		l := fitLatency(t, s, inventory(s, all, ms), runs)
		if n := l.Noise; n.Relative < 0.7*noise || n.Relative > 1.4*noise ||
			(n.KendallTau > 0.9) != (noise < 0.1) || l.HeldOut.MAPE < 0.6*n.MAPE {
			t.Errorf("noise of %g: %+v, held-out error %+v", noise, n, l.HeldOut)
		}
	}
}
