package supernet_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

// everything is a small space with all that a space may have: a fixed stage with a shortcut, blocks
// that may do without an expand convolution, coupled depth and width where neither the deepest nor
// the shallowest is the widest, every activation.
const everything = `tailor: space/1
name: everything
classes: 5
resolutions: [16, 12]
kernel_transform: true
stem: {width: 8, stride: 2, act: h_swish}
stages:
  - {width: 8, stride: 1, act: relu, depth: [1], kernel: [3], expand: [1]}
  - {width: 16, stride: 2, act: relu6, se: true, depth: [2, 1], kernel: [7, 3, 5], expand: [1, 3, 2]}
  - {width: 16, stride: 1, act: h_swish, se: true, depth: [1, 2, 3], kernel: [3, 5], expand_by_depth: {1: 2, 2: 4, 3: 1}}
  - width: 24
    stride: 2
    act: relu
    depth: [1, 2]
    kernel: [5]
    expand: [2, 4]
head: {expand: 32, features: 40, act: h_swish, dropout: 0.1}
`

// tfEverything is the same with TensorFlow's padding.
var tfEverything = strings.Replace(everything, "kernel_transform: true\n",
	"kernel_transform: true\npadding: tf_same\n", 1)

// efficient is a small space as EfficientNet's family has them: silu, and squeeze-and-excitation
// with a sigmoid gate, of a quarter of the block's input; and one of another kind.
const efficient = `tailor: space/1
name: efficient
classes: 5
resolutions: [12, 16]
padding: tf_same
stem: {width: 8, stride: 2, act: silu}
stages:
  - {width: 8, stride: 1, act: silu, se: {of: input, divisor: 1, act: silu, gate: sigmoid}, depth: [1], kernel: [3], expand: [1]}
  - {width: 16, stride: 2, act: silu, se: {of: input, divisor: 1, act: silu, gate: sigmoid}, depth: [1, 2], kernel: [3, 5], expand: [1, 4, 2]}
  - {width: 24, stride: 1, act: silu, se: {ratio: 0.1, divisor: 2, act: h_swish}, depth: [1, 2], kernel: [3], expand: [2, 3]}
head: {expand: 32, act: silu, dropout: 0.2}
`

// bare is about the smallest space, with two input channels and nothing optional.
const bare = `tailor: space/1
name: bare
classes: 2
channels: 2
resolutions: [9]
stem: {width: 8, stride: 1, act: relu}
stages:
  - {width: 8, stride: 2, act: relu, depth: [1, 2], kernel: [1, 3], expand: [1, 1.5]}
head: {}
`

func parse(t testing.TB, text string) *supernet.Space {
	t.Helper()
	s, err := supernet.ParseSpace("test.yaml", []byte(text))
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

// eachSpace runs f on the shipped spaces and on those of this file.
func eachSpace(t *testing.T, f func(t *testing.T, s *supernet.Space)) {
	all := []*supernet.Space{parse(t, everything), parse(t, efficient),
		parse(t, bare)}
	for _, name := range supernet.Builtins() {
		all = append(all, builtin(t, name))
	}
	for _, s := range all {
		t.Run(s.Name, func(t *testing.T) { f(t, s) })
	}
}

// eachArch enumerates the combinations of all genes, those that do not matter included.
func eachArch(s *supernet.Space, f func(genes []uint16, a supernet.Arch)) {
	choices := s.Genes()
	genes := make([]uint16, len(choices))
	for {
		f(genes, s.Decode(genes))
		i := 0
		for ; i < len(genes); i++ {
			if genes[i]++; int(genes[i]) < choices[i] {
				break
			}
			genes[i] = 0
		}
		if i == len(genes) {
			return
		}
	}
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 2)) }

// show writes an arch as a person would give it.
func show(s *supernet.Space, a supernet.Arch) string { return fmt.Sprintf("%+v", s.Spec(a)) }
