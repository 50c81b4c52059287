package kernel

// Gemm computes C = A·B, or C += A·B if accumulate is set. A is (m,k), B is (k,n), C is (m,n).
//
// A 1x1 convolution is this product: A the pixels, B the weight as (in,out).
func Gemm(m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int,
	accumulate bool) {
	for i := range m {
		ci, ai := c[i*ldc:][:n], a[i*lda:][:k]
		if !accumulate {
			clear(ci)
		}
		p := 0
		for ; p+4 <= k; p += 4 {
			axpy4(ci, b[p*ldb:][:n], b[(p+1)*ldb:][:n], b[(p+2)*ldb:][:n], b[(p+3)*ldb:][:n], ai[p],
				ai[p+1], ai[p+2], ai[p+3])
		}
		for ; p < k; p++ {
			axpy(ci, b[p*ldb:][:n], ai[p])
		}
	}
}

// GemmNT computes C = A·Bᵀ. A is (m,k), B is (n,k), C is (m,n).
//
// The input gradient of a 1x1 convolution is this product: A the output gradient, B the weight as
// (in,out).
func GemmNT(m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int) {
	for i := range m {
		ai, ci := a[i*lda:][:k], c[i*ldc:][:n]
		j := 0
		for ; j+4 <= n; j += 4 {
			ci[j], ci[j+1], ci[j+2], ci[j+3] = dot4(ai, b[j*ldb:][:k], b[(j+1)*ldb:][:k],
				b[(j+2)*ldb:][:k], b[(j+3)*ldb:][:k])
		}
		for ; j < n; j++ {
			ci[j] = dot(ai, b[j*ldb:][:k])
		}
	}
}

func dot4(a, b0, b1, b2, b3 []float32) (s0, s1, s2, s3 float32) {
	n := len(a)
	b0, b1, b2, b3 = b0[:n], b1[:n], b2[:n], b3[:n]
	for j, v := range a {
		s0 += v * b0[j]
		s1 += v * b1[j]
		s2 += v * b2[j]
		s3 += v * b3[j]
	}
	return s0, s1, s2, s3
}

func dot(a, b []float32) (s float32) {
	b = b[:len(a)]
	for j, v := range a {
		s += v * b[j]
	}
	return s
}

// GemmTN computes C += Aᵀ·B. A is (k,m), B is (k,n), C is (m,n).
//
// The weight gradient of a 1x1 convolution is this product: A the input pixels, B the output
// gradient.
func GemmTN(m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int) {
	p := 0
	for ; p+4 <= k; p += 4 {
		a0, a1, a2, a3 := a[p*lda:][:m], a[(p+1)*lda:][:m], a[(p+2)*lda:][:m], a[(p+3)*lda:][:m]
		b0, b1, b2, b3 := b[p*ldb:][:n], b[(p+1)*ldb:][:n], b[(p+2)*ldb:][:n], b[(p+3)*ldb:][:n]
		for i := range m {
			axpy4(c[i*ldc:][:n], b0, b1, b2, b3, a0[i], a1[i], a2[i], a3[i])
		}
	}
	for ; p < k; p++ {
		for i := range m {
			axpy(c[i*ldc:][:n], b[p*ldb:][:n], a[p*lda+i])
		}
	}
}
