//go:build (!amd64 && !arm64) || noasm

package kernel

func mulStrided(m, n, k int, a []float32, aRow, aCol int, b []float32, bRow int, c []float32,
	cRow int, r result) {
	mulStridedGo(m, n, k, a, aRow, aCol, b, bRow, c, cRow, r)
}
