package nn

// arena hands out slices of memory that are all given back at once. After one round of the largest
// size it allocates no more.
type arena struct {
	block  []float32
	used   int
	wanted int
}

// align keeps slices on cache line boundaries relative to the block.
const align = 16

func (a *arena) reset() {
	if a.wanted > len(a.block) {
		a.block = make([]float32, a.wanted)
	}
	a.used, a.wanted = 0, 0
}

// alloc gives n floats with undefined contents.
func (a *arena) alloc(n int) []float32 {
	size := (n + align - 1) / align * align
	a.wanted += size
	if a.used+size > len(a.block) {
		return make([]float32, n)
	}
	s := a.block[a.used:][:n:n]
	a.used += size
	return s
}
