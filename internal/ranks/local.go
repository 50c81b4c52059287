package ranks

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// ErrLost is wrapped by the error of a group that a rank has left.
var ErrLost = errors.New("a rank was lost")

// Local is a rank of a group whose ranks are goroutines of this process.
type Local struct {
	rank  int
	calls int   // that this rank has made
	err   error // why one of them brought nothing
	hub   *hub
}

// hub is where the ranks of a group meet.
type hub struct {
	size int
	mu   sync.Mutex
	met  *sync.Cond
	open map[int]*meeting // by the number of the call
	err  error
}

// meeting is one call of all ranks.
type meeting struct {
	kind  string
	came  int
	left  int
	bad   bool       // not all made the same call
	parts [][][]byte // what each rank gives to each
}

// NewLocal makes a group.
func NewLocal(size int) []*Local {
	h := &hub{size: size, open: map[int]*meeting{}}
	h.met = sync.NewCond(&h.mu)
	group := make([]*Local, size)
	for r := range group {
		group[r] = &Local{rank: r, hub: h}
	}
	return group
}

// Rank is the number of this rank.
func (l *Local) Rank() int { return l.rank }

// Size is the number of ranks.
func (l *Local) Size() int { return l.hub.size }

// Err is why the group was lost, as soon as a call of this rank has brought nothing.
func (l *Local) Err() error { return l.err }

// Leave says that this rank takes part no more, and why: the group is lost.
func (l *Local) Leave(why error) {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	l.hub.lose(fmt.Errorf("%w: rank %d of %d ended: %w", ErrLost, l.rank, l.hub.size, why))
	l.err = l.hub.err
}

func (h *hub) lose(why error) {
	if h.err == nil {
		h.err = why
	}
	h.met.Broadcast()
}

// Gather completes all.
func (l *Local) Gather(all []byte, cuts []int) { l.StartGather(all, cuts)() }

// StartGather begins to.
func (l *Local) StartGather(all []byte, cuts []int) (wait func()) {
	own := bytes.Clone(all[cuts[l.rank]:cuts[l.rank+1]])
	give := slices.Repeat([][]byte{own}, l.hub.size)
	return l.meet(fmt.Sprint("gather ", cuts), give, all, cuts)
}

// StartExchange begins to give each rank its part.
func (l *Local) StartExchange(out []byte, outCuts []int, in []byte, inCuts []int) (wait func()) {
	give := make([][]byte, l.hub.size)
	for r := range give {
		give[r] = bytes.Clone(out[outCuts[r]:outCuts[r+1]])
	}
	return l.meet("exchange", give, in, inCuts)
}

// meet gives each rank something in the next call of all, and puts what the others give where the
// cuts of into say.
func (l *Local) meet(kind string, give [][]byte, into []byte, cuts []int) (wait func()) {
	h, call := l.hub, l.calls
	l.calls++
	h.mu.Lock()
	defer h.mu.Unlock()
	if l.err != nil {
		return func() {}
	}
	m := h.open[call]
	if m == nil {
		m = &meeting{kind: kind, parts: make([][][]byte, h.size)}
		h.open[call] = m
	}
	if m.kind != kind {
		m.bad = true
		h.lose(fmt.Errorf("%w: call %d of rank %d is %q, of another %q", ErrLost, call, l.rank,
			kind, m.kind))
	}
	m.parts[l.rank] = give
	m.came++
	h.met.Broadcast()
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		for m.came < h.size && h.err == nil {
			h.met.Wait()
		}
		if m.came < h.size || m.bad {
			l.err = h.err
			return
		}
		for r, parts := range m.parts {
			if n := copy(into[cuts[r]:cuts[r+1]], parts[l.rank]); n != len(parts[l.rank]) ||
				n != cuts[r+1]-cuts[r] {
				h.lose(fmt.Errorf("%w: rank %d gave rank %d %d bytes, which expected %d", ErrLost,
					r, l.rank, len(parts[l.rank]), cuts[r+1]-cuts[r]))
				l.err = h.err
				return
			}
		}
		if m.left++; m.left == h.size {
			delete(h.open, call)
		}
	}
}
