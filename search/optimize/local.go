package optimize

import (
	"errors"
	"math/rand/v2"
	"slices"
)

const (
	// idleKicks is how many kicks in a row may evaluate nothing new before the neighbourhood counts
	// as seen.
	idleKicks = 50
	// pairBatch is how many pair swaps are evaluated before the best of them is taken.
	pairBatch = 64
	// maxPairs and maxPairMoves bound the pair swaps tried from one candidate, and the single
	// changes they are made of.
	maxPairs, maxPairMoves = 2048, 256
)

// climber looks for better candidates near the one it stands on.
type climber struct {
	run     *run
	rng     *rand.Rand
	at      int32
	base    Genes  // of at
	dormant []bool // genes that do not matter to base
	moves   []move // single changes of base, evaluated
	scratch Genes
}

// move is the change of one gene, and the candidate it leads to.
type move struct {
	gene int
	to   uint16
	id   int32
}

// climb spends the rest of the budget near what was found, with one objective from the given
// starts.
func (r *run) climb(starts []int32) error {
	n := len(r.problem.Genes)
	c := &climber{run: r, rng: r.rand(streamLocal), dormant: make([]bool, n),
		scratch: make(Genes, n)}
	var err error
	if r.problem.Objectives == 1 {
		err = c.iterate(starts)
	} else {
		err = c.widen()
	}
	if errors.Is(err, errBudget) {
		return r.flush()
	}
	return err
}

// iterate is iterated local search (Lourenço et al., "Iterated local search", 2003): first it
// climbs from each start, then again and again from the best with some genes redrawn.
func (c *climber) iterate(starts []int32) error {
	for _, start := range starts {
		if err := c.ascend(start); err != nil {
			return err
		}
	}
	for idle := 0; idle < idleKicks; idle++ {
		before := c.run.table.len()
		start, err := c.kick()
		if err != nil {
			return err
		}
		if err := c.ascend(start); err != nil {
			return err
		}
		if c.run.table.len() > before {
			idle = -1
		}
	}
	return nil
}

// kick returns the best candidate of the run with some genes redrawn: from two, which stays near,
// to all, which starts anew, since nobody knows how wide a local optimum is.
func (c *climber) kick() (int32, error) {
	if err := c.stand(c.run.top()); err != nil {
		return 0, err
	}
	id, err := c.propose(c.redraw(2 + c.rng.IntN(len(c.base)))...)
	if err != nil {
		return 0, err
	}
	return id, c.run.flush()
}

// redraw returns n moves of random genes to random choices.
func (c *climber) redraw(n int) []move {
	moves := make([]move, n)
	for i := range moves {
		gene := c.rng.IntN(len(c.base))
		moves[i] = move{gene: gene, to: uint16(c.rng.IntN(c.run.problem.Genes[gene]))}
	}
	return moves
}

// top is the best candidate of the run, feasible or not.
func (r *run) top() int32 {
	if len(r.archive.ids) > 0 {
		return r.archive.ids[0]
	}
	return r.least
}

// ascend goes from start to better candidates until none is found near.
func (c *climber) ascend(start int32) error {
	for next := start; next >= 0; {
		if err := c.stand(next); err != nil {
			return err
		}
		var err error
		if next, err = c.singles(); err != nil {
			return err
		}
		if next < 0 {
			if next, err = c.pairs(); err != nil {
				return err
			}
		}
	}
	return nil
}

// stand moves to candidate id, and finds out which genes do not matter there.
func (c *climber) stand(id int32) error {
	c.at, c.base = id, c.run.table.at(id)
	for i := range c.base {
		dormant, err := c.sleeps(i)
		if err != nil {
			return err
		}
		c.dormant[i] = dormant
	}
	return nil
}

// sleeps reports whether all choices of a gene are the same candidate.
func (c *climber) sleeps(gene int) (bool, error) {
	if c.run.problem.Canonical == nil {
		return false, nil
	}
	for v := range c.run.problem.Genes[gene] {
		copy(c.scratch, c.base)
		c.scratch[gene] = uint16(v)
		if err := c.run.problem.canonical(c.scratch); err != nil {
			return false, err
		}
		if !slices.Equal(c.scratch, c.base) {
			return false, nil
		}
	}
	return true, nil
}

// propose applies moves to the base. Genes that did not matter are drawn anew, as a move may make
// them matter.
func (c *climber) propose(moves ...move) (int32, error) {
	copy(c.scratch, c.base)
	for i, dormant := range c.dormant {
		if dormant {
			c.scratch[i] = uint16(c.rng.IntN(c.run.problem.Genes[i]))
		}
	}
	for _, m := range moves {
		c.scratch[m.gene] = m.to
	}
	id, _, err := c.run.propose(c.scratch)
	return id, err
}

// singles evaluates all changes of one gene, and returns the best candidate if it is better than
// the base, else -1. The first better one would do, but pairs needs all of them anyway.
func (c *climber) singles() (int32, error) {
	if err := c.neighbours(); err != nil {
		return -1, err
	}
	ids := make([]int32, len(c.moves))
	for i, m := range c.moves {
		ids[i] = m.id
	}
	return c.best(ids)
}

// neighbours proposes all changes of one gene that matter.
func (c *climber) neighbours() error {
	c.moves = c.moves[:0]
	for gene, choices := range c.run.problem.Genes {
		for v := range choices {
			if c.dormant[gene] || uint16(v) == c.base[gene] {
				continue
			}
			m := move{gene: gene, to: uint16(v)}
			id, err := c.propose(m)
			if err != nil {
				return err
			}
			m.id = id
			c.moves = append(c.moves, m)
		}
	}
	return nil
}

// pairs evaluates changes of two genes at once, in random order, and returns the best of the first
// batch that holds a better candidate than the base, or -1. Under a constraint these matter most:
// one change makes room for the other.
func (c *climber) pairs() (int32, error) {
	pairs := c.promising()
	c.rng.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	for batch := range slices.Chunk(pairs[:min(len(pairs), maxPairs)], pairBatch) {
		ids := make([]int32, len(batch))
		for i, p := range batch {
			id, err := c.propose(p[0], p[1])
			if err != nil {
				return -1, err
			}
			ids[i] = id
		}
		if id, err := c.best(ids); id >= 0 || err != nil {
			return id, err
		}
	}
	return -1, nil
}

// promising returns the pairs of moves that would be an improvement if their single effects added
// up. Whether a pair keeps within the constraints is not asked: what a feasible move leaves unused
// is unknown, as its violation is 0 either way.
func (c *climber) promising() [][2]move {
	if len(c.moves) > maxPairMoves {
		c.rng.Shuffle(len(c.moves), func(i, j int) {
			c.moves[i], c.moves[j] = c.moves[j],
				c.moves[i]
		})
		c.moves = c.moves[:maxPairMoves]
	}
	var pairs [][2]move
	for i, a := range c.moves {
		for _, b := range c.moves[i+1:] {
			if a.gene != b.gene && c.gain(a)+c.gain(b) > 0 {
				pairs = append(pairs, [2]move{a, b})
			}
		}
	}
	return pairs
}

// gain is by how much a move lowers what is to be lowered first: the violation if the base has one,
// else the objective.
func (c *climber) gain(m move) float64 {
	s := c.run.table
	if s.violations[c.at] > 0 {
		return s.violations[c.at] - s.violations[m.id]
	}
	return s.valuesAt(c.at)[0] - s.valuesAt(m.id)[0]
}

// best evaluates what was proposed, and returns the best of ids if it is better than the base, else
// -1.
func (c *climber) best(ids []int32) (int32, error) {
	if err := c.run.flush(); err != nil {
		return -1, err
	}
	best := c.at
	for _, id := range ids {
		if c.run.table.better(id, best) {
			best = id
		}
	}
	if best == c.at {
		return -1, nil
	}
	return best, nil
}
