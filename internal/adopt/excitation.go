package adopt

import "github.com/tailor-nas/tailor/supernet"

// TEMPORARY until silu is merged
func (b *Block) excitation() bool { return b.Gate != nil }

func excitationText(on bool) string {
	if on {
		return "se: true, "
	}
	return ""
}

// describe says in a block what its gate is.
func (g *Gate) describe(b *supernet.Block) { b.SE = g.Reduce.Out }
