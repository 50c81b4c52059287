package kernel

// mulStridedGo is the plain form of what the tiles compute.
func mulStridedGo(m, n, k int, a []float32, aRow, aCol int, b []float32, bRow int, c []float32,
	cRow int, r result) {
	for i := range m {
		ci := c[i*cRow:][:n]
		if !r.add {
			clear(ci)
		}
		p, at := 0, i*aRow
		for ; p+4 <= k; p += 4 {
			axpy4(ci, b[p*bRow:][:n], b[(p+1)*bRow:][:n], b[(p+2)*bRow:][:n], b[(p+3)*bRow:][:n],
				a[at+p*aCol], a[at+(p+1)*aCol], a[at+(p+2)*aCol], a[at+(p+3)*aCol])
		}
		for ; p < k; p++ {
			axpy(ci, b[p*bRow:][:n], a[at+p*aCol])
		}
	}
	if r.sum != nil {
		addMoments(c, m, cRow, r.sum, r.square)
	}
}
