package data

import "fmt"

// memory is a Set whose pixels lie in one slab.
type memory struct {
	bytes  int     // bytes of an image
	pixels []uint8 // (N,H,W,C)
	labels []uint8
}

// newMemory allocates n images of size x size x channels bytes.
func newMemory(n, size, channels int) *memory {
	b := size * size * channels
	return &memory{bytes: b, pixels: make([]uint8, n*b), labels: make([]uint8, n)}
}

func (m *memory) Len() int            { return len(m.labels) }
func (m *memory) Label(i int) int     { return int(m.labels[i]) }
func (m *memory) image(i int) []uint8 { return m.pixels[i*m.bytes : (i+1)*m.bytes] }
func (m *memory) Image(i int, dst []uint8) error {
	if err := checkLen(dst, m.bytes); err != nil {
		return err
	}
	copy(dst, m.image(i))
	return nil
}

// checkLen is the first step of every Image: a short buffer would otherwise give part of an image.
func checkLen(dst []uint8, want int) error {
	if len(dst) != want {
		return fmt.Errorf("data: image buffer has %d bytes: want Size*Size*Channels = %d", len(dst),
			want)
	}
	return nil
}

// chosen is a list of another set's images.
type chosen struct {
	base  Set
	index []int32
}

// pick looks through a chosen set, so that sets of sets cost one indirection.
func pick(s Set, index []int32) Set {
	c, ok := s.(*chosen)
	if !ok {
		return &chosen{base: s, index: index}
	}
	through := make([]int32, len(index))
	for i, j := range index {
		through[i] = c.index[j]
	}
	return &chosen{base: c.base, index: through}
}

// Labels and images come from the base; only the numbering is the list's.
func (c *chosen) Len() int                       { return len(c.index) }
func (c *chosen) Label(i int) int                { return c.base.Label(int(c.index[i])) }
func (c *chosen) Image(i int, dst []uint8) error { return c.base.Image(int(c.index[i]), dst) }

// Subset gives n images of s, drawn without replacement and fixed by seed, in random order: any run
// of them is a fair sample, also where s is sorted by class. With n >= s.Len() it is all of s,
// shuffled.
func Subset(s Set, n int, seed uint64) Set {
	order := make([]int32, s.Len())
	rng := newStream(seed, forSubset, 0, 0)
	rng.permute(order)
	n = min(max(n, 0), len(order))
	return pick(s, order[:n:n])
}
