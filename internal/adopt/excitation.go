package adopt

import (
	"fmt"
	"math"

	"github.com/tailor-nas/tailor/supernet"
)

// excitation is what a stage says of the squeeze-and-excitation of a block: the usual rule that
// gives its hidden channels, or one that does.
func (b *Block) excitation() supernet.Excitation {
	if b.Gate == nil {
		return supernet.Excitation{}
	}
	hidden := b.Gate.Reduce.Out
	standard := supernet.StandardExcitation()
	rules := []supernet.Excitation{standard, {Ratio: 0.25, Of: supernet.OfInput, Divisor: 1}}
	for _, scale := range []float64{1e2, 1e3, 1e4, 1e5, 1e6} {
		ratio := math.Round(float64(hidden)/float64(b.mid())*scale) / scale
		rules = append(rules, supernet.Excitation{Ratio: ratio, Of: supernet.OfMiddle, Divisor: 1})
	}
	rule := rules[len(rules)-1]
	for _, r := range rules {
		if b.hidden(r) == hidden {
			rule = r
			break
		}
	}
	rule.Act, rule.Gate = b.Gate.Reduce.Act, b.Gate.Expand.Act
	return rule
}

// hidden is the number of hidden channels that a rule gives the block.
func (b *Block) hidden(e supernet.Excitation) int {
	of := b.mid()
	if e.Of == supernet.OfInput {
		of = b.in()
	}
	return min(supernet.MakeDivisible(e.Ratio*float64(of), e.Divisor), b.mid())
}

// excitationText is what a stage of a space file says of it.
func excitationText(e supernet.Excitation) string {
	switch {
	case e.None():
		return ""
	case e == supernet.StandardExcitation():
		return "se: true, "
	}
	return fmt.Sprintf("se: {ratio: %v, of: %s, divisor: %d, act: %s, gate: %s}, ", e.Ratio, e.Of,
		e.Divisor, e.Act, e.Gate)
}

// describe says in a block what its gate is. What is usual is left out there.
func (g *Gate) describe(b *supernet.Block) {
	b.SE = g.Reduce.Out
	if g.Reduce.Act != supernet.ReLU {
		b.SEAct = g.Reduce.Act
	}
	if g.Expand.Act != supernet.HSigmoid {
		b.SEGate = g.Expand.Act
	}
}
