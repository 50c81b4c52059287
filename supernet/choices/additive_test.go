package choices_test

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

func macs(b supernet.Block) float64   { return float64(b.MACs()) }
func params(b supernet.Block) float64 { return float64(b.Params()) }

// priced gives every block a price of its own, whatever its size, from 0.1 to 1.1.
func priced(seed string) func(supernet.Block) float64 {
	return func(b supernet.Block) float64 {
		h := fnv.New64a()
		h.Write([]byte(seed + b.Key()))
		return 0.1 + float64(h.Sum64()%1000)/1000
	}
}

func sumOf(s *supernet.Space, a supernet.Arch, cost func(supernet.Block) float64) (sum float64) {
	for _, b := range s.Blocks(a) {
		sum += cost(b)
	}
	return sum
}

func newAdditive(t testing.TB, s *supernet.Space,
	cost func(supernet.Block) float64) *choices.Additive {
	t.Helper()
	q, err := choices.NewAdditive(s, cost)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestAdditiveIsTheSumOverBlocks(t *testing.T) {
	for _, name := range supernet.Builtins() {
		s := builtin(t, name)
		m, p := newAdditive(t, s, macs), newAdditive(t, s, params)
		r := rand.New(rand.NewPCG(1, 0))
		for i := range 200 {
			a := s.Random(r)
			if i == 0 {
				a = s.Max()
			}
			blocks := s.Blocks(a)
			if got, want := m.Sum(a), float64(supernet.MACs(blocks)); got != want {
				t.Fatalf("%s: %g MACs, want %g, of %+v", name, got, want, s.Spec(a))
			}
			if got, want := p.Sum(a), float64(supernet.Params(blocks)); got != want {
				t.Fatalf("%s: %g parameters, want %g, of %+v", name, got, want, s.Spec(a))
			}
		}
		if _, got := m.Min(); got != m.Sum(s.Min()) {
			t.Errorf("%s: fewest MACs %g, of the smallest network %g", name, got, m.Sum(s.Min()))
		}
	}
}

func TestAdditiveMinByBruteForce(t *testing.T) {
	checkMin(t, small(t), 80)
	checkMin(t, parse(t, widthSpace), 384)
}

func checkMin(t *testing.T, s *supernet.Space, networks int) {
	t.Helper()
	all := everyArch(s)
	if len(all) != networks {
		t.Fatalf("%d networks, expected %d", len(all), networks)
	}
	for _, seed := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		cost := priced(seed)
		q := newAdditive(t, s, cost)
		want := math.Inf(1)
		for _, a := range all {
			sum := sumOf(s, a, cost)
			if got := q.Sum(a); math.Abs(got-sum) > 1e-12 {
				t.Fatalf("sum %g, by blocks %g", got, sum)
			}
			want = min(want, sum)
		}
		arch, got := q.Min()
		if math.Abs(got-want) > 1e-12 || math.Abs(sumOf(s, arch, cost)-want) > 1e-12 ||
			s.Check(arch) != nil {
			t.Errorf("smallest sum %g of %+v, by brute force %g", got, arch, want)
		}
	}
}

func TestAdditiveOfUnknownBlocks(t *testing.T) {
	checkUnknown(t, small(t))
	checkUnknown(t, parse(t, widthSpace))
}

func checkUnknown(t *testing.T, s *supernet.Space) {
	t.Helper()
	price := priced("x")
	cost := func(b supernet.Block) float64 { // what a device with few measurements knows
		if b.Kind == supernet.MBConv && b.Kernel == 3 && b.Stride == 2 || b.Kind == supernet.Conv &&
			b.In.H == 12 || b.Kind == supernet.Bottleneck && b.In.C == b.Out.C {
			return math.NaN()
		}
		return price(b)
	}
	q := newAdditive(t, s, cost)
	want := math.Inf(1)
	for _, a := range everyArch(s) {
		sum := sumOf(s, a, cost)
		if got := q.Sum(a); math.IsNaN(got) != math.IsNaN(sum) {
			t.Fatalf("sum %g, by blocks %g", got, sum)
		}
		if !math.IsNaN(sum) {
			want = min(want, sum)
		}
	}
	arch, got := q.Min()
	if math.Abs(got-want) > 1e-12 || math.Abs(q.Sum(arch)-want) > 1e-12 {
		t.Errorf("smallest known sum %g of %+v, by brute force %g", got, arch, want)
	}
}

func TestAdditiveRefuses(t *testing.T) {
	s := small(t)
	for want, cost := range map[string]float64{"costs -1": -1, "costs +Inf": math.Inf(1),
		"no network": math.NaN()} {
		if _, err := choices.NewAdditive(s,
			func(supernet.Block) float64 { return cost }); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("cost %g: %v", cost, err)
		}
	}
}

// An arch has a sum if and only if the space has the arch.
func TestSumKnowsTheArchsOfTheSpace(t *testing.T) {
	for _, s := range []*supernet.Space{small(t), builtin(t, "compofa-elastic"),
		builtin(t, "mbv3-tiny"), parse(t, widthSpace)} {
		q := newAdditive(t, s, macs)
		r := rand.New(rand.NewPCG(2, 0))
		for range 3000 {
			a := s.Random(r)
			switch i := r.IntN(supernet.MaxBlocks); r.IntN(5) {
			case 0:
				a.Resolution = uint16(r.IntN(40))
			case 1:
				a.Depth[i%supernet.MaxStages] = uint8(r.IntN(5))
			case 2:
				a.Kernel[i] = uint8(2*r.IntN(4)) + 1
			case 3:
				a.Expand[i] = float32(r.IntN(8))
			case 4:
				a.Width[i%supernet.MaxWidths] = uint8(r.IntN(4))
			}
			if err := s.Check(a); math.IsNaN(q.Sum(a)) == (err == nil) {
				t.Fatalf("%s: sum %g, check says %v", s.Name, q.Sum(a), err)
			}
		}
	}
}

func TestSumDoesNotAllocate(t *testing.T) {
	s := builtin(t, "ofa-mbv3")
	q, a := newAdditive(t, s, macs), s.Max()
	if allocs := testing.AllocsPerRun(10, func() { q.Sum(a) }); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func BenchmarkAdditiveSum(b *testing.B) {
	s := builtin(b, "ofa-mbv3")
	q, a := newAdditive(b, s, macs), s.Random(rand.New(rand.NewPCG(1, 0)))
	for b.Loop() {
		q.Sum(a)
	}
}
