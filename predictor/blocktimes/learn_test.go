package blocktimes

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
)

// invented are networks of a device where each stage departs from the price of its work.
func invented(s *supernet.Space, n int, noise float64) []Network {
	r := rand.New(rand.NewPCG(7, 0))
	all := make([]Network, n)
	for i := range all {
		a := s.Random(r)
		all[i] = Network{Resolution: int(a.Resolution), Blocks: s.Blocks(a), MS: 0.5}
		for _, b := range all[i].Blocks {
			all[i].MS += (0.01 + 1e-7*float64(b.MACs())) * (1 + 0.5*math.Sin(float64(b.Out.C)))
		}
		all[i].MS *= 1 + noise*r.NormFloat64()
	}
	return all
}

func (m *Model) networkMS(n Network) float64 {
	ms := m.InterceptMS()
	for _, b := range n.Blocks {
		ms += m.BlockMS(n.Resolution, b)
	}
	return ms
}

// TestHeldOutIsHonest: networks that were not fitted to are as far off as is said.
func TestHeldOutIsHonest(t *testing.T) {
	all := invented(tiny(t), 400, 0.01)
	for _, n := range []int{40, 120} {
		priced, corrected, err := Learn(all[:n], nil, regress.Defaults())
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range []*Learned{priced, corrected} {
			stated, truth := 0.0, 0.0
			for i, n := range all[:n] {
				stated += math.Abs(l.HeldOut[i]/n.MS-1) / float64(len(l.HeldOut))
			}
			for _, n := range all[200:] {
				truth += math.Abs(l.Model.networkMS(n)/n.MS-1) / 200
			}
			if math.Abs(stated/truth-1) > 0.4 {
				t.Errorf("%d networks: error %g, stated %g", n, truth, stated)
			}
		}
	}
}

// TestKnownTimesAreUsed: what is known of blocks explains what work does not.
func TestKnownTimesAreUsed(t *testing.T) {
	s, r := tiny(t), rand.New(rand.NewPCG(3, 0))
	times := map[string]float64{}
	known := func(_ int, b supernet.Block) float64 {
		if _, ok := times[b.Key()]; !ok {
			times[b.Key()] = r.Float64()
		}
		return times[b.Key()]
	}
	all := invented(s, 30, 0)
	for i, n := range all {
		all[i].MS = 1
		for _, b := range n.Blocks {
			all[i].MS += 2 * known(0, b)
		}
	}
	priced, _, err := Learn(all[:12], known, regress.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range all[12:] {
		if got := priced.Model.networkMS(n); !near(got, n.MS, 1e-6) {
			t.Errorf("%g ms, want %g", got, n.MS)
		}
	}
	unknown := func(int, supernet.Block) float64 { return math.NaN() }
	priced.Model.known = unknown
	if ms := priced.Model.BlockMS(96, all[0].Blocks[0]); !math.IsNaN(ms) {
		t.Errorf("a block that is not known takes %g ms", ms)
	}
}

// TestLearnRepeats: the same networks give the same bits.
func TestLearnRepeats(t *testing.T) {
	all := invented(tiny(t), 60, 0.02)
	_, a, err1 := Learn(all, nil, regress.Defaults())
	_, b, err2 := Learn(all, nil, regress.Defaults())
	if err1 != nil || err2 != nil || !slices.Equal(a.HeldOut, b.HeldOut) ||
		a.Model.networkMS(all[3]) != b.Model.networkMS(all[3]) {
		t.Errorf("other predictions (%v, %v)", err1, err2)
	}
}
