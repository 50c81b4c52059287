package supernet

import "fmt"

// stemEnd names the blocks behind the part of a deep stem that is half as wide.
var stemEnd = [...]string{"stem.widen", "stem.pool"}

// deep says whether the stem is that of ResNet-D.
func (s *Stem) deep() bool { return len(s.Depth) > 0 }

// stem adds the blocks before the stages.
func (b *builder) stem(a Arch) {
	s := b.space
	st := &s.Stem
	b.begin(s.elasticWidths() || len(st.Depth) > 1)
	if !st.deep() {
		b.conv("stem", s.scaled(st.Width, s.multiplier(a, 0)), s.stemKernel(), st.Stride, st.Act,
			true)
		return
	}
	half := MakeDivisible(float64(s.scaled(st.Width, s.multiplier(a, 0))/2), s.divisor())
	for i := range s.stemDepth(a) {
		if i == 0 {
			b.conv("stem.0", half, 3, st.Stride, st.Act, true)
			continue
		}
		b.residual(fmt.Sprintf("stem.%d", i), 3, st.Act)
	}
	b.begin(s.elasticWidths())
	b.conv(stemEnd[0], s.scaled(st.Width, s.multiplier(a, 1)), 3, 1, st.Act, true)
	b.paddedMaxPool(stemEnd[1], 3, 2)
}

// stemDepth is how many convolutions of half the width a deep stem has.
func (s *Space) stemDepth(a Arch) int {
	if len(s.Stem.Depth) > 1 {
		return int(a.Depth[0])
	}
	return s.Stem.Depth[0]
}
