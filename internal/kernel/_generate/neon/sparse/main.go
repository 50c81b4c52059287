// Command sparse generates for NEON the micro-kernels of products with a sparse matrix, C = A·B: of
// single weights (single.go) and of runs of 8 weights along the columns (runs.go).
package main

import "github.com/tailor-nas/tailor/internal/kernel/_generate/neon"

func main() {
	neon.Generate(func(f *neon.File) {
		transpose(f)
		for _, pixels := range []int{4, 8, 16} {
			single(f, pixels)
		}
		for _, height := range []int{1, 2, 4, 8} {
			runs(f, height)
		}
	})
}
