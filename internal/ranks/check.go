package ranks

import "fmt"

// Check makes calls of every kind, with parts of different sizes and of none, and several at once,
// and compares what they bring: all ranks of a group call it. Every kind of group passes it.
func Check(g Group) error {
	for _, n := range []int{0, 1, 3, 40} {
		for _, sizes := range [][2]int{{n, 0}, {0, n}, {n, n * 257}} {
			if err := checkOnce(g, sizes[0], sizes[1]); err != nil {
				return err
			}
		}
	}
	return g.Err()
}

// checkOnce has ranks give some bytes each, and so many more by their number.
func checkOnce(g Group, some, more int) error {
	size := func(r int) int { return some + r*more }
	cuts := make([]int, g.Size()+1)
	for r := range g.Size() {
		cuts[r+1] = cuts[r] + size(r)
	}
	late := newGather(g, cuts, 1)
	// What a rank gives another is as much as it is given of that: the sum of both numbers.
	both := make([]int, g.Size()+1)
	for r := range g.Size() {
		both[r+1] = both[r] + size(r+g.Rank())
	}
	out, in := make([]byte, both[g.Size()]), make([]byte, both[g.Size()])
	for r := range g.Size() {
		for i := both[r]; i < both[r+1]; i++ {
			out[i] = value(g.Rank(), r, i-both[r])
		}
	}
	waitLate := g.StartGather(late, cuts)
	waitExchange := g.StartExchange(out, both, in, both)
	now := newGather(g, cuts, 2)
	g.Gather(now, cuts)
	waitLate()
	waitExchange()
	for r := range g.Size() {
		for i := range size(r) {
			if at := cuts[r] + i; now[at] != value(r, 2, i) || late[at] != value(r, 1, i) {
				return fmt.Errorf("ranks: rank %d has other bytes of rank %d than that gathered",
					g.Rank(), r)
			}
		}
		for i := both[r]; i < both[r+1]; i++ {
			if in[i] != value(r, g.Rank(), i-both[r]) {
				return fmt.Errorf("ranks: rank %d has other bytes of rank %d than that gave it",
					g.Rank(), r)
			}
		}
	}
	return g.Err()
}

// newGather is what a rank begins to gather with.
func newGather(g Group, cuts []int, about int) []byte {
	all := make([]byte, cuts[g.Size()])
	for i := cuts[g.Rank()]; i < cuts[g.Rank()+1]; i++ {
		all[i] = value(g.Rank(), about, i-cuts[g.Rank()])
	}
	return all
}

// value is a byte that says where it came from.
func value(from, about, i int) byte { return byte(1 + (from*53+about*19+i)%251) }
