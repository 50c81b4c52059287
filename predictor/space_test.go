package predictor_test

import (
	"hash/fnv"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

// smallSpace has every kind of stage, and 2 * (4 + 16) * 2 = 80 networks.
const smallSpace = `
tailor: space/1
name: small
classes: 10
resolutions: [8, 12]
stem: {width: 8, stride: 2, act: relu}
stages:
  - {width: 8, stride: 1, act: relu, depth: [1], kernel: [3], expand: [1]}
  - {width: 16, stride: 2, act: relu, depth: [1, 2], kernel: [3, 5], expand: [2, 3]}
  - {width: 24, stride: 1, act: relu, se: true, depth: [1, 2], kernel: [3], expand_by_depth: {1: 6, 2: 3}}
  - {width: 24, stride: 1, act: relu, depth: [2], kernel: [5], expand: [2]}
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

// everyArch lists a space by counting through the genes.
func everyArch(s *supernet.Space) []supernet.Arch {
	genes := s.Genes()
	g := make([]uint16, len(genes))
	seen := map[supernet.Arch]bool{}
	var all []supernet.Arch
	for {
		if a := s.Decode(g); !seen[a] {
			seen[a] = true
			all = append(all, a)
		}
		i := 0
		for i < len(g) && int(g[i]) == genes[i]-1 {
			g[i] = 0
			i++
		}
		if i == len(g) {
			return all
		}
		g[i]++
	}
}

// priced gives every block a price of its own, whatever its size, from 0.1 to 1.1.
func priced(seed string) func(supernet.Block) float64 {
	return func(b supernet.Block) float64 {
		h := fnv.New64a()
		h.Write([]byte(seed + b.Key()))
		return 0.1 + float64(h.Sum64()%1000)/1000
	}
}

func sumOf(s *supernet.Space, a supernet.Arch, cost func(supernet.Block) float64) (sum float64) {
	for _, b := range s.Blocks(a) {
		sum += cost(b)
	}
	return sum
}
