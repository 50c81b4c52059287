package pipeline

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

// group is the winners that answer one question, best first.
type group struct {
	device *Device
	limits search.Limits
	place  int // on the front, from 1; 0 for limits
	cuts   []*cut
}

// cut is a winner on its way to its folder.
type cut struct {
	manifest *manifest.Manifest
	net      *supernet.Subnet // nil without a run
	arch     supernet.Arch
}

// name of the folder of the i-th winner.
func (g *group) name(i int) string {
	if g.place > 0 {
		return placeName(g.place)
	}
	return folderName(g.limits, i)
}

func placeName(place int) string { return fmt.Sprintf("front-%d", place) }

// rank orders what was verified: those within the limits, by measured accuracy, then the others, as
// predicted. Limits are judged by what was measured; where no latency was, the prediction has to
// do.
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

// over says that the network was measured, and is not within the limits.
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

func (c *cut) winner(device, path string) Winner {
	m := c.manifest
	return Winner{
		Device: device, Arch: m.Arch, Limits: m.Limits, MACs: m.MACs, Params: m.Params,
		Predicted: m.Predicted, Measured: m.Measured,
		Ranks: m.Ranks, OverBudget: c.over(), Manifest: path, Exports: m.Exports,
	}
}
