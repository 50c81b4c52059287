package design_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/design"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/supernet"
)

// smallSpace has 2 * (4 + 16) = 40 networks.
const smallSpace = `
tailor: space/1
name: small
classes: 10
resolutions: [8, 12]
stem: {width: 8, stride: 2, act: relu}
stages:
  - {width: 8, stride: 1, act: relu, depth: [1], kernel: [3], expand: [1]}
  - {width: 16, stride: 2, act: relu, depth: [1, 2], kernel: [3, 7], expand: [2, 3]}
head: {features: 32, act: relu}
`

func small(t testing.TB) *supernet.Space {
	t.Helper()
	s, err := supernet.ParseSpace("small.yaml", []byte(smallSpace))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func builtin(t testing.TB, name string) *supernet.Space {
	t.Helper()
	s, err := supernet.LoadSpace(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plain is what a block takes where only MACs count.
func plain(b supernet.Block) float64 { return 0.01 + float64(b.MACs())*1e-6 }

// large is the same where large kernels are slow.
func large(b supernet.Block) float64 {
	if b.Kernel > 3 {
		return 3 * plain(b)
	}
	return plain(b)
}

// known is a predictor with the times of all blocks at some resolutions.
func known(t testing.TB, s *supernet.Space, ms func(supernet.Block) float64,
	resolutions ...int) *predictor.Latency {
	t.Helper()
	var blocks []predictor.BlockTime
	for _, r := range resolutions {
		for _, b := range s.AllBlocks(r) {
			blocks = append(blocks, predictor.BlockTime{Block: b, MS: ms(b), Resolution: r})
		}
	}
	l, err := predictor.FitLatency(s, blocks, nil, regress.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func draw(t testing.TB, s *supernet.Space, n int, seed uint64,
	sources ...*predictor.Latency) *design.Design {
	t.Helper()
	d, err := design.Draw(s, sources, n, seed)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// networks are all of a space, by their genes.
func networks(s *supernet.Space) map[supernet.Arch]bool {
	all, genes := map[supernet.Arch]bool{}, s.Genes()
	g := make([]uint16, len(genes))
	for {
		all[s.Decode(g)] = true
		i := 0
		for ; i < len(g); i++ {
			if g[i]++; int(g[i]) < genes[i] {
				break
			}
			g[i] = 0
		}
		if i == len(g) {
			return all
		}
	}
}

func ms(t testing.TB, l *predictor.Latency, a supernet.Arch) float64 {
	t.Helper()
	v, err := l.Predict([]supernet.Arch{a})
	if err != nil {
		t.Fatal(err)
	}
	return v[0]
}

func TestDrawIsOfItsSeed(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	a, b := known(t, s, plain, 24, 28, 32), known(t, s, large, 24, 28, 32)
	all := draw(t, s, 20, 5, a, b).Archs
	if again := draw(t, s, 20, 5, a, b).Archs; len(all) != 20 || !slices.Equal(again, all) {
		t.Errorf("the same seed draws %v, then %v", all, again)
	}
	if slices.Equal(draw(t, s, 20, 6, a, b).Archs, all) {
		t.Error("the seed does not matter")
	}
	for _, n := range []int{0, 1, 7} {
		if !slices.Equal(draw(t, s, n, 5, a, b).Archs, all[:n]) {
			t.Errorf("the first %d depend on how many are asked for", n)
		}
	}
	seen := map[supernet.Arch]bool{}
	for _, a := range all {
		if err := s.Check(a); err != nil || seen[a] {
			t.Errorf("arch %v comes again or is wrong: %v", a, err)
		}
		seen[a] = true
	}
}

// TestDrawTellsSourcesApart: two sources agree about everything but large kernels, so that the
// network that they disagree about most, and one that they agree about, come first.
func TestDrawTellsSourcesApart(t *testing.T) {
	s := small(t)
	a, b := known(t, s, plain, 8, 12), known(t, s, large, 8, 12)
	apart := func(n supernet.Arch) float64 { return math.Log(ms(t, b, n) / ms(t, a, n)) }
	most := 0.0
	for n := range networks(s) {
		most = max(most, apart(n))
	}
	for seed := range uint64(5) {
		low, high := math.Inf(1), 0.0
		for _, n := range draw(t, s, 4, seed, a, b).Archs {
			low, high = min(low, apart(n)), max(high, apart(n))
		}
		if low > 1e-9 || high < most-1e-9 {
			t.Errorf("seed %d: they disagree by %g to %g, of 0 to %g", seed, low, high, most)
		}
	}
}

// TestDrawCoversTheLatencies: a line needs both ends, also with a source alone.
func TestDrawCoversTheLatencies(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	a, b := known(t, s, plain, 24, 28, 32), known(t, s, large, 24, 28, 32)
	for _, sources := range [][]*predictor.Latency{{b}, {a, b}} {
		got := draw(t, s, 10, 1, sources...).Archs
		slowest, fastest := ms(t, b, got[0]), ms(t, b, got[1])
		if got[0] != s.Max() || got[1] != s.Min() {
			t.Errorf("first come %v of %g ms and %v of %g ms", got[0], slowest, got[1], fastest)
		}
		thirds := [3]int{}
		for _, n := range got {
			at := math.Log(ms(t, b, n)/fastest) / math.Log(slowest/fastest)
			thirds[min(int(3*at), 2)]++
		}
		if slices.Contains(thirds[:], 0) {
			t.Errorf("%d sources: networks by thirds of the range: %v", len(sources), thirds)
		}
	}
}

func TestDrawLeavesResolutionsOut(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	a, b := known(t, s, plain, 24, 32), known(t, s, large, 28, 32)
	d := draw(t, s, 12, 1, a, b)
	if !slices.Equal(d.LeftOut, []int{24, 28}) || len(d.Archs) != 12 {
		t.Errorf("%d networks, and left out is %v", len(d.Archs), d.LeftOut)
	}
	for _, n := range d.Archs {
		if n.Resolution != 32 {
			t.Errorf("a network of %d px", n.Resolution)
		}
	}
	if d := draw(t, s, 12, 1, a); !slices.Equal(d.LeftOut, []int{28}) {
		t.Errorf("of one source left out is %v", d.LeftOut)
	}
}

// TestDrawAllThereAre: a space with fewer networks gives each once.
func TestDrawAllThereAre(t *testing.T) {
	s := small(t)
	got := draw(t, s, design.MaxNetworks, 1, known(t, s, plain, 8, 12)).Archs
	if all := networks(s); len(got) != len(all) {
		t.Errorf("%d networks of %d", len(got), len(all))
	}
}

// TestDrawLeavesConstantsOut: a predictor by which all networks take the same changes nothing, and
// tells nothing alone, unless there is but one network.
func TestDrawLeavesConstantsOut(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	a, b := known(t, s, plain, 24, 28, 32), known(t, s, large, 24, 28, 32)
	constant := known(t, s, func(supernet.Block) float64 { return 1e-9 }, 24, 28, 32)
	constant.Intercept = 1000
	want := draw(t, s, 12, 1, a, b).Archs
	if got := draw(t, s, 12, 1, a, constant, b).Archs; !slices.Equal(got, want) {
		t.Errorf("beside a constant %v, expected %v", got, want)
	}
	_, err := design.Draw(s, []*predictor.Latency{constant}, 12, 1)
	if !errors.Is(err, design.ErrConstant) {
		t.Errorf("a constant alone: %v", err)
	}
	text := strings.NewReplacer("[8, 12]", "[8]", "[1, 2]", "[1]", "[3, 7]", "[3]", "[2, 3]",
		"[2]").Replace(smallSpace)
	one, err := supernet.ParseSpace("one.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if got := draw(t, one, 5, 1, known(t, one, plain, 8)).Archs; len(got) != 1 {
		t.Errorf("%d networks of a space of one", len(got))
	}
}

func TestDrawRefuses(t *testing.T) {
	s := builtin(t, "mbv3-tiny")
	a, b := known(t, s, plain, 24), known(t, s, plain, 28)
	_, err := design.Draw(s, []*predictor.Latency{a, b}, 5, 1)
	if !errors.Is(err, design.ErrNoResolution) {
		t.Errorf("without a resolution in common: %v", err)
	}
	for _, sources := range [][]*predictor.Latency{nil, {nil}} {
		if _, err := design.Draw(s, sources, 5, 1); !errors.Is(err, design.ErrNoSource) {
			t.Errorf("without a source: %v", err)
		}
	}
	_, err = design.Draw(s, []*predictor.Latency{known(t, small(t), plain, 8)}, 5, 1)
	if err == nil || !strings.Contains(err.Error(), "small") {
		t.Errorf("of another space: %v", err)
	}
	if _, err := design.Draw(nil, []*predictor.Latency{a}, 5, 1); err == nil {
		t.Error("no space is drawn from")
	}
	if _, err := design.Draw(s, []*predictor.Latency{a}, design.MaxNetworks+1, 1); err == nil {
		t.Error("more networks than can be chosen")
	}
	if d := draw(t, s, -1, 1, a); len(d.Archs) != 0 {
		t.Errorf("%d networks of -1", len(d.Archs))
	}
}
