package predictor_test

import (
	"math"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/supernet"
)

// TestFixedOverhead: what a network takes whatever its blocks is found by a fit to networks alone
// and by a transfer.
func TestFixedOverhead(t *testing.T) {
	s := builtin(t, "ofa-mbv3")
	archs := randomArchs(s, 60, 4)
	slow := func(archs []supernet.Arch) (all []predictor.NetworkTime) {
		for _, n := range timed(s, archs, even, 0, 1) {
			all = append(all, predictor.NetworkTime{Arch: n.Arch, MS: n.MS + 5})
		}
		return all
	}
	old := fitLatency(t, s, blocksOf(s, even), nil)
	moved, err := transfer(slow(archs[:5]), old)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []*predictor.Latency{moved, fitLatency(t, s, nil, slow(archs[:20]))} {
		if e := wrong(t, l, slow(archs[20:])); e > 1e-6 || math.Abs(l.Intercept-5.1) > 0.01 {
			t.Errorf("error %g with an intercept of %g ms", e, l.Intercept)
		}
	}
}

// TestNetworksTellBlocks: blocks whose times nothing explains are learned all the same, the better
// the more networks there are; the smallest latency stays exact.
func TestNetworksTellBlocks(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	own := priced("odd")
	ms := func(b supernet.Block) float64 {
		return (0.01 + float64(b.MACs())*4e-7) * (0.5 + own(b))
	}
	archs := randomOf(s, 240, 6)
	unseen := networks(s, archs[200:], ms, 0)
	var errs []float64
	for _, n := range []int{12, 50, 200} {
		l := fitLatency(t, s, nil, networks(s, archs[:n], ms, 0.002))
		errs = append(errs, wrong(t, l, unseen))
		if n == 200 {
			if got := methods(l)[0]; got != predictor.MethodGroups {
				t.Errorf("method %s", got)
			}
			checkReloads(t, s, l, archs)
		}
	}
	if !slices.IsSortedFunc(errs, func(a, b float64) int { return int(math.Copysign(1, b-a)) }) ||
		errs[2] > 0.006 || errs[2] > 0.3*errs[0] {
		t.Errorf("errors %v", errs)
	}
}
