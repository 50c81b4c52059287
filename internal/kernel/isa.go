package kernel

import "fmt"

// ISA is the set of instructions that the kernels use.
type ISA uint8

// The sets, those of a processor worst first.
const (
	Portable ISA = iota // plain Go
	AVX2                // with FMA
	AVX512              // F, DQ, BW and VL
	NEON                // of arm64, which always has it
)

// ISAs are all sets, whether this processor has them or not.
var ISAs = [...]ISA{Portable, AVX2, AVX512, NEON}

func (i ISA) String() string {
	switch i {
	case AVX2:
		return "avx2"
	case AVX512:
		return "avx512"
	case NEON:
		return "neon"
	}
	return "portable"
}

// Best is the best set that this processor has and this build can use.
func Best() ISA { return best }

// active is the set in use. It is chosen once at start; tests compare the others through [Use].
var active = best

// Use makes all kernels of the process use a set and returns a function that goes back to the one
// before. It must not be called while kernels run. A set that the processor lacks is an error.
func Use(i ISA) (restore func(), err error) {
	if i != Portable && i != best && (i != AVX2 || best != AVX512) {
		return nil, fmt.Errorf("this processor or build has no %v kernels, its best are %v", i, best)
	}
	old := active
	active = i
	return func() { active = old }, nil
}
