package choices_test

import (
	"math"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

func TestSampleIsDistinctAndPrefixStable(t *testing.T) {
	for _, name := range []string{"mbv3-tiny", "ofa-mbv3", "compofa"} {
		space := builtin(t, name)
		all := choices.Sample(space, 200, 7)
		if len(all) != 200 || all[0] != space.Max() || all[1] != space.Min() {
			t.Fatalf("%s: %d archs beginning with %v", name, len(all), all[:2])
		}
		seen := map[supernet.Arch]bool{}
		for _, a := range all {
			if err := space.Check(a); err != nil || seen[a] {
				t.Fatalf("%s: arch %v is repeated or wrong: %v", name, a, err)
			}
			seen[a] = true
		}
		for _, n := range []int{0, 1, 2, 3, 50} {
			if !slices.Equal(choices.Sample(space, n, 7), all[:n]) {
				t.Errorf("%s: the first %d depend on how many are asked for", name, n)
			}
		}
		if slices.Equal(choices.Sample(space, 50, 8), all[:50]) {
			t.Errorf("%s: the seed does not matter", name)
		}
	}
}

// TestSampleCoversTheMACRange counts how many tenths of the logarithmic MAC range of the largest
// resolution are visited, against uniform genes.
func TestSampleCoversTheMACRange(t *testing.T) {
	space := builtin(t, "mbv3-cifar")
	macs := func(a supernet.Arch) float64 {
		return math.Log(
			float64(supernet.MACs(space.Blocks(a))))
	}
	low, high := macs(space.Min()), macs(space.Max())
	var tenths [10]int
	const n = 100
	for _, a := range choices.Sample(space, n, 1) {
		tenths[min(int(10*(macs(a)-low)/(high-low)), 9)]++
	}
	for i, count := range tenths {
		if count < 3 {
			t.Errorf("only %d of %d archs are in tenth %d of the MAC range: %v", count, n, i,
				tenths)
		}
	}
}

func TestSampleExhaustsASmallSpace(t *testing.T) {
	space := builtin(t, "compofa") // 243 networks at each resolution
	want := 243 * len(space.Resolutions)
	if got := len(choices.Sample(space, want+100, 1)); got < want*9/10 || got > want {
		t.Errorf("%d archs of a space of %d", got, want)
	}
}
