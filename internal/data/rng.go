package data

import (
	"math/bits"
	"math/rand/v2"
)

// Purposes keep apart the random streams that one seed feeds. Their values are part of every
// result: append only.
const (
	forHoldout uint64 = iota + 1
	forSplit
	forSubset
	forShuffle
	forAugment
	forSynthetic
	forEdits
	forErasing
	forMixing
)

// stream is a random generator that is a plain value, so that one an image costs no allocation.
type stream struct{ pcg rand.PCG }

// newStream gives the generator of (seed, purpose, a, b). PCG's two seed words are hashed because
// neighbouring seeds would otherwise start in related states.
func newStream(seed, purpose, a, b uint64) stream {
	var s stream
	h := mix(seed ^ mix(purpose))
	h = mix(h ^ mix(a^0x9e3779b97f4a7c15))
	lo := mix(h ^ mix(b^0xd1b54a32d192ed03))
	s.pcg.Seed(h, lo)
	return s
}

// mix is the finaliser of SplitMix64 (Steele, Lea and Flood 2014).
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below gives a number in [0, n). The bias of a multiply without rejection is under n/2^64.
func (s *stream) below(n int) int {
	hi, _ := bits.Mul64(s.pcg.Uint64(), uint64(n))
	return int(hi)
}

// unit gives a number in [0, 1) with 53 random bits.
func (s *stream) unit() float64 { return float64(s.pcg.Uint64()>>11) / (1 << 53) }

// between gives a number in [lo, hi).
func (s *stream) between(lo, hi float64) float64 { return lo + (hi-lo)*s.unit() }

// permute fills order with a permutation of 0..len-1 (Fisher-Yates).
func (s *stream) permute(order []int32) {
	for i := range order {
		order[i] = int32(i)
	}
	for i := len(order) - 1; i > 0; i-- {
		j := s.below(i + 1)
		order[i], order[j] = order[j], order[i]
	}
}
