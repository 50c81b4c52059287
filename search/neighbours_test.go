package search

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// lines are a predictor of top-1 that is a sum over choices at each resolution, drawn at random.
type lines struct {
	space *supernet.Space
	all   []choices.Affine
}

func newLines(space *supernet.Space, r *rand.Rand) *lines {
	l := &lines{space: space}
	for range space.Resolutions {
		line := choices.Affine{Constant: r.Float64()}
		for range choices.NewNumbering(space).Len() {
			line.Weights = append(line.Weights, r.NormFloat64())
		}
		l.all = append(l.all, line)
	}
	return l
}

func (l *lines) Predict(archs []supernet.Arch) ([]float64, error) {
	values := make([]float64, len(archs))
	n := choices.NewNumbering(l.space)
	for i, a := range archs {
		var t choices.Taken
		if !n.Read(&a, &t) {
			return nil, supernet.ErrArch
		}
		values[i] = l.all[t.Resolution].At(&t)
	}
	return values, nil
}

func (l *lines) Near(bases []supernet.Arch) ([][]choices.Affine, error) {
	return slices.Repeat([][]choices.Affine{l.all}, len(bases)), nil
}

// TestNeighbours: those of random networks of all spaces are canonical, distinct networks, each is
// one choice away, and the way back is one choice, too, but for a stage that grew by a block whose
// genes are lost. What the guide says of them is what they are worth and cost. Every gene is of one
// group.
func TestNeighbours(t *testing.T) {
	for _, name := range supernet.Builtins() {
		space, err := supernet.LoadSpace(name)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(1, 0))
		f, err := newFinder(Query{Space: space, Accuracy: newLines(space, r), Limits: Limits{
			MACs: 1e7, Params: 1e6, MemoryBytes: 1e6, SizeBytes: 1e6}})
		if err != nil {
			t.Fatal(err)
		}
		genes := slices.Concat(f.layout.groups()...)
		slices.Sort(genes)
		for i := range space.Genes() {
			if i >= len(genes) || genes[i] != i {
				t.Fatalf("%s: groups have the genes %v", name, genes)
			}
		}
		guide := f.guide()
		near := &optimize.Near{}
		for range 30 {
			base := optimize.Genes(space.Encode(space.Random(r)))
			near.Base = base
			if err := guide.Near([]*optimize.Near{near}); err != nil {
				t.Fatal(err)
			}
			seen := map[supernet.Arch]bool{space.Decode(base): true}
			batch := []optimize.Genes{base}
			for _, c := range near.Changes {
				n := slices.Clone(base)
				c.Apply(n)
				batch = append(batch, n)
				canonical := slices.Clone(n)
				f.canonical(canonical)
				arch := space.Decode(n)
				if !slices.Equal(canonical, n) || seen[arch] || space.Check(arch) != nil {
					t.Fatalf("%s: %v has the neighbour %v: canonical %v, seen %v, %v", name, base, n,
						canonical, seen[arch], space.Check(arch))
				}
				seen[arch] = true
			}
			for i := range base {
				for v := range space.Genes()[i] {
					g := slices.Clone(base)
					g[i] = uint16(v)
					f.canonical(g)
					grown := slices.ContainsFunc(f.layout.parts, func(p partGenes) bool {
						return i == p.depth && (v > int(base[i])+1 || v+1 < int(base[i]))
					})
					if !grown && !seen[space.Decode(g)] {
						t.Fatalf("%s: %v with gene %d of %d is no neighbour", name, base, i, v)
					}
				}
			}
			checkNear(t, f, guide, near, batch)
		}
	}
}

// checkNear holds what a guide says of a base, which is the first of the batch, and of its
// neighbours against evaluations and the limits' shares.
func checkNear(t *testing.T, f *finder, guide *optimize.Guide, near *optimize.Near,
	batch []optimize.Genes) {
	t.Helper()
	n := guide.Constraints
	costs := make([]float64, n*len(batch))
	if err := guide.Costs(batch, costs); err != nil {
		t.Fatal(err)
	}
	var archs []supernet.Arch
	for i, g := range batch {
		archs = append(archs, f.Space.Decode(g))
		all := f.counts.of(archs[i], Costs{})
		for j, want := range []float64{float64(all.MACs) / float64(f.Limits.MACs),
			float64(all.Params) / float64(f.Limits.Params),
			float64(all.MemoryBytes) / float64(f.Limits.MemoryBytes),
			float64(all.SizeBytes) / float64(f.Limits.SizeBytes)} {
			if got := costs[i*n+j]; math.Abs(got-want) > 1e-9*want {
				t.Fatalf("%v costs %g of limit %d, expected %g", archs[i], got, j, want)
			}
			said := near.Own[j]
			if i > 0 {
				said += near.Costs[(i-1)*n+j]
			}
			if math.Abs(said-want) > 1e-9*want {
				t.Fatalf("%v is said to cost %g of limit %d, expected %g", archs[i], said, j, want)
			}
		}
	}
	top1, err := f.Accuracy.Predict(archs)
	if err != nil {
		t.Fatal(err)
	}
	for i, rise := range near.Rises {
		if want := top1[0] - top1[i+1]; math.Abs(rise-want) > 1e-9 {
			t.Fatalf("%v is said to be worse by %g, expected %g", archs[i+1], rise, want)
		}
	}
}

// TestCanonicalIsTheSameArch: what an arch has no block for is zero, as if it were decoded and
// encoded again, and of a resolution that is not searched the nearest takes the place.
func TestCanonicalIsTheSameArch(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, name := range supernet.Builtins() {
		space, err := supernet.LoadSpace(name)
		if err != nil {
			t.Fatal(err)
		}
		f := &finder{Query: Query{Space: space}, layout: newLayout(space)}
		least, most := space.Resolutions[0], space.Resolutions[len(space.Resolutions)-1]
		for range 200 {
			g := make(optimize.Genes, len(space.Genes()))
			for i, n := range space.Genes() {
				g[i] = uint16(r.IntN(n))
			}
			a := space.Decode(g)
			f.among(space.Resolutions)
			f.canonical(g)
			if !slices.Equal(g, space.Encode(a)) {
				t.Fatalf("%s: %v, expected %v", name, g, space.Encode(a))
			}
			f.among([]int{least, most})
			f.canonical(g)
			want := least
			if int(a.Resolution)-least > most-int(a.Resolution) {
				want = most
			}
			a.Resolution = uint16(want)
			if !slices.Equal(g, space.Encode(a)) {
				t.Fatalf("%s: %v, expected %v", name, g, space.Encode(a))
			}
		}
	}
}
