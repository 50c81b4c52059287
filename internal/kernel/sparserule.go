package kernel

// SparseRows is how many rows of A a tile of single values takes at most; a multiple of it is best.
const SparseRows = sparseTile

// Faster says whether ConvolveSparse is expected to be faster than ConvolvePacked with m rows of A and b, (k,n) with leading dimension
// ldb, and in which layout.
func Faster(m, k, n int, b []float32, ldb int) (layout Layout, faster bool) {
	all, kept := Count(Singles, k, n, b, ldb)
	zeros := 1 - float64(kept)/float64(all)
	if zeros < .4 {
		return 0, false
	}
	for _, l := range []Layout{Runs16, Runs8} {
		all, kept := Count(l, k, n, b, ldb)
		if 1-float64(kept)/float64(all) > zeros-.05 {
			return l, true
		}
	}
	return Singles, m >= 16
}
