package nn

import (
	"unsafe"

	"github.com/tailor-nas/tailor/internal/ranks"
)

// MaxGroup is how many ranks there may be: each has a part of the batch at least.
const MaxGroup = chunkCount

// Share is the images that this process has of a batch of n: those of its rank, or all.
func (p *Pool) Share(n int) (from, to int) {
	cuts := imageCuts(p.Group, n, 1)
	if p.Group == nil {
		return 0, n
	}
	return cuts[p.Group.Rank()], cuts[p.Group.Rank()+1]
}

// Whole completes values of a batch of n images, width each, of which this process has computed
// those of its share; dst is grown if need be. A process alone has them all: own.
func (p *Pool) Whole(dst, own []float32, n, width int) []float32 {
	if p.Group == nil {
		return own
	}
	dst = grow(dst, n*width)
	from, to := p.Share(n)
	copy(dst[from*width:to*width], own)
	p.Group.Gather(bytesOf(dst), imageCuts(p.Group, n, width*floatBytes))
	return dst
}

const floatBytes, doubleBytes = 4, 8

// bytesOf is the memory of numbers.
func bytesOf[T float32 | float64](v []T) []byte {
	if len(v) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), len(v)*int(unsafe.Sizeof(v[0])))
}

// partCuts is where the parts of each rank begin, of so many that a batch has, in units of size.
func partCuts(g ranks.Group, parts, size int) []int {
	if g == nil {
		return []int{0, parts * size}
	}
	cuts := make([]int, g.Size()+1)
	for r := range cuts {
		cuts[r] = parts * r / g.Size() * size
	}
	return cuts
}

// imageCuts is where the images of each rank begin, of a batch of n, in units of size.
func imageCuts(g ranks.Group, n, size int) []int {
	parts := min(n, chunkCount)
	cuts := partCuts(g, parts, 1)
	for r, part := range cuts {
		cuts[r] = n * part / parts * size
	}
	return cuts
}

// share says what this process has of the batch of a graph: all of it, or the parts of its rank.
type share struct {
	group ranks.Group // nil for all
	batch int         // images of the whole batch
	parts int         // that it has
	part  int         // the first that is here
	image int         // the first that is here
}

// shareOf also gives how many parts and images are here.
func shareOf(group ranks.Group, n int) (s share, parts, images int) {
	s = share{group: group, batch: n, parts: min(n, chunkCount)}
	if group == nil {
		return s, s.parts, n
	}
	rank, by := group.Rank(), partCuts(group, s.parts, 1)
	s.part, s.image = by[rank], n*by[rank]/s.parts
	return s, by[rank+1] - s.part, n*by[rank+1]/s.parts - s.image
}

// gatherSums completes sums, size for each part.
func (s *share) gatherSums(sums []float64, size int) {
	if s.group != nil {
		s.group.Gather(bytesOf(sums), partCuts(s.group, s.parts, size*doubleBytes))
	}
}

// startWhole begins to complete values by image, width each.
func (s *share) startWhole(dst, own []float32, width int) (whole []float32, wait func()) {
	dst = grow(dst, s.batch*width)
	copy(dst[s.image*width:], own)
	return dst, s.group.StartGather(bytesOf(dst), imageCuts(s.group, s.batch, width*floatBytes))
}

// FromFirst gives all ranks of a group what the first has.
func FromFirst(g ranks.Group, v []float32) {
	cuts := make([]int, g.Size()+1)
	for r := range cuts[1:] {
		cuts[r+1] = len(v) * floatBytes
	}
	g.Gather(bytesOf(v), cuts)
}
