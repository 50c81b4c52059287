package supernet_test

import (
	"strings"
	"testing"

	"github.com/tailor-nas/tailor/internal/weights"
	"github.com/tailor-nas/tailor/supernet"
)

// TestEachUse: a gradient reaches the weights that a network uses, and no others. In
// depthwise kernels, and the maps between them, it reaches all of these but for dead channels.
func TestEachUse(t *testing.T) {
	eachNet(t, func(t *testing.T, net *supernet.Supernet) {
		r := runner(t, 2, net)
		for _, a := range sampleArchs(net.Space, 6) {
			blocks := net.Space.Blocks(a)
			step(r, blocks, 8, 3)
			used := map[string]map[int]int{}
			net.EachUse(blocks, func(name string, from, n int) {
				if used[name] == nil {
					used[name] = map[int]int{}
				}
				for i := range n {
					used[name][from+i]++
				}
			})
			all := gradients(net)
			for _, p := range weights.Params(net) {
				reached := 0
				for i, g := range all[p.Name] {
					if g != 0 {
						reached++
					}
					if times := used[p.Name][i]; times > 1 || times == 0 && g != 0 {
						t.Fatalf("%s: value %d of %s is told of %d times, its gradient is %g",
							show(net.Space, a), i, p.Name, times, g)
					}
				}
				// Small maps reach only the middle of large kernels.
				if kernel := strings.HasPrefix(p.Name, "stages.1.0.depthwise.") &&
					!strings.Contains(p.Name, ".bn."); kernel &&
					reached < len(used[p.Name])*9/10 {
					t.Errorf("%s: %d values of %s are used, the gradient reaches %d",
						show(net.Space, a), len(used[p.Name]), p.Name, reached)
				}
			}
		}
	})
}
