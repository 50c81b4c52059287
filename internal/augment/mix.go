package augment

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"
)

// Mixing says how every image of a batch is joined with the one after it, the last with the first.
type Mixing struct {
	Share float64 // of an image in its mixture; the other has the rest
	box   window  // CutMix: the part that is the other's
	cut   bool
}

// DrawMixing chooses for a batch; ok is false for one that stays as it is.
func (r Recipe) DrawMixing(random *rand.Rand, size int) (m Mixing, ok bool) {
	if !r.Mixes() || random.Float64() >= r.MixShare {
		return Mixing{}, false
	}
	m.cut = r.Mixup == 0 || r.CutMix > 0 && random.IntN(2) == 1
	alpha := r.Mixup
	if m.cut {
		alpha = r.CutMix
	}
	m.Share = distuv.Beta{Alpha: alpha, Beta: alpha, Src: random}.Rand()
	if m.cut {
		m.cutOut(random, size)
	}
	return m, true
}

// cutOut chooses the part of the other image: of the square's shape, its centre anywhere, cut off
// at the edge. The share becomes what is left.
func (m *Mixing) cutOut(random *rand.Rand, size int) {
	side := int(float64(size) * math.Sqrt(1-m.Share))
	x, y := random.IntN(size), random.IntN(size)
	left, right := max(x-side/2, 0), min(x-side/2+side, size)
	top, bottom := max(y-side/2, 0), min(y-side/2+side, size)
	m.box = window{left, top, right - left, bottom - top}
	m.Share = 1 - float64(m.box.w*m.box.h)/float64(size*size)
}

// Apply mixes a batch of normalised images, of which each has so many channels and the given size.
// first is scratch for one image.
func (m Mixing) Apply(x []float32, size, channels int, first []float32) {
	length := size * size * channels
	first = first[:length]
	copy(first, x)
	for at := 0; at < len(x); at += length {
		other := first
		if at+length < len(x) {
			other = x[at+length:][:length]
		}
		m.join(x[at:][:length], other, size, channels)
	}
}

// join mixes other into own.
func (m Mixing) join(own, other []float32, size, channels int) {
	if !m.cut {
		share, rest := float32(m.Share), float32(1-m.Share)
		for i, v := range other {
			own[i] = float32(share*own[i]) + float32(rest*v)
		}
		return
	}
	for y := m.box.y; y < m.box.y+m.box.h; y++ {
		at := (y*size + m.box.x) * channels
		copy(own[at:at+m.box.w*channels], other[at:])
	}
}
