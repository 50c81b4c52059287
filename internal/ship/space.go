package ship

import (
	"slices"

	"github.com/tailor-nas/tailor/search/manifest"
	"github.com/tailor-nas/tailor/supernet"
)

// checkSpace compares what a manifest says of a space that ships with tailor with that space: its
// hash and the blocks of its arch. Of one's own spaces nothing is known.
func checkSpace(m *manifest.Manifest) []Check {
	if !slices.Contains(supernet.Builtins(), m.SpaceName) || len(m.Blocks) == 0 {
		return nil
	}
	const what = "space"
	shipped, err := supernet.LoadSpace(m.SpaceName)
	if err != nil {
		return []Check{judge(what, err)}
	}
	classes, channels := m.Blocks[len(m.Blocks)-1].Out.C, m.Blocks[0].In.C
	space := shipped.For(classes, channels)
	if found := space.SHA256(); found != m.SpaceSHA256 {
		return []Check{{what, Unknown, short(m.SpaceSHA256), short(found),
			"the space " + m.SpaceName + " of this tailor is another: the network's is of another " +
				"version of tailor, or somebody's own of the same name; ask who made it which"}}
	}
	hash := compare(what, short(m.SpaceSHA256), short(space.SHA256()), "")
	arch, err := space.Arch(m.Arch)
	switch {
	case err != nil:
		return []Check{hash, judge("arch", err)}
	case !slices.EqualFunc(space.Blocks(arch), m.Blocks,
		sameBut(m.Inputs[manifest.ParentRole].SHA256 != "")):
		return []Check{hash, {What: "arch", Verdict: Lie,
			Why: "the space has other blocks for it"}}
	}
	return []Check{hash, judge("arch", nil)}
}

// sameBut compares a block of a space with that of a network. One that was made from a parent may
// have lost middle channels and weights, even if it was fine-tuned last.
func sameBut(pruned bool) func(whole, found supernet.Block) bool {
	return func(whole, found supernet.Block) bool {
		if pruned && found.Mid <= whole.Mid {
			found.Mid, found.Zeros, found.Run = whole.Mid, whole.Zeros, whole.Run
		}
		return found == whole
	}
}
