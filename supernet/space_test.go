package supernet_test

import (
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

func TestBuiltins(t *testing.T) {
	want := []string{"compofa", "compofa-elastic", "mbv3-cifar", "mbv3-tiny", "ofa-mbv3",
		"ofa-mbv3-w1.2", "ofa-proxyless"}
	if got := slices.Sorted(slices.Values(supernet.Builtins())); !slices.Equal(got, want) {
		t.Errorf("shipped spaces are %v, want %v", got, want)
	}
	for _, name := range supernet.Builtins() {
		if s := builtin(t, name); s.Name != name || s.Title == "" {
			t.Errorf("space %s is called %q and entitled %q", name, s.Name, s.Title)
		}
	}
}

// TestCount compares with the products that the papers give.
func TestCount(t *testing.T) {
	power := func(base, n int64) *big.Int {
		return new(big.Int).Exp(big.NewInt(base), big.NewInt(n),
			nil)
	}
	times := func(a *big.Int, b int64) *big.Int { return new(big.Int).Mul(a, big.NewInt(b)) }
	perStage := int64(9*9 + 9*9*9 + 9*9*9*9) // kernel and expand of 2 to 4 blocks
	for name, want := range map[string]*big.Int{
		"ofa-mbv3":      times(power(7371, 5), 25), // OFA: 2.18e19 a resolution
		"ofa-mbv3-w1.2": times(power(perStage, 5), 25),
		"ofa-proxyless": times(power(perStage, 5), 9*25), // and the last stage's single block
		"compofa":       big.NewInt(243 * 25),            // CompOFA: 3^5
		"mbv3-cifar":    power(9+27+81, 5),               // kernel 7 alone
		"mbv3-tiny":     times(power(6+36, 3), 3),
	} {
		if got := builtin(t, name).Count(); got.Cmp(want) != 0 {
			t.Errorf("%s has %s networks, want %s", name, got, want)
		}
	}
}

// TestCountByEnumeration decodes every combination of genes and counts the different archs, and the
// different networks.
func TestCountByEnumeration(t *testing.T) {
	for _, text := range []string{everything, bare} {
		s := parse(t, text)
		archs, networks := map[supernet.Arch]bool{}, map[[16]supernet.Block]bool{}
		eachArch(s, func(_ []uint16, a supernet.Arch) {
			if archs[a] {
				return
			}
			archs[a] = true
			var network [16]supernet.Block
			if blocks := s.Blocks(a); copy(network[:], blocks) < len(blocks) {
				t.Fatalf("%d blocks", len(blocks))
			}
			networks[network] = true
		})
		if want := s.Count(); want.Cmp(big.NewInt(int64(len(archs)))) != 0 ||
			len(networks) != len(archs) {
			t.Errorf("%s: counted %s, enumerated %d archs and %d networks", s.Name, want,
				len(archs), len(networks))
		}
	}
}

func TestMakeDivisible(t *testing.T) {
	for _, c := range []struct {
		v    float64
		want int
	}{
		{0, 8}, {1, 8}, {7.9, 8}, {8, 8}, {11.9, 16}, {12, 16}, {16, 16}, {19.2, 24}, {20, 24},
		{28.8, 32}, {44, 48}, {52, 56},
		{20.8, 24}, // 16 * 1.3
		{134.4, 136}, {1664, 1664},
		{9, 16}, // 8 would be less than 90 %
	} {
		if got := supernet.MakeDivisible(c.v, 8); got != c.want {
			t.Errorf("MakeDivisible(%g, 8) = %d, want %d", c.v, got, c.want)
		}
	}
	for v := 0.5; v < 300; v += 0.5 {
		n := supernet.MakeDivisible(v, 8)
		if n%8 != 0 || n < 8 || float64(n) < 0.9*v || float64(n) > v+8 {
			t.Errorf("MakeDivisible(%g, 8) = %d breaks the rule", v, n)
		}
	}
}

// TestSHA256: the hash is of the content; names and the order of choices are not part of it,
// everything else is.
func TestSHA256(t *testing.T) {
	want := parse(t, everything).SHA256()
	if len(want) != 64 {
		t.Errorf("hash %q is not 64 digits", want)
	}
	for _, same := range [][2]string{
		{"name: everything", "name: other\ntitle: A title"},
		{"resolutions: [16, 12]", "resolutions: [12, 16]"},
		{"kernel: [7, 3, 5]", "kernel: [3, 5, 7]"},
		{"relu6, se: true", "relu6, se: {}"}, {"act: relu, depth", "act: relu, se: false, depth"},
		{"relu6, se: true",
			"relu6, se: {ratio: 0.25, of: middle, divisor: 8, act: relu, gate: h_sigmoid}"},
		{"expand_by_depth: {1: 2, 2: 4, 3: 1}", "expand_by_depth: {3: 1, 2: 4, 1: 2}"},
		{"classes: 5", "channels: 3\nbn_eps: 0.00001\nwidth_multiplier: 1.0\nclasses: 5"},
	} {
		if parse(t, strings.Replace(everything, same[0], same[1], 1)).SHA256() != want {
			t.Errorf("%q changes the hash", same[1])
		}
	}
	seen := map[string]string{want: "nothing"}
	for _, other := range [][2]string{
		{"classes: 5", "classes: 6"}, {"classes: 5", "classes: 5\nchannels: 1"},
		{"[16, 12]", "[16]"}, {"kernel_transform: true", "bn_eps: 0.001"},
		{"kernel_transform: true", "kernel_transform: false"}, {"act: relu6", "act: relu"},
		{"{1: 2, 2: 4, 3: 1}", "{1: 2, 2: 4, 3: 2}"},
		{"classes: 5", "classes: 5\nwidth_multiplier: 2"}, {"dropout: 0.1", "dropout: 0.2"},
		{"features: 40", "features: 48"},
		{"stride: 2, act: h_swish", "stride: 1, act: h_swish"}, {"kernel: [5]", "kernel: [7]"},
		{"relu6, se: true", "relu6, se: false"}, {"act: relu6", "act: silu"},
		{"relu6, se: true", "relu6, se: {ratio: 0.5}"}, {"relu6, se: true", "relu6, se: {of: input}"},
		{"relu6, se: true", "relu6, se: {divisor: 4}"}, {"relu6, se: true", "relu6, se: {act: silu}"},
		{"relu6, se: true", "relu6, se: {gate: sigmoid}"},
	} {
		hash := parse(t, strings.Replace(everything, other[0], other[1], 1)).SHA256()
		if seen[hash] != "" {
			t.Errorf("%q has the hash of %q", other[1], seen[hash])
		}
		seen[hash] = other[1]
	}
}

// TestHashesStay: the hashes of shipped spaces, which runs, profiles and predictors of older
// versions name, are what they were.
func TestHashesStay(t *testing.T) {
	for name, want := range map[string]string{
		"mbv3-tiny":  "c83ac3dfffdb668dc825d597073e35c5aeb879608d44ce428820b79f3a2081fe",
		"mbv3-cifar": "7d0b1ac9a46a36dcc8dc51b8919749b0061d1413dce0e6269a12acb86eb8f639",
		"ofa-mbv3":   "21f5e3c7d9216cb3e68c5282879e1cced87682fa769c3a470250d9fb0d0c3ee2",
	} {
		if got := builtin(t, name).SHA256(); got != want {
			t.Errorf("%s: %s, was %s", name, got, want)
		}
	}
}

// TestFor: another dataset changes the first and the last layer and nothing else, and leaves the
// space as it was.
func TestFor(t *testing.T) {
	s := parse(t, everything)
	other := s.For(100, 1)
	if s.Classes != 5 || s.Channels != 3 || other.Classes != 100 || other.Channels != 1 {
		t.Fatalf("classes and channels: %d and %d, then %d and %d", s.Classes, s.Channels,
			other.Classes, other.Channels)
	}
	a := s.Max()
	was, is := s.Blocks(a), other.Blocks(a)
	is[0].In.C, is[len(is)-1].Out.C = 3, 5
	if !slices.Equal(was, is) {
		t.Errorf("blocks are\n%v\nwant\n%v", is, was)
	}
	if s.Count().Cmp(other.Count()) != 0 || s.SHA256() == other.SHA256() {
		t.Error("the other space should have as many networks and another hash")
	}
}
