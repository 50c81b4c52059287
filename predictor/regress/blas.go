package regress

import (
	"sync"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
	"gorgonia.org/tensor"

	"github.com/tailor-nas/tailor/internal/kernel"
)

// products is the BLAS of Gorgonia's tensors: gonum's, but for products of float32 matrices, which
// are most of the time of training, and which tailor's kernels compute several times as fast.
type products struct{ gonum.Implementation }

// Gorgonia has one BLAS for the whole process, which its packages set in the same way.
func init() { tensor.Use(products{}) }

// packs holds matrices to pack into.
var packs = sync.Pool{New: func() any { return new(kernel.Packed) }}

// Sgemm computes C = alpha*A*B + beta*C; with tA, tB a matrix is transposed.
func (p products) Sgemm(tA, tB blas.Transpose, m, n, k int, alpha float32, a []float32, lda int,
	b []float32, ldb int, beta float32, c []float32, ldc int) {
	// BLAS defines more than the kernels do; what is left to it also checks bad arguments.
	plain := alpha == 1 && (beta == 0 || beta == 1) && min(m, n, k) > 0
	switch {
	case plain && tA == blas.NoTrans:
		packed, ok := packs.Get().(*kernel.Packed)
		if !ok {
			panic("regress: the pool has something else")
		}
		if tB == blas.NoTrans {
			packed.Pack(k, n, b, ldb)
		} else {
			packed.PackTransposed(k, n, b, ldb)
		}
		kernel.MulPacked(m, a, lda, packed, c, ldc, beta == 1, nil)
		packs.Put(packed)
	case plain && tB == blas.NoTrans:
		if beta == 0 {
			for i := range m {
				clear(c[i*ldc:][:n])
			}
		}
		kernel.MulTN(m, n, k, a, lda, b, ldb, c, ldc, nil)
	default:
		p.Implementation.Sgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
	}
}
