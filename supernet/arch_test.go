package supernet_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

// TestEncodeDecode: decoding is the left inverse of encoding on canonical archs, and encoding
// zeroes exactly the genes that do not matter.
func TestEncodeDecode(t *testing.T) {
	eachSpace(t, func(t *testing.T, s *supernet.Space) {
		r := newRand(1)
		for range 300 {
			a := s.Random(r)
			if err := s.Check(a); err != nil {
				t.Fatalf("a random arch is not in its space: %v", err)
			}
			genes := s.Encode(a)
			if got := s.Decode(genes); got != a {
				t.Fatalf("%s comes back as %s", show(s, a), show(s, got))
			}
			if !slices.Equal(s.Encode(s.Decode(genes)), genes) {
				t.Fatalf("genes %v change in a round trip", genes)
			}
		}
	})
}

// TestGenesThatMatter: changing a gene gives another arch, unless its encoding is 0 because it does
// not matter.
func TestGenesThatMatter(t *testing.T) {
	s := parse(t, everything)
	choices, n := s.Genes(), 0
	eachArch(s, func(genes []uint16, a supernet.Arch) {
		if n++; n%37 != 0 { // a sample that meets all choices
			return
		}
		canonical := s.Encode(a)
		for i, choice := range choices {
			other := slices.Clone(genes)
			other[i] = (other[i] + 1) % uint16(choice)
			if choice > 1 && s.Decode(other) == a && canonical[i] != 0 {
				t.Fatalf("gene %d of %v does not matter, but is encoded as %d", i, genes,
					canonical[i])
			}
		}
	})
}

func TestMinMax(t *testing.T) {
	eachSpace(t, func(t *testing.T, s *supernet.Space) {
		low, high := s.Min(), s.Max()
		if int(high.Resolution) != s.MaxResolution() || int(low.Resolution) != s.Resolutions[0] {
			t.Errorf("resolutions %d to %d, want %d to %d", low.Resolution, high.Resolution,
				s.Resolutions[0], s.MaxResolution())
		}
		if strings.HasPrefix(s.Name, "everything") {
			return // neither its deepest nor its shallowest network is the widest
		}
		least, most := supernet.MACs(s.Blocks(low)), supernet.MACs(s.Blocks(high))
		r := newRand(2)
		for range 200 {
			a := s.Random(r)
			if n := supernet.MACs(s.Blocks(a)); n < least || n > most {
				t.Fatalf("%s has %d MACs, outside of %d to %d", show(s, a), n, least, most)
			}
		}
	})
}

// TestRandomIsUniform draws every gene of a small space many times.
func TestRandomIsUniform(t *testing.T) {
	s := parse(t, everything)
	r := newRand(3)
	const n = 6000
	resolutions, depths, kernels := map[uint16]int{}, map[uint8]int{}, map[uint8]int{}
	for range n {
		a := s.Random(r)
		resolutions[a.Resolution]++
		depths[a.Depth[1]]++
		kernels[a.Kernel[0]]++
	}
	check := func(what string, count, choices int) {
		// Four standard deviations of a binomial count.
		p := 1 / float64(choices)
		if d := float64(count) - n*p; d*d > 16*n*p*(1-p) {
			t.Errorf("%s was drawn %d times of %d, expected about 1 in %d", what, count, n, choices)
		}
	}
	check("resolution 12", resolutions[12], 2)
	for d := uint8(1); d <= 3; d++ {
		check("a depth", depths[d], 3)
		check("a kernel", kernels[2*d+1], 3)
	}
}

func TestRandomDependsOnTheSeedAlone(t *testing.T) {
	s := builtin(t, "ofa-mbv3")
	a, b, other := newRand(1), newRand(1), newRand(2)
	same := 0
	for range 100 {
		x := s.Random(a)
		if x != s.Random(b) {
			t.Fatal("one seed gives two sequences")
		}
		if x == s.Random(other) {
			same++
		}
	}
	if same > 0 {
		t.Errorf("two seeds agree on %d archs of 100", same)
	}
}

// TestCheck breaks canonical archs.
func TestCheck(t *testing.T) {
	s := parse(t, everything)
	good := s.Max()
	for name, c := range map[string]struct {
		change func(a *supernet.Arch)
		want   string
	}{
		"resolution": {func(a *supernet.Arch) { a.Resolution = 14 },
			"resolution 14 is not in space everything ([12 16])"},
		"depth": {func(a *supernet.Arch) { a.Depth[1] = 4 },
			"depth 4 of elastic stage 1 is not one of [1 2 3]"},
		"no depth": {func(a *supernet.Arch) { a.Depth[0] = 0 },
			"depth 0 of elastic stage 0"},
		"kernel": {func(a *supernet.Arch) { a.Kernel[1] = 9 },
			"kernel 9 of elastic block 1 is not one of [3 5 7]"},
		"expand": {func(a *supernet.Arch) { a.Expand[0] = 5 },
			"expand ratio 5 of elastic block 0 is not one of [1 2 3]"},
		"decided expand": {func(a *supernet.Arch) { a.Expand[2] = 1 },
			"genes that do not matter"},
		"inactive kernel": {func(a *supernet.Arch) { a.Depth[0], a.Expand[1] = 1, 0 },
			"genes that do not matter"},
		"beyond the space": {func(a *supernet.Arch) { a.Kernel[40] = 3 },
			"genes that do not matter"},
		"beyond stages": {func(a *supernet.Arch) { a.Depth[11] = 2 },
			"genes that do not matter"},
	} {
		a := good
		c.change(&a)
		err := s.Check(a)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want ...%s...", name, err, c.want)
		}
	}
	if err := s.Check(supernet.Arch{}); err == nil {
		t.Error("the zero arch is accepted")
	}
	if err := s.Check(good); err != nil {
		t.Error(err)
	}
}
