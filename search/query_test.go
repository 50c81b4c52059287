package search_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// smallSpace has 2 * (4+16) * (3+9) = 480 networks, and more than six times as many raw points.
const smallSpace = `
tailor: space/1
name: small
classes: 10
resolutions: [16, 24]
stem: {width: 8, stride: 2, act: h_swish}
stages:
  - {width: 8, stride: 2, act: relu, depth: [1, 2], kernel: [3, 5], expand: [2, 3]}
  - {width: 16, stride: 2, act: relu, se: true, depth: [1, 2], kernel: [3, 5, 7], expand: [4]}
head: {expand: 16, act: h_swish}
`

func parseSpace(t testing.TB, text string) *supernet.Space {
	t.Helper()
	s, err := supernet.ParseSpace("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func allArchs(space *supernet.Space) []supernet.Arch {
	var all []supernet.Arch
	seen := map[supernet.Arch]bool{}
	genes := space.Genes()
	g := make([]uint16, len(genes))
	for {
		if a := space.Decode(g); !seen[a] {
			seen[a], all = true, append(all, a)
		}
		i := 0
		for ; i < len(g) && int(g[i]) == genes[i]-1; i++ {
			g[i] = 0
		}
		if i == len(g) {
			return all
		}
		g[i]++
	}
}

// rugged is an invented accuracy: it rises with the MACs, and depends on pairs of genes.
type rugged struct {
	space *supernet.Space
	seed  uint64
	asked map[supernet.Arch]int
}

func newRugged(space *supernet.Space, seed uint64) *rugged {
	return &rugged{space, seed, map[supernet.Arch]int{}}
}

func (p *rugged) value(a supernet.Arch) float64 {
	v := 0.02 * math.Log(float64(supernet.MACs(p.space.Blocks(a))))
	g := p.space.Encode(a)
	for i := range g[1:] {
		r := rand.New(rand.NewPCG(p.seed, uint64(i)<<32|uint64(g[i])<<16|uint64(g[i+1])))
		v += 0.01 * r.Float64()
	}
	return v
}

func (p *rugged) Predict(archs []supernet.Arch) ([]float64, error) {
	var values []float64
	for _, a := range archs {
		p.asked[a]++
		values = append(values, p.value(a))
	}
	return values, nil
}

// ticking is a latency that is additive over blocks.
type ticking struct{ *choices.Additive }

func newTicking(t testing.TB, space *supernet.Space, seed uint64) ticking {
	t.Helper()
	known := map[string]float64{}
	r := rand.New(rand.NewPCG(seed, 9))
	a, err := choices.NewAdditive(space, func(b supernet.Block) float64 {
		if _, ok := known[b.Key()]; !ok {
			known[b.Key()] = float64(b.MACs())/1e5*(0.5+r.Float64()) + 0.01
		}
		return known[b.Key()]
	})
	if err != nil {
		t.Fatal(err)
	}
	return ticking{a}
}

func (l ticking) Predict(archs []supernet.Arch) ([]float64, error) {
	var ms []float64
	for _, a := range archs {
		ms = append(ms, l.Sum(a))
	}
	return ms, nil
}

func (l ticking) Min() (supernet.Arch, float64, error) {
	a, ms := l.Additive.Min()
	return a, ms, nil
}

// found is what the predictors say of a network, by itself.
func found(space *supernet.Space, p *rugged, l ticking, a supernet.Arch) search.Found {
	blocks := space.Blocks(a)
	return search.Found{Arch: a, Top1: p.value(a), LatencyMS: l.Sum(a), MACs: supernet.MACs(blocks),
		Params: supernet.Params(blocks), MemoryBytes: supernet.Memory(blocks),
		SizeBytes: manifest.SizeAtMost(blocks)}
}

// TestFindIsExactWhereItSaysSo compares with all networks, under all kinds of limits. An evaluation
// too few, and the answer may be the same, but is not called exact.
func TestFindIsExactWhereItSaysSo(t *testing.T) {
	space := parseSpace(t, smallSpace)
	archs := allArchs(space)
	if len(archs) != 480 {
		t.Fatalf("the space has %d networks", len(archs))
	}
	for seed := range uint64(20) {
		p, l := newRugged(space, seed), newTicking(t, space, seed)
		q := search.Query{Space: space, Accuracy: p, Latency: l}
		middle := found(space, p, l, archs[int(seed)*7])
		q.Limits = []search.Limits{{LatencyMS: middle.LatencyMS},
			{MACs: middle.MACs, Params: middle.Params}, {},
			{MemoryBytes: middle.MemoryBytes}, {SizeBytes: middle.SizeBytes}}[seed%5]
		if seed%4 == 0 {
			q.Resolutions = []int{24}
			q.Limits.LatencyMS *= 2
		}
		answer, err := search.Find(t.Context(), q, given(seed, 480))
		if errors.Is(err, optimize.ErrInfeasible) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		best := search.Found{Top1: math.Inf(-1)}
		for _, a := range archs {
			f := found(space, p, l, a)
			allowed := q.Resolutions == nil || slices.Contains(q.Resolutions, int(a.Resolution))
			if allowed && q.Limits.Hold(f.Costs()) && f.Top1 > best.Top1 {
				best = f
			}
		}
		if answer.Best[0] != best || !answer.Exact() {
			t.Errorf("seed %d: found %+v (%v), the best is %+v", seed, answer.Best[0],
				answer.Status, best)
		}
		if want := len(archs) / (1 + len(q.Resolutions)); answer.Evaluations != want {
			t.Errorf("seed %d: %d evaluations, want %d", seed, answer.Evaluations, want)
		}
		fewer, err := search.Find(t.Context(), q, given(seed, answer.Evaluations-1))
		if err != nil || fewer.Exact() || fewer.Evaluations >= answer.Evaluations {
			t.Errorf("seed %d: %v after %d of %d networks (%v)", seed, fewer.Status,
				fewer.Evaluations, answer.Evaluations, err)
		}
	}
}

// TestFrontAgainstDefinition compares with all networks: exactly where the run may look at all of
// them, else each point with what the predictors say of it, and with the others.
func TestFrontAgainstDefinition(t *testing.T) {
	space := parseSpace(t, smallSpace)
	archs := allArchs(space)
	for seed := range uint64(12) {
		p, l := newRugged(space, seed), newTicking(t, space, seed)
		cost := []search.Cost{search.Latency, search.MACs, search.Params, search.Memory,
			search.Size}[seed%5]
		q := search.Query{Space: space, Accuracy: p, Latency: l}
		if seed%2 == 1 {
			q.Limits.LatencyMS = found(space, p, l, archs[100]).LatencyMS
		}
		var all []search.Found
		for _, a := range archs {
			if f := found(space, p, l, a); q.Limits.Hold(f.Costs()) {
				all = append(all, f)
			}
		}
		for _, evaluations := range []int{480, 479, 200} {
			front, err := search.FindFront(t.Context(), q, cost, given(seed, evaluations))
			if err != nil {
				t.Fatal(err)
			}
			if front.Evaluations > evaluations ||
				(front.Status == optimize.Exhausted) != (evaluations == 480) {
				t.Errorf("seed %d: %v after %d of %d evaluations", seed, front.Status,
					front.Evaluations, evaluations)
			}
			for i, x := range front.Points {
				if x != found(space, p, l, x.Arch) || !q.Limits.Hold(x.Costs()) {
					t.Errorf("seed %d: %+v is not what the predictors say, or outside the limits",
						seed, x)
				}
				if i > 0 && !(x.Top1 > front.Points[i-1].Top1 &&
					cost.Of(x) > cost.Of(front.Points[i-1])) {
					t.Errorf("seed %d: point %d does not rise", seed, i)
				}
			}
			if evaluations < 480 {
				continue
			}
			for _, f := range all {
				if best, ok := front.Best(limitTo(cost, f)); !ok || best.Top1 < f.Top1 {
					t.Errorf("seed %d: %+v is better than the front's %+v", seed, f, best)
				}
			}
		}
	}
}

func limitTo(cost search.Cost, f search.Found) search.Limits {
	return cost.Limit(search.Limits{}, cost.Of(f))
}

// TestFrontAsksOnce: the searches behind a front share what they learn.
func TestFrontAsksOnce(t *testing.T) {
	space := parseSpace(t, smallSpace)
	p, l := newRugged(space, 1), newTicking(t, space, 1)
	if _, err := search.FindFront(t.Context(), search.Query{Space: space, Accuracy: p, Latency: l},
		search.Latency, given(0, 400)); err != nil {
		t.Fatal(err)
	}
	for a, n := range p.asked {
		if n != 1 && a.Depth != space.Min().Depth {
			t.Errorf("asked %d times about %v", n, a)
		}
	}
}

func TestFrontIsReproducible(t *testing.T) {
	space := parseSpace(t, smallSpace)
	run := func(seed uint64) *search.Front {
		q := search.Query{Space: space, Accuracy: newRugged(space, 1), Latency: newTicking(t, space,
			1)}
		front, err := search.FindFront(t.Context(), q, search.Latency, given(seed, 150))
		if err != nil {
			t.Fatal(err)
		}
		return front
	}
	a, b, c := run(1), run(1), run(2)
	if !slices.Equal(a.Points, b.Points) || a.Evaluations != b.Evaluations {
		t.Error("one seed gives two fronts")
	}
	if slices.Equal(a.Points, c.Points) {
		t.Error("two seeds give one front, at a third of the evaluations that the whole space takes")
	}
}

func TestFrontRefuses(t *testing.T) {
	space := parseSpace(t, smallSpace)
	p, l := newRugged(space, 1), newTicking(t, space, 1)
	q := search.Query{Space: space, Accuracy: p}
	if _, err := search.FindFront(t.Context(), q, search.Latency, optimize.Defaults()); err == nil {
		t.Error("a front of latency without a latency predictor")
	}
	_, fastest, _ := l.Min()
	q.Latency, q.Limits = l, search.Limits{LatencyMS: fastest * 0.99}
	var unreachable *search.UnreachableError
	if _, err := search.FindFront(t.Context(), q, search.MACs, optimize.Defaults()); !errors.As(err,
		&unreachable) || unreachable.Smallest != fastest {
		t.Errorf("below the fastest network: %v", err)
	}
	if len(p.asked) > len(space.Resolutions) {
		t.Errorf("looked at %d networks before finding that none can do", len(p.asked))
	}
}

// TestErrorsSayWhoSearched: what the optimiser refuses is told once as an error of the search.
func TestErrorsSayWhoSearched(t *testing.T) {
	space := parseSpace(t, smallSpace)
	q := search.Query{Space: space, Accuracy: newRugged(space, 1)}
	config := given(0, 400)
	config.Top = 0
	_, findErr := search.Find(t.Context(), q, config)
	_, byErr := search.FindBy(t.Context(), optimize.Random, q, config)
	_, frontErr := search.FindFront(t.Context(), q, search.MACs, config)
	for _, err := range []error{findErr, byErr, frontErr} {
		if err == nil || err.Error() != "search: Config.Top is 0; it must be 1 to 1073741824" {
			t.Errorf("got %v", err)
		}
	}
}

// TestFrontCancelled ends a run at several moments: what was found until then comes with the error.
func TestFrontCancelled(t *testing.T) {
	space := parseSpace(t, smallSpace)
	for _, after := range []int{1, 5, 12} {
		ctx, cancel := context.WithCancel(t.Context())
		calls := 0
		q := search.Query{Space: space, Accuracy: newRugged(space, 1), Latency: newTicking(t, space,
			1)}
		config := given(0, 400)
		config.Progress = func(optimize.Progress) {
			if calls++; calls == after {
				cancel()
			}
		}
		_, err := search.FindFront(ctx, q, search.Latency, config)
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled after %d batches: %v", after, err)
		}
	}
}

// TestProgressOfParts: a search that looks at parts of the resolutions first, or at some budgets,
// reports one rising count.
func TestProgressOfParts(t *testing.T) {
	space := parseSpace(t, mediumSpace)
	last := 0
	config := given(0, 12_000)
	config.Progress = func(p optimize.Progress) {
		if p.Evaluations < last || p.Budget != 12_000 {
			t.Errorf("%d of %d evaluations after %d", p.Evaluations, p.Budget, last)
		}
		last = p.Evaluations
	}
	q := search.Query{Space: space, Accuracy: newRugged(space, 1)}
	answer, err := search.Find(t.Context(), q, config)
	if err != nil || last != answer.Evaluations {
		t.Errorf("the last progress is at %d (%v)", last, err)
	}
	last = 0
	front, err := search.FindFront(t.Context(), q, search.MACs, config)
	if err != nil || last != front.Evaluations {
		t.Errorf("the last progress of a front is at %d (%v)", last, err)
	}
}

// TestSpread picks from fronts of all shapes.
func TestSpread(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for range 200 {
		f := search.Front{Cost: search.Latency}
		top1, ms := 0.5, 1.0
		for range 1 + r.IntN(40) {
			top1, ms = top1+math.Pow(r.Float64(), 4), ms+math.Pow(10*r.Float64(), 3)
			f.Points = append(f.Points, search.Found{Top1: top1, LatencyMS: ms})
		}
		n := 1 + r.IntN(45)
		picked := f.Spread(n)
		if len(picked) != min(n, len(f.Points)) {
			t.Fatalf("%d of %d points for %d", len(picked), len(f.Points), n)
		}
		at := -1
		for _, p := range picked {
			next := slices.Index(f.Points, p)
			if next <= at {
				t.Fatalf("points are not distinct, or not in order: %v", picked)
			}
			at = next
		}
		if at != len(f.Points)-1 || n > 1 && picked[0] != f.Points[0] {
			t.Fatalf("the ends are missing in %v of %v", picked, f.Points)
		}
	}
	even := search.Front{Cost: search.MACs}
	for i := range 101 {
		even.Points = append(even.Points, search.Found{Top1: float64(i),
			MACs: int64(math.Round(1e6 * math.Exp(float64(i)/10)))})
	}
	for i, p := range even.Spread(11) {
		if p.Top1 != float64(10*i) {
			t.Errorf("pick %d of an even front is point %v", i, p.Top1)
		}
	}
	if none := (&search.Front{}).Spread(3); len(none) != 0 {
		t.Errorf("picked %v of nothing", none)
	}
}

// partly knows nothing of the networks of one resolution.
type partly struct {
	search.CostPredictor
	unknown uint16
}

func (p partly) Predict(archs []supernet.Arch) ([]float64, error) {
	for _, a := range archs {
		if a.Resolution == p.unknown {
			return nil, errors.New("never timed")
		}
	}
	return p.CostPredictor.Predict(archs)
}

// TestUnknownResolutionsAreLeftOut: a table of some resolutions is searched in those, and one of
// none is an error.
func TestUnknownResolutionsAreLeftOut(t *testing.T) {
	space := parseSpace(t, smallSpace)
	q := search.Query{Space: space, Accuracy: newRugged(space, 1),
		Latency: partly{newTicking(t, space, 1), 16}}
	answer, err := search.Find(t.Context(), q, optimize.Defaults())
	if err != nil || answer.Evaluations != 240 || !answer.Exact() ||
		answer.Best[0].Arch.Resolution != 24 {
		t.Errorf("%+v (%v), want the best of the 240 networks at 24", answer, err)
	}
	q.Resolutions = []int{16}
	if _, err := search.Find(t.Context(), q, optimize.Defaults()); err == nil ||
		err.Error() != "never timed" {
		t.Errorf("no resolution is known: %v, want the predictor's own words", err)
	}
	q.Resolutions = []int{17}
	if _, err := search.Find(t.Context(), q, optimize.Defaults()); err == nil {
		t.Error("a resolution that the space has not")
	}
}

// TestRemember asks each network once, and gives what was asked for in its order.
func TestRemember(t *testing.T) {
	space := parseSpace(t, smallSpace)
	p := newRugged(space, 1)
	m := search.Remember(p)
	r := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		var archs []supernet.Arch
		for range 50 {
			if a := space.Random(r); !slices.Contains(archs, a) {
				archs = append(archs, a)
			}
		}
		values, err := m.Predict(archs)
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range archs {
			if values[i] != p.value(a) {
				t.Fatalf("%v instead of %v", values[i], p.value(a))
			}
		}
	}
	for a, n := range p.asked {
		if n != 1 {
			t.Errorf("asked %d times about %v", n, a)
		}
	}
}
