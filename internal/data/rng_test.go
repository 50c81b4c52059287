package data

import (
	"math"
	"slices"
	"testing"
)

// TestMix compares with the first outputs of SplitMix64 seeded with 0, as published with its
// reference code: each output is the finaliser of the state, which grows by the golden gamma.
func TestMix(t *testing.T) {
	const gamma = 0x9e3779b97f4a7c15
	for i, want := range []uint64{0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4, 0x06c45d188009454f} {
		if got := mix(uint64(i) * gamma); got != want {
			t.Errorf("output %d is %#x, want %#x", i, got, want)
		}
	}
}

// TestStreamsDiffer draws once from streams with neighbouring arguments.
func TestStreamsDiffer(t *testing.T) {
	seen := map[uint64][4]uint64{}
	for seed := range uint64(6) {
		for purpose := range uint64(6) {
			for a := range uint64(6) {
				for b := range uint64(6) {
					s := newStream(seed, purpose, a, b)
					v := s.pcg.Uint64()
					if other, dup := seen[v]; dup {
						t.Fatalf("streams %v and %v begin alike", other, [4]uint64{seed, purpose, a,
							b})
					}
					seen[v] = [4]uint64{seed, purpose, a, b}
				}
			}
		}
	}
}

// TestPermute counts where each element lands over many permutations of five: chi-square with 16
// degrees of freedom, whose 99.9 % point is 39.3.
func TestPermute(t *testing.T) {
	const n, runs = 5, 20_000
	var counts [n][n]float64
	order := make([]int32, n)
	for r := range uint64(runs) {
		s := newStream(1, forShuffle, r, 0)
		s.permute(order)
		for i, v := range order {
			counts[i][v]++
		}
	}
	chi, expected := 0.0, float64(runs)/n
	for i := range n {
		for j := range n {
			chi += math.Pow(counts[i][j]-expected, 2) / expected
		}
	}
	if chi > 39.3 {
		t.Errorf("chi-square %v over %v", chi, counts)
	}
	slices.Sort(order)
	if !slices.Equal(order, []int32{0, 1, 2, 3, 4}) {
		t.Errorf("%v is no permutation", order)
	}
}

func TestBelowAndUnit(t *testing.T) {
	s := newStream(3, 0, 0, 0)
	var seen [7]int
	for range 7000 {
		seen[s.below(7)]++
		if u := s.unit(); u < 0 || u >= 1 {
			t.Fatalf("unit gave %v", u)
		}
	}
	for v, n := range seen {
		if n < 880 || n > 1120 { // four standard deviations
			t.Errorf("below(7) gave %d %d times in 7000", v, n)
		}
	}
	if s.below(1) != 0 {
		t.Error("below(1) is not 0")
	}
}
