// Package ranks is what processes that train one network together say to each other, and such a
// group within one process, which tests use. Package mpi has one of several machines.
package ranks

// Group is the processes that train one network together, its ranks. Each has all weights and some
// images of every batch. What is summed over a batch comes together by these calls, and every rank
// adds it in the order of the images, as one that is alone does.
//
// All ranks make the same calls in the same order, with cuts that agree, each from one goroutine at
// a time. Once the group is lost calls return without having done anything: see Err.
type Group interface {
	Rank() int // 0 to Size-1
	Size() int
	// Gather completes all, of which rank r has all[cuts[r]:cuts[r+1]], and returns when it is
	// whole.
	Gather(all []byte, cuts []int)
	// StartGather begins what wait completes. In between all is left alone.
	StartGather(all []byte, cuts []int) (wait func())
	// StartExchange begins to give out[outCuts[r]:outCuts[r+1]] to each rank r, which has it in its
	// in from inCuts[this rank] on. Until wait has returned both are left alone.
	StartExchange(out []byte, outCuts []int, in []byte, inCuts []int) (wait func())
	// Err is why the group was lost, nil while it is whole. What was computed since it was asked
	// last is worth something only if it is nil.
	Err() error
}
