// Command sparse generates the micro-kernels of products with a sparse matrix, C = A·B: of single
// weights (single.go) and of runs of weights along the columns (runs.go).
package main

import (
	. "github.com/mmcloughlin/avo/build"

	"github.com/tailor-nas/tailor/internal/kernel/_generate/vec"
)

func main() {
	ConstraintExpr("!noasm")
	for _, pixels := range []int{4, 8, 16} {
		transpose(pixels)
	}
	for _, t := range []struct{ lanes, vectors int }{{4, 1}, {8, 1}, {8, 2}, {16, 1}, {16, 2},
		{16, 4}} {
		single(t.lanes, t.vectors)
	}
	avx512, avx2 := vec.Both[0], vec.Both[1]
	for _, height := range []int{1, 2, 4, 8, 16} {
		runs(avx512(), height)
		runs(half{avx512()}, height)
		if height <= 8 {
			runs(avx2(), height)
		}
	}
	lanes(avx512())
	vec.Write()
}
