package kernel

// axpy4 adds four scaled vectors: c[j] += s0*b0[j] + s1*b1[j] + s2*b2[j] + s3*b3[j].
func axpy4(c, b0, b1, b2, b3 []float32, s0, s1, s2, s3 float32) {
	n := len(c)
	b0, b1, b2, b3 = b0[:n], b1[:n], b2[:n], b3[:n]
	for j := range c {
		c[j] += s0*b0[j] + s1*b1[j] + s2*b2[j] + s3*b3[j]
	}
}

// axpy is c[j] += s*b[j].
func axpy(c, b []float32, s float32) {
	b = b[:len(c)]
	for j := range c {
		c[j] += s * b[j]
	}
}

// mulAdd4 adds four elementwise products: c[j] += a0[j]*b0[j] + a1[j]*b1[j] + a2[j]*b2[j] +
// a3[j]*b3[j].
func mulAdd4(c, a0, b0, a1, b1, a2, b2, a3, b3 []float32) {
	n := len(c)
	a0, b0, a1, b1 = a0[:n], b0[:n], a1[:n], b1[:n]
	a2, b2, a3, b3 = a2[:n], b2[:n], a3[:n], b3[:n]
	for j := range c {
		c[j] += a0[j]*b0[j] + a1[j]*b1[j] + a2[j]*b2[j] + a3[j]*b3[j]
	}
}

// mulAdd is c[j] += a[j]*b[j].
func mulAdd(c, a, b []float32) {
	a, b = a[:len(c)], b[:len(c)]
	for j := range c {
		c[j] += a[j] * b[j]
	}
}
