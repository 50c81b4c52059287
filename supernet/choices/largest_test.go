package choices_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// TestLargestByBruteForce compares with the blocks of every network: what each has, the smallest of
// each resolution, and which are within a limit.
func TestLargestByBruteForce(t *testing.T) {
	for _, s := range []*supernet.Space{small(t), parse(t, widthSpace)} {
		all := everyArch(s)
		for _, seed := range []string{"a", "b", "c"} {
			cost := priced(seed)
			q, err := choices.NewLargest(s, s.Resolutions, cost)
			if err != nil {
				t.Fatal(err)
			}
			least := map[int]float64{}
			for _, a := range all {
				want := 0.0
				for _, b := range s.Blocks(a) {
					want = max(want, cost(b))
				}
				if got := q.Of(a); got != want {
					t.Fatalf("%g, by blocks %g", got, want)
				}
				r := int(a.Resolution)
				if known, ok := least[r]; !ok || want < known {
					least[r] = want
				}
			}
			for r, want := range least {
				a, got, ok := q.MinOf([]int{r})
				if !ok || got != want || q.Of(a) != want || int(a.Resolution) != r {
					t.Errorf("at %d the smallest is %g, by brute force %g", r, got, want)
				}
				region := choices.NewRegion(s, r)
				for _, limit := range []float64{want, math.Nextafter(want, 0)} {
					within := region.Within([]choices.Budget{{Cost: q.Over(r, limit), Limit: 0.5}})
					if within.Empty() != (limit < want) {
						t.Errorf("within %g, of at least %g: none is %v", limit, want,
							within.Empty())
					}
				}
			}
			if _, _, ok := q.MinOf([]int{7}); ok {
				t.Error("there is a network of no resolution")
			}
		}
	}
}

// TestMinOfResolutions is the smallest of those of each alone.
func TestMinOfResolutions(t *testing.T) {
	s := small(t)
	q := newAdditive(t, s, macs)
	copied := choices.NewSums(s, q.Affine)
	_, want := q.Min()
	if _, got, ok := copied.MinOf(s.Resolutions); !ok || got != want {
		t.Errorf("%g, of all together %g", got, want)
	}
	last := s.Resolutions[len(s.Resolutions)-1:]
	a, got, ok := copied.MinOf(last)
	if !ok || int(a.Resolution) != last[0] || got != q.Sum(a) || !(got > want) {
		t.Errorf("at %v: %g of %+v", last, got, a)
	}
}

// TestSomeResolutions: tables of some resolutions say there what all say, and nothing of others.
func TestSomeResolutions(t *testing.T) {
	for _, s := range []*supernet.Space{builtin(t, "mbv3-tiny"), builtin(t, "ofa-resnet50")} {
		some := []int{s.Resolutions[1], s.Resolutions[len(s.Resolutions)-1]}
		sums, err := choices.NewAdditiveAt(s, some,
			func(_ int, b supernet.Block) float64 { return macs(b) })
		if err != nil {
			t.Fatal(err)
		}
		largest, err := choices.NewLargest(s, some, macs)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(2, 0))
		for range 100 {
			a := s.Random(r)
			sum, most := math.NaN(), math.NaN()
			if slices.Contains(some, int(a.Resolution)) {
				sum, most = sumOf(s, a, macs), 0
				for _, b := range s.Blocks(a) {
					most = max(most, macs(b))
				}
			}
			if got := sums.Sum(a); got != sum && !(math.IsNaN(got) && math.IsNaN(sum)) {
				t.Errorf("at %d the sum is %g, by blocks %g", a.Resolution, got, sum)
			}
			if got := largest.Of(a); got != most && !(math.IsNaN(got) && math.IsNaN(most)) {
				t.Errorf("at %d the largest is %g, by blocks %g", a.Resolution, got, most)
			}
		}
		if _, _, ok := sums.MinOf(s.Resolutions[:1]); ok {
			t.Errorf("a smallest sum of %d, which there is no table for", s.Resolutions[0])
		}
		if _, _, ok := largest.MinOf(s.Resolutions[:1]); ok {
			t.Errorf("a smallest of %d, which there is no table for", s.Resolutions[0])
		}
	}
}
