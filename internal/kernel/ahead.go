package kernel

// Ahead is memory that will be read soon. Kernels that compute much and read little fetch it into the cache piece by piece, so
// that memory is busy while they are.
type Ahead struct {
	parts [3][]float32
	piece int // values to fetch at a time
}

// NewAhead spreads the fetching of some slices over a number of steps.
func NewAhead(steps int, parts ...[]float32) Ahead {
	var a Ahead
	total := copy(a.parts[:], parts)
	n := 0
	for _, p := range a.parts[:total] {
		n += len(p)
	}
	a.piece = (n/max(steps, 1) + lineValues) / lineValues * lineValues
	return a
}

// lineValues is the number of values in a cache line.
const lineValues = 16

// step fetches the next piece.
func (a *Ahead) step() {
	for i := range a.parts {
		if p := a.parts[i]; len(p) > 0 {
			n := min(a.piece, len(p))
			fetch(p[:n])
			a.parts[i] = p[n:]
			return
		}
	}
}
