package winners

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

// group is the winners of one question, best first.
type group struct {
	device *Device
	limits search.Limits
	place  int // on the front, from 1; 0 if the question is limits
	cuts   []*cut
}

// cut is a picked network: extracted, and with a manifest that is filled in step by step.
type cut struct {
	manifest *manifest.Manifest
	net      *supernet.Subnet // nil without a run
	arch     supernet.Arch
}

// name is that of the folder of the i-th winner, from 0.
func (g *group) name(i int) string {
	if g.place > 0 {
		return placeName(g.place)
	}
	return folderName(g.limits, i)
}

func placeName(place int) string { return fmt.Sprintf("front-%d", place) }

// rank orders the winners if the top-1 of all of them was measured: first those within the limits,
// by measured top-1, then the others, in the predicted order. Limits are checked by the measured
// latency, or by the predicted one if none was measured.
func (g *group) rank() {
	verified := true
	for _, c := range g.cuts {
		c.manifest.Judge()
		verified = verified && c.manifest.Measured != nil && c.manifest.Measured.Images > 0
	}
	if !verified {
		return
	}
	for i, c := range g.cuts {
		c.manifest.Ranks = &manifest.Ranks{Predicted: i + 1}
	}
	slices.SortStableFunc(g.cuts, func(a, b *cut) int {
		over := cmp.Compare(number(a.over()), number(b.over()))
		if over != 0 || a.over() {
			return over
		}
		return cmp.Compare(b.manifest.Measured.Top1, a.manifest.Measured.Top1)
	})
	for i, c := range g.cuts {
		c.manifest.Ranks.Measured = i + 1
	}
}

// over says that the network was measured to exceed the limits.
func (c *cut) over() bool {
	m := c.manifest.Measured
	return m != nil && m.WithinLimits != nil && !*m.WithinLimits
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// winner describes the network once its manifest is written at path.
func (c *cut) winner(device, path string) Winner {
	m := c.manifest
	return Winner{
		Device: device, Arch: m.Arch, Limits: m.Limits, MACs: m.MACs, Params: m.Params,
		Memory: supernet.Memory(m.Blocks), Size: manifest.SizeAtMost(m.Blocks),
		Predicted: m.Predicted, Measured: m.Measured,
		Ranks: m.Ranks, OverBudget: c.over(), Manifest: path, Exports: m.Exports,
	}
}
