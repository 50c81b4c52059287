package micro

import (
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

// SpaceYAML has 40 networks: 2 resolutions times 4 of depth 1 and 16 of depth 2.
const SpaceYAML = `
tailor: space/1
name: micro
classes: 10
resolutions: [12, 16]
stem: {width: 8, stride: 2, act: h_swish}
stages:
  - {width: 8, stride: 2, act: relu, se: true, depth: [1, 2], kernel: [3, 5], expand: [2, 3]}
head: {expand: 16, act: h_swish}
`

// OtherYAML has the same genes, and another head.
const OtherYAML = `
tailor: space/1
name: micro
classes: 10
resolutions: [12, 16]
stem: {width: 8, stride: 2, act: h_swish}
stages:
  - {width: 8, stride: 2, act: relu, se: true, depth: [1, 2], kernel: [3, 5], expand: [2, 3]}
head: {expand: 24, act: h_swish}
`

// ParseSpace gives the space of a text that is right.
func ParseSpace(t *testing.T, text string) *supernet.Space {
	t.Helper()
	s, err := supernet.ParseSpace("micro.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// AllArchs lists every network of a space, by counting through its genes.
func AllArchs(space *supernet.Space) []supernet.Arch {
	choices := space.Genes()
	g := make([]uint16, len(choices))
	seen := map[supernet.Arch]bool{}
	var all []supernet.Arch
	for i := 0; i < len(g); {
		if a := space.Decode(g); !seen[a] {
			seen[a] = true
			all = append(all, a)
		}
		for i = 0; i < len(g); i++ {
			if g[i]++; int(g[i]) < choices[i] {
				break
			}
			g[i] = 0
		}
	}
	return all
}

// MACs are those of one network of a space.
func MACs(space *supernet.Space, a supernet.Arch) int64 { return supernet.MACs(space.Blocks(a)) }
