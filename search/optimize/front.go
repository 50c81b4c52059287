package optimize

import "math/bits"

// widen is Pareto local search (Paquete et al., "Pareto local optimum sets in the biobjective
// traveling salesman problem", 2004): it evaluates all changes of one gene of each member of the
// front, until the front has no member left whose neighbours are unknown. Then it goes on with
// larger changes of random members.
func (c *climber) widen() error {
	known := map[int32]bool{}
	for idle := 0; idle < idleKicks; idle++ {
		before := c.run.table.len()
		if err := c.surround(known); err != nil {
			return err
		}
		if c.run.table.len() == before {
			if err := c.stray(); err != nil {
				return err
			}
		}
		if c.run.table.len() > before {
			idle = -1
		}
		if err := c.run.flush(); err != nil {
			return err
		}
	}
	return nil
}

// surround proposes the neighbours of all members of the front that are not known yet.
func (c *climber) surround(known map[int32]bool) error {
	for _, id := range c.run.archive.sorted() {
		if known[id] {
			continue
		}
		known[id] = true
		if err := c.stand(id); err != nil {
			return err
		}
		if err := c.neighbours(); err != nil {
			return err
		}
	}
	return nil
}

// stray proposes a batch of candidates near a random member of the front.
func (c *climber) stray() error {
	from := c.run.least
	if members := c.run.archive.ids; len(members) > 0 {
		from = members[c.rng.IntN(len(members))]
	}
	if err := c.stand(from); err != nil {
		return err
	}
	for range pairBatch {
		// Two genes mostly, more of them the rarer the more.
		n := 2 + bits.TrailingZeros64(c.rng.Uint64())
		if _, err := c.propose(c.redraw(n)...); err != nil {
			return err
		}
	}
	return nil
}
