package optimize

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/tailor-nas/tailor/internal/kriging"
)

const (
	// wholePool is the size of spaces of which a pool has all.
	wholePool = 1 << 14
	// Of a larger space a pool has poolRandom candidates, poolNear that are two or three changes
	// away from one of the poolTops best, and the changes of one gene of these, to poolChoices of
	// its choices at most.
	poolRandom, poolNear, poolTops, poolChoices = 1000, 2000, 4, 64
	// shortBest and shortOther are how many of a pool are looked at closely: the best, and others
	// of which one may be uncertain enough to be better.
	shortBest, shortOther = 768, 256
	// poolSome is how many show what is typical.
	poolSome = 32
)

// pool has the candidates that a surrogate chooses from.
type pool struct {
	run       *run
	all       []Genes
	points    *kriging.Points // of all
	whole     bool            // all is the whole space
	shortlist []Genes
	taken     []bool // of the shortlist: evaluated since
}

// fill gathers candidates: the whole space once and for all, or some of it each time.
func (p *pool) fill(rng *rand.Rand, m *kriging.Model) error {
	if p.whole {
		return nil
	}
	p.all = p.all[:0]
	p.whole = p.run.problem.size(wholePool) <= wholePool
	gather := p.everything
	if !p.whole {
		gather = func() error { return p.draw(rng) }
	}
	if err := gather(); err != nil {
		return err
	}
	points := make([][]uint16, len(p.all))
	for i, g := range p.all {
		points[i] = g
	}
	p.points = m.Points(points)
	return nil
}

func (p *pool) everything() error {
	g := make(Genes, len(p.run.problem.Genes))
	for more := true; more; more = next(g, p.run.problem.Genes) {
		c := slices.Clone(g)
		if err := p.run.problem.canonical(c); err != nil {
			return err
		}
		if slices.Equal(c, g) {
			p.all = append(p.all, c)
		}
	}
	return nil
}

// draw takes random candidates and such near the best.
func (p *pool) draw(rng *rand.Rand) error {
	genes := p.run.problem.Genes
	g := make(Genes, len(genes))
	redraw := func(i int) { g[i] = uint16(rng.IntN(genes[i])) }
	for range poolRandom {
		for i := range g {
			redraw(i)
		}
		if err := p.offer(g); err != nil {
			return err
		}
	}
	tops := []int32{p.run.top()}
	if n := len(p.run.archive.ids); n > 0 {
		tops = p.run.archive.ids[:min(poolTops, n)]
	}
	for _, top := range tops {
		if err := p.singles(p.run.table.at(top)); err != nil {
			return err
		}
	}
	for range poolNear {
		copy(g, p.run.table.at(tops[rng.IntN(len(tops))]))
		for range 2 + rng.IntN(2) {
			redraw(rng.IntN(len(g)))
		}
		if err := p.offer(g); err != nil {
			return err
		}
	}
	slices.SortFunc(p.all, slices.Compare)
	p.all = slices.CompactFunc(p.all, slices.Equal)
	return nil
}

// singles offers the changes of one gene.
func (p *pool) singles(base Genes) error {
	for i, choices := range p.run.problem.Genes {
		n := min(choices, poolChoices)
		for k := range n {
			g := slices.Clone(base)
			g[i] = uint16(k * choices / n)
			if err := p.offer(g); err != nil {
				return err
			}
		}
	}
	return nil
}

// offer takes the canonical form of g, unless it was evaluated.
func (p *pool) offer(g Genes) error {
	c := slices.Clone(g)
	if err := p.run.problem.canonical(c); err != nil {
		return err
	}
	if id, _ := p.run.table.find(c); id < 0 {
		p.all = append(p.all, c)
	}
	return nil
}

// some are random places.
func (p *pool) some(rng *rand.Rand) []int {
	if len(p.all) == 0 {
		return nil
	}
	places := make([]int, poolSome)
	for i := range places {
		places[i] = rng.IntN(len(p.all))
	}
	return places
}

// shorten makes the shortlist of what was not evaluated, by scores of all.
func (p *pool) shorten(scores []float64, rng *rand.Rand) *kriging.Points {
	var open []int
	for i, g := range p.all {
		if id, _ := p.run.table.find(g); id < 0 {
			open = append(open, i)
		}
	}
	slices.SortFunc(open, func(a, b int) int {
		return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a, b))
	})
	if len(open) > shortBest+shortOther {
		rest := open[shortBest:]
		for i := range shortOther {
			j := i + rng.IntN(len(rest)-i)
			rest[i], rest[j] = rest[j], rest[i]
		}
		open = open[:shortBest+shortOther]
	}
	p.shortlist, p.taken = p.shortlist[:0], make([]bool, len(open))
	for _, i := range open {
		p.shortlist = append(p.shortlist, p.all[i])
	}
	return p.points.Some(open)
}
