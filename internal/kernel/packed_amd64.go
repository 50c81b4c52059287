//go:build !noasm

package kernel

type tileFunc func(count, k int, a *float32, aRow, aCol int, b *float32, bRow int, c *float32,
	cRow int, mask *int32, add, stream bool, sum, square, ahead *float32, step int)

var (
	tiles512x16 = [...]tileFunc{1: tile1x16AVX512, tile2x16AVX512, tile3x16AVX512, tile4x16AVX512,
		tile5x16AVX512, tile6x16AVX512,
		tile7x16AVX512, tile8x16AVX512, tile9x16AVX512, tile10x16AVX512, tile11x16AVX512,
		tile12x16AVX512}
	tiles512x32 = [...]tileFunc{1: tile1x32AVX512, tile2x32AVX512, tile3x32AVX512, tile4x32AVX512,
		tile5x32AVX512, tile6x32AVX512,
		tile7x32AVX512, tile8x32AVX512, tile9x32AVX512, tile10x32AVX512, tile11x32AVX512,
		tile12x32AVX512}
	tiles2x8 = [...]tileFunc{1: tile1x8AVX2, tile2x8AVX2, tile3x8AVX2, tile4x8AVX2, tile5x8AVX2,
		tile6x8AVX2, tile7x8AVX2, tile8x8AVX2, tile9x8AVX2, tile10x8AVX2, tile11x8AVX2,
		tile12x8AVX2}
	tiles2x8Rest = [...]tileFunc{1: tile1x8RestAVX2, tile2x8RestAVX2, tile3x8RestAVX2,
		tile4x8RestAVX2, tile5x8RestAVX2, tile6x8RestAVX2, tile7x8RestAVX2, tile8x8RestAVX2,
		tile9x8RestAVX2, tile10x8RestAVX2, tile11x8RestAVX2, tile12x8RestAVX2}
	tiles2x16 = [...]tileFunc{1: tile1x16AVX2, tile2x16AVX2, tile3x16AVX2, tile4x16AVX2,
		tile5x16AVX2, tile6x16AVX2}
	tiles2x16Rest = [...]tileFunc{1: tile1x16RestAVX2, tile2x16RestAVX2, tile3x16RestAVX2,
		tile4x16RestAVX2, tile5x16RestAVX2, tile6x16RestAVX2}
	tiles2x24 = [...]tileFunc{1: tile1x24AVX2, tile2x24AVX2, tile3x24AVX2, tile4x24AVX2}
)

// lanes has eight ones and eight zeros: the mask of n lanes of AVX2 begins at 8-n.
var lanes = [16]int32{-1, -1, -1, -1, -1, -1, -1, -1}

// bitMasks[n] has the n lowest bits set.
var bitMasks = func() (m [17]int32) {
	for n := range m {
		m[n] = 1<<n - 1
	}
	return m
}()

// tilesOf gives the tiles for the first of n columns of C, for how many of them they are, and the
// mask of their last vector, if they have one.
func tilesOf(n int) (tiles []tileFunc, columns int, mask *int32) {
	switch {
	case active == AVX512 && n <= 16:
		return tiles512x16[:], n, &bitMasks[n]
	case active == AVX512:
		return tiles512x32[:], n, &bitMasks[n-16]
	case n == 24:
		return tiles2x24[:], n, nil
	case n >= 16:
		return tiles2x16[:], 16, nil
	case n > 8:
		return tiles2x16Rest[:], n, &lanes[16-n]
	case n == 8:
		return tiles2x8[:], n, nil
	}
	return tiles2x8Rest[:], n, &lanes[8-n]
}

// mulStrided computes a column block of C, at most panelWidth wide: rows of A are aRow apart and
// its columns aCol.
func mulStrided(m, n, k int, a []float32, aRow, aCol int, b []float32, bRow int, c []float32,
	cRow int, r result) {
	if active == Portable {
		mulStridedGo(m, n, k, a, aRow, aCol, b, bRow, c, cRow, r)
		return
	}
	for j := 0; j < n; {
		tiles, columns, mask := tilesOf(n - j)
		var sum, square *float32
		if r.sum != nil {
			sum, square = &r.sum[j], &r.square[j]
		}
		for i := 0; i < m; {
			rows, count := tileRows(m-i, len(tiles)-1)
			count, at, step := r.ahead.takeTimes(count, k)
			tiles[rows](count, k, &a[i*aRow], 4*aRow, 4*aCol, &b[j], 4*bRow, &c[i*cRow+j], 4*cRow,
				mask, r.add, r.stream, sum, square, at, step)
			i += rows * count
		}
		j += columns
	}
}
