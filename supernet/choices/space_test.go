package choices_test

import (
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

// regionSpace has a stage whose width the depth decides, a fixed stage and one of all genes, and
// 2 * (2+4) * (4+16) = 240 networks.
const regionSpace = `
tailor: space/1
name: regions
classes: 4
resolutions: [16, 20]
stem: {width: 8, stride: 2, act: relu}
stages:
  - {width: 8, stride: 2, act: relu, depth: [1, 2], kernel: [3, 5], expand_by_depth: {1: 2, 2: 3}}
  - {width: 8, stride: 1, act: relu, depth: [1], kernel: [3], expand: [1]}
  - {width: 16, stride: 2, act: relu, depth: [1, 2], kernel: [3, 5], expand: [2, 3]}
head: {act: relu}
`

// widthSpace has a deep stem, widths to choose, and 2 * 2 * 2^4 * (2+4) = 384 networks.
const widthSpace = `
tailor: space/1
name: widths
classes: 4
resolutions: [16, 20]
widths: [0.5, 1]
stem: {width: 32, stride: 2, act: relu, depth: [1, 2]}
stages:
  - {block: bottleneck, width: 16, stride: 1, act: relu, depth: [1, 2], kernel: [3], expand: [0.5, 1]}
  - {block: bottleneck, width: 32, stride: 2, act: relu, depth: [1], kernel: [3], expand: [0.5]}
head: {expand: 24, act: relu}
`

func parse(t testing.TB, text string) *supernet.Space {
	t.Helper()
	s, err := supernet.ParseSpace("space.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func small(t testing.TB) *supernet.Space {
	t.Helper()
	return parse(t, smallSpace)
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
