package search

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/search/optimize"
	"github.com/tailor-nas/tailor/supernet"
)

// TestNeighbours: those of random networks of all spaces are canonical, distinct networks, each is
// one choice away, and the way back is one choice, too, but for a stage that grew by a block whose
// genes are lost. Every gene is of one group.
func TestNeighbours(t *testing.T) {
	for _, name := range supernet.Builtins() {
		space, err := supernet.LoadSpace(name)
		if err != nil {
			t.Fatal(err)
		}
		f := &finder{Query: Query{Space: space}, layout: newLayout(space)}
		f.among(space.Resolutions)
		genes := slices.Concat(f.layout.groups()...)
		slices.Sort(genes)
		for i := range space.Genes() {
			if i >= len(genes) || genes[i] != i {
				t.Fatalf("%s: groups have the genes %v", name, genes)
			}
		}
		r := rand.New(rand.NewPCG(1, 0))
		for range 30 {
			base := optimize.Genes(space.Encode(space.Random(r)))
			seen := map[supernet.Arch]bool{space.Decode(base): true}
			for _, n := range f.neighbours(base) {
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
