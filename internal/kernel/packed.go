package kernel

// panelWidth is the number of columns of a panel of a [Packed] matrix with n columns: as many as a
// tile has, of those of the widest that leave the fewest columns for a narrow one.
func panelWidth(n int) int {
	switch {
	case active == AVX2 && n%16 == 8 && n > 8:
		return 24
	case active == AVX2 || active == NEON:
		return 16
	}
	return 32
}

// Packed is a (k,n) matrix cut into panels of adjacent columns, each (k,width) in one piece, the
// last filled up with zeros: the order in which a product reads it. A weight is packed once a step
// and used for every image.
type Packed struct {
	K, N  int
	width int
	data  []float32
}

func (p *Packed) resize(k, n int) {
	p.K, p.N, p.width = k, n, panelWidth(n)
	size := (n + p.width - 1) / p.width * p.width * k
	if cap(p.data) < size {
		p.data = make([]float32, size)
	}
	p.data = p.data[:size]
}

// panel is the columns from j on.
func (p *Packed) panel(j int) []float32 { return p.data[j*p.K:][:p.width*p.K] }

// Pack copies b, (k,n) with leading dimension ldb.
func (p *Packed) Pack(k, n int, b []float32, ldb int) {
	p.resize(k, n)
	for j := 0; j < n; j += p.width {
		panel, w := p.panel(j), min(p.width, n-j)
		for i := range k {
			row := panel[i*p.width:][:p.width]
			clear(row[copy(row, b[i*ldb+j:][:w]):])
		}
	}
}

// PackTransposed copies the transpose of b, which is (n,k) with leading dimension ldb.
func (p *Packed) PackTransposed(k, n int, b []float32, ldb int) {
	p.resize(k, n)
	for j := 0; j < n; j += p.width {
		panel, w := p.panel(j), min(p.width, n-j)
		if w < p.width {
			clear(panel)
		}
		for col := range w {
			for i, v := range b[(j+col)*ldb:][:k] {
				panel[i*p.width+col] = v
			}
		}
	}
}

// MulPacked computes C = A·B, or C += A·B if add is set, with A (m,B.K) and C (m,B.N).
func MulPacked(m int, a []float32, lda int, b *Packed, c []float32, ldc int, add bool,
	ahead *Ahead) {
	if m == 0 {
		return
	}
	checkMatrix(a, m, b.K, lda)
	checkMatrix(c, m, b.N, ldc)
	for j := 0; j < b.N; j += b.width {
		mulStrided(m, min(b.width, b.N-j), b.K, a, lda, 1, b.panel(j), b.width, c[j:], ldc,
			result{add: add, ahead: ahead})
	}
}

// ConvolvePacked computes C = A·B, with A (m,B.K) and C (m,B.N): a 1x1 convolution of m pixels.
func ConvolvePacked(m int, a []float32, b *Packed, c []float32, out Output, ahead *Ahead) {
	if m == 0 {
		return
	}
	checkMatrix(a, m, b.K, b.K)
	checkMatrix(c, m, b.N, b.N)
	r := result{stream: out.Stream && streams(c, b.N), ahead: ahead}
	for i := 0; i < m; {
		rows, sum, square := out.Sums.block(m - i)
		for j := 0; j < b.N; j += b.width {
			n := min(b.width, b.N-j)
			if sum != nil {
				r.sum, r.square = sum[j:j+n], square[j:j+n]
			}
			mulStrided(rows, n, b.K, a[i*b.K:], b.K, 1, b.panel(j), b.width, c[i*b.N+j:], b.N, r)
		}
		i += rows
	}
}

// result says what mulStrided does with the product: add it to C, add the sums of its columns and
// of their squares, write it past the caches.
type result struct {
	add, stream bool
	sum, square []float32
	ahead       *Ahead
}

// tileRows says how high the next tiles of C are, and how many of that height, if so many rows are
// left and a tile has most.
func tileRows(left, most int) (rows, count int) {
	switch {
	case left%most == 0:
		return most, left / most
	case left < most:
		return left, 1
	case left < 2*most: // two of like height instead of a full and a thin one
		return (left + 1) / 2, 1
	}
	return most, left/most - 1
}

// checkMatrix panics if a matrix reaches beyond its slice, as the index expression of a plain loop
// would.
func checkMatrix(a []float32, rows, cols, ld int) { _ = a[(rows-1)*ld+cols-1] }

// MulTN computes C += Aᵀ·B. A is (k,m), B is (k,n), C is (m,n).
func MulTN(m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int,
	ahead *Ahead) {
	if m == 0 || n == 0 || k == 0 {
		return
	}
	checkMatrix(a, k, m, lda)
	checkMatrix(b, k, n, ldb)
	checkMatrix(c, m, n, ldc)
	width := panelWidth(n)
	for j := 0; j < n; j += width {
		mulStrided(m, min(width, n-j), k, a, 1, lda, b[j:], ldb, c[j:], ldc,
			result{add: true, ahead: ahead})
	}
}
