package choices_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// TestRegionsSplitIntoParts: the parts of a region hold its networks, each once, down to regions
// of one network.
func TestRegionsSplitIntoParts(t *testing.T) {
	checkSplits(t, parse(t, regionSpace))
	checkSplits(t, parse(t, widthSpace))
}

func checkSplits(t *testing.T, space *supernet.Space) {
	t.Helper()
	archs := everyArch(space)
	singles := map[supernet.Arch]int{}
	var walk func(r *choices.Region)
	walk = func(r *choices.Region) {
		parts := r.Split()
		only, single := r.Only()
		if single != (len(parts) == 0) {
			t.Fatalf("a region of one network (%v) has %d parts", single, len(parts))
		}
		for _, a := range archs {
			holders := 0
			for _, p := range parts {
				if p.Contains(a) {
					holders++
				}
			}
			in := r.Contains(a)
			if single && in != (a == only) || !single && in != (holders == 1) || holders > 1 {
				t.Fatalf("%v: in the region %v, in %d parts", a, in, holders)
			}
		}
		if single {
			singles[only]++
		}
		for _, p := range parts {
			walk(p)
		}
	}
	for _, resolution := range space.Resolutions {
		walk(choices.NewRegion(space, resolution))
	}
	for _, a := range archs {
		if singles[a] != 1 {
			t.Errorf("%v is the only network of %d regions", a, singles[a])
		}
	}
}

// TestLargestValueOfRegions compares with all networks of a region, under no, one and two budgets:
// exact without, never too small with.
func TestLargestValueOfRegions(t *testing.T) {
	checkLargest(t, parse(t, regionSpace))
	checkLargest(t, parse(t, widthSpace))
}

func checkLargest(t *testing.T, space *supernet.Space) {
	t.Helper()
	macs, params := newAdditive(t, space, macs), newAdditive(t, space, params)
	archs := everyArch(space)
	r := rand.New(rand.NewPCG(6, 6))
	for range 300 {
		px := space.Resolutions[r.IntN(2)]
		region := choices.NewRegion(space, px)
		for range r.IntN(4) {
			if parts := region.Split(); len(parts) > 0 {
				region = parts[r.IntN(len(parts))]
			}
		}
		value := newAdditive(t, space, func(supernet.Block) float64 { return r.Float64() })
		f := value.Affine(px)
		some := archs[r.IntN(len(archs))]
		budgets := []choices.Budget{
			{Cost: macs.Affine(px), Limit: macs.Sum(some)},
			{Cost: params.Affine(px), Limit: params.Sum(some)},
		}[:r.IntN(3)]
		best, free := math.Inf(-1), math.Inf(-1)
		for _, a := range archs {
			if !region.Contains(a) {
				continue
			}
			free = max(free, value.Sum(a))
			if (len(budgets) < 1 || macs.Sum(a) <= budgets[0].Limit) &&
				(len(budgets) < 2 || params.Sum(a) <= budgets[1].Limit) {
				best = max(best, value.Sum(a))
			}
		}
		within := region.Within(budgets)
		if within.Empty() {
			if !math.IsInf(best, -1) {
				t.Fatalf("a region of networks within the budgets is called empty")
			}
			continue
		}
		switch got := within.Max(&f); {
		case got < best-1e-9, got > free+1e-9, len(budgets) == 0 && math.Abs(got-best) > 1e-9:
			t.Fatalf("largest value %v, want from %v to %v", got, best, free)
		}
	}
}

// TestUnknownResolution: at a resolution that the space does not have there is no network, no
// cost and no bound.
func TestUnknownResolution(t *testing.T) {
	space := parse(t, regionSpace)
	const none = 17
	region := choices.NewRegion(space, none)
	if _, ok := region.Only(); ok || region.Contains(space.Min()) {
		t.Error("a region of no resolution holds a network")
	}
	cost := newAdditive(t, space, macs).Affine(none)
	if !math.IsNaN(cost.Constant) {
		t.Errorf("networks of no resolution cost %v", cost.Constant)
	}
	if !region.Within([]choices.Budget{{Cost: cost, Limit: math.MaxFloat64}}).Empty() {
		t.Error("networks of no resolution are within a budget")
	}
}
