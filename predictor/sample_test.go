package predictor

import (
	"math"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

func loadSpace(t *testing.T, name string) *supernet.Space {
	t.Helper()
	s, err := supernet.LoadSpace(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSampleArchsIsDistinctAndPrefixStable(t *testing.T) {
	for _, name := range []string{"mbv3-tiny", "ofa-mbv3", "compofa"} {
		space := loadSpace(t, name)
		all := SampleArchs(space, 200, 7)
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
			if !slices.Equal(SampleArchs(space, n, 7), all[:n]) {
				t.Errorf("%s: the first %d depend on how many are asked for", name, n)
			}
		}
		if slices.Equal(SampleArchs(space, 50, 8), all[:50]) {
			t.Errorf("%s: the seed does not matter", name)
		}
	}
}

// TestSampleArchsCoversTheMACRange counts how many tenths of the logarithmic MAC range of the largest resolution are visited, against
// uniform genes.
func TestSampleArchsCoversTheMACRange(t *testing.T) {
	space := loadSpace(t, "mbv3-cifar")
	macs := func(a supernet.Arch) float64 { return math.Log(float64(supernet.MACs(space.Blocks(a)))) }
	low, high := macs(space.Min()), macs(space.Max())
	var tenths [10]int
	const n = 100
	for _, a := range SampleArchs(space, n, 1) {
		tenths[min(int(10*(macs(a)-low)/(high-low)), 9)]++
	}
	for i, count := range tenths {
		if count < 3 {
			t.Errorf("only %d of %d archs are in tenth %d of the MAC range: %v", count, n, i, tenths)
		}
	}
}

func TestSampleArchsExhaustsASmallSpace(t *testing.T) {
	space := loadSpace(t, "compofa") // 243 networks at each resolution
	want := 243 * len(space.Resolutions)
	if got := len(SampleArchs(space, want+100, 1)); got < want*9/10 || got > want {
		t.Errorf("%d archs of a space of %d", got, want)
	}
}
