package choices_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// TestSwap: what is swapped leads from the choices of one network to those of another, and nothing
// is both left out and taken. Swaps that share their room do not disturb each other.
func TestSwap(t *testing.T) {
	for _, space := range []*supernet.Space{small(t), parse(t, regionSpace),
		parse(t, widthSpace)} {
		n := choices.NewNumbering(space)
		r := rand.New(rand.NewPCG(1, 0))
		taken := func(t *choices.Taken) []int32 {
			return append(slices.Clone(t.Numbers()), int32(n.Len()+t.Resolution))
		}
		var room []int32
		var swaps []choices.Swap
		var want [][2][]int32
		for range 300 {
			var from, to choices.Taken
			n.ReadGenes(space.Encode(space.Random(r)), &from)
			n.ReadGenes(space.Encode(space.Random(r)), &to)
			var s choices.Swap
			s, room = n.Swap(&from, &to, room)
			swaps, want = append(swaps, s), append(want, [2][]int32{taken(&from), taken(&to)})
		}
		for i, s := range swaps {
			got := slices.DeleteFunc(slices.Clone(want[i][0]), func(number int32) bool {
				return slices.Contains(s.Out, number)
			})
			if len(got) != len(want[i][0])-len(s.Out) || slices.ContainsFunc(s.In,
				func(number int32) bool {
					return slices.Contains(got, number) || slices.Contains(s.Out, number)
				}) {
				t.Fatalf("%s: %v does not fit %v", space.Name, s, want[i][0])
			}
			got = append(got, s.In...)
			slices.Sort(got)
			slices.Sort(want[i][1])
			if !slices.Equal(got, want[i][1]) {
				t.Fatalf("%s: %v leads from %v to %v, expected %v", space.Name, s, want[i][0], got,
					want[i][1])
			}
		}
	}
}
