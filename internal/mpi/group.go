package mpi

import (
	"fmt"
	"math"
	"runtime"
	"unsafe"

	"github.com/tailor-nas/tailor/internal/ranks"
	"github.com/tailor-nas/tailor/internal/runtime/clib"
)

// Group is the processes that mpirun started, as package ranks has groups. A process has one, and
// joins it once.
type Group struct {
	lib        *library
	rank, size int
	err        error
}

// Join makes this process one of those that mpirun started. One that was started alone is a group
// of its own. Call Close before the process ends, or Abort.
func Join() (*Group, error) {
	lib, err := openLibrary()
	if err != nil {
		return nil, err
	}
	if err := lib.start(); err != nil {
		return nil, err
	}
	g := &Group{lib: lib}
	if g.rank, err = lib.number("MPI_Comm_rank", lib.commRank); err != nil {
		return nil, err
	}
	if g.size, err = lib.number("MPI_Comm_size", lib.commSize); err != nil {
		return nil, err
	}
	return g, g.checkSize()
}

// checkSize refuses the library of another MPI than mpirun is of, by which every process is alone.
func (g *Group) checkSize() error {
	if started := ranks.Launched(); g.size != started {
		return fmt.Errorf("%w: mpirun started %d processes, and the library %s knows of %d: name the one of that mpirun in %s, or start them with the mpirun of the library",
			ErrOther, started, g.lib.name, g.size, Variable)
	}
	return nil
}

// Rank is the number of this process.
func (g *Group) Rank() int { return g.rank }

// Size is the number of processes.
func (g *Group) Size() int { return g.size }

// Err is why the group was lost. Most often the process does not live to ask: mpirun ends all of
// them when one ends without Close.
func (g *Group) Err() error { return g.err }

// Close ends the group, once all ranks have called it.
func (g *Group) Close() error {
	return g.lib.check("MPI_Finalize", clib.Call(g.lib.finalize))
}

// Abort ends all processes of the group, this one too.
func (g *Group) Abort(status int) { clib.Call(g.lib.abort, g.lib.world, uintptr(status)) }

// Gather completes all.
func (g *Group) Gather(all []byte, cuts []int) {
	counts, from := g.counts(cuts)
	if g.err != nil {
		return
	}
	l := g.lib
	g.failed(l.check("MPI_Allgatherv", clib.Call(l.allgatherv, l.inPlace, 0, l.bytes,
		uintptr(unsafe.Pointer(unsafe.SliceData(all))), uintptr(unsafe.Pointer(&counts[0])),
		uintptr(unsafe.Pointer(&from[0])), l.bytes, l.world)))
}

// StartGather begins to.
func (g *Group) StartGather(all []byte, cuts []int) (wait func()) {
	counts, from := g.counts(cuts)
	if g.err != nil {
		return func() {}
	}
	l, r := g.lib, new(request)
	g.failed(l.check("MPI_Iallgatherv", clib.Call(l.iallgatherv, l.inPlace, 0, l.bytes,
		uintptr(unsafe.Pointer(unsafe.SliceData(all))), uintptr(unsafe.Pointer(&counts[0])),
		uintptr(unsafe.Pointer(&from[0])), l.bytes, l.world, uintptr(unsafe.Pointer(&r.handle)))))
	r.uses = []any{all, counts, from}
	return func() { g.wait(r) }
}

// StartExchange begins to give each rank its part.
func (g *Group) StartExchange(out []byte, outCuts []int, in []byte, inCuts []int) (wait func()) {
	outCounts, outFrom := g.counts(outCuts)
	inCounts, inFrom := g.counts(inCuts)
	if g.err != nil {
		return func() {}
	}
	l, r := g.lib, new(request)
	g.failed(l.check("MPI_Ialltoallv", clib.Call(l.ialltoallv,
		uintptr(unsafe.Pointer(unsafe.SliceData(out))), uintptr(unsafe.Pointer(&outCounts[0])),
		uintptr(unsafe.Pointer(&outFrom[0])), l.bytes,
		uintptr(unsafe.Pointer(unsafe.SliceData(in))), uintptr(unsafe.Pointer(&inCounts[0])),
		uintptr(unsafe.Pointer(&inFrom[0])), l.bytes, l.world,
		uintptr(unsafe.Pointer(&r.handle)))))
	r.uses = []any{out, outCounts, outFrom, in, inCounts, inFrom}
	return func() { g.wait(r) }
}

// request is a call whose end is yet to come. The library reads and writes what it uses until then.
type request struct {
	handle uintptr // an int in MPICH, the rest of which stays 0
	uses   []any
}

func (g *Group) wait(r *request) {
	if g.err == nil {
		g.failed(g.lib.check("MPI_Wait", clib.Call(g.lib.wait, uintptr(unsafe.Pointer(&r.handle)),
			g.lib.ignoreStatus)))
	}
	runtime.KeepAlive(r)
}

// counts are sizes and places as MPI has them.
func (g *Group) counts(cuts []int) (sizes, from []int32) {
	sizes, from = make([]int32, g.size), make([]int32, g.size)
	for r := range sizes {
		if cuts[r+1] > math.MaxInt32 {
			g.failed(fmt.Errorf("a message has %d bytes, of which MPI takes %d", cuts[r+1],
				math.MaxInt32))
			return sizes, from
		}
		sizes[r], from[r] = int32(cuts[r+1]-cuts[r]), int32(cuts[r])
	}
	return sizes, from
}

func (g *Group) failed(err error) {
	if g.err == nil && err != nil {
		g.err = fmt.Errorf("%w: %w", ranks.ErrLost, err)
	}
}
