package report

import "math"

// normal95 is half of a normal distribution's 95 % interval, in standard deviations.
const normal95 = 1.96

// Wilson is a share of n images with its 95 % interval (Wilson, JASA 1927).
func Wilson(share float64, n int) Range {
	z2 := normal95 * normal95 / float64(n)
	middle := (share + z2/2) / (1 + z2)
	half := normal95 / (1 + z2) * math.Sqrt(share*(1-share)/float64(n)+z2/float64(4*n))
	return Range{Value: share, Low: min(middle-half, share), High: max(middle+half, share)}
}
