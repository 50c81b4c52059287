//go:build !noasm

package kernel

type (
	tileFunc func(count, k int, a *float32, aRow int, b, c *float32, cRow int, add bool,
		sum, square, ahead *float32, step int)
	outerFunc func(count, k int, a *float32, aRow int, b *float32, bRow int, c *float32, cRow int,
		ahead *float32, step int)
)

// The tiles of some columns, by their rows.
var (
	tiles = [...][]tileFunc{
		1: {1: tile1x1NEON, tile2x1NEON, tile3x1NEON, tile4x1NEON, tile5x1NEON, tile6x1NEON,
			tile7x1NEON, tile8x1NEON},
		4: {1: tile1x4NEON, tile2x4NEON, tile3x4NEON, tile4x4NEON, tile5x4NEON, tile6x4NEON,
			tile7x4NEON, tile8x4NEON},
		8: {1: tile1x8NEON, tile2x8NEON, tile3x8NEON, tile4x8NEON, tile5x8NEON, tile6x8NEON,
			tile7x8NEON, tile8x8NEON},
		12: {1: tile1x12NEON, tile2x12NEON, tile3x12NEON, tile4x12NEON, tile5x12NEON,
			tile6x12NEON},
		16: {1: tile1x16NEON, tile2x16NEON, tile3x16NEON, tile4x16NEON, tile5x16NEON,
			tile6x16NEON},
	}
	outers = [...][]outerFunc{
		1: {1: outer1x1NEON, outer2x1NEON, outer3x1NEON, outer4x1NEON, outer5x1NEON,
			outer6x1NEON, outer7x1NEON, outer8x1NEON},
		4: {1: outer1x4NEON, outer2x4NEON, outer3x4NEON, outer4x4NEON, outer5x4NEON,
			outer6x4NEON, outer7x4NEON, outer8x4NEON},
		8: {1: outer1x8NEON, outer2x8NEON, outer3x8NEON, outer4x8NEON, outer5x8NEON,
			outer6x8NEON, outer7x8NEON, outer8x8NEON},
		12: {1: outer1x12NEON, outer2x12NEON, outer3x12NEON, outer4x12NEON, outer5x12NEON,
			outer6x12NEON},
		16: {1: outer1x16NEON, outer2x16NEON, outer3x16NEON, outer4x16NEON, outer5x16NEON,
			outer6x16NEON},
	}
)

// mulStrided computes a column block of C, at most panelWidth wide: rows of A are aRow apart and
// its columns aCol. Either rows of A are adjacent values and B is packed, or columns of A are and
// the product is added to C: what there is no kernel for is left to plain Go.
func mulStrided(m, n, k int, a []float32, aRow, aCol int, b []float32, bRow int, c []float32,
	cRow int, r result) {
	rows, columns := aCol == 1 && bRow == panelWidth(n), aRow == 1 && r.add && r.sum == nil
	if active == Portable || !rows && !columns {
		mulStridedGo(m, n, k, a, aRow, aCol, b, bRow, c, cRow, r)
		return
	}
	for j := 0; j < n; {
		width := 1
		if n-j >= 4 {
			width = (n - j) / 4 * 4
		}
		if rows {
			mulRows(tiles[width], m, k, a, aRow, b[j:], c[j:], cRow, r.from(j, width))
		} else {
			mulColumns(outers[width], m, k, a, aCol, b[j:], bRow, c[j:], cRow, r.ahead)
		}
		j += width
	}
}

// from is what is done with some columns from j on.
func (r result) from(j, columns int) result {
	if r.sum != nil {
		r.sum, r.square = r.sum[j:j+columns], r.square[j:j+columns]
	}
	return r
}

func mulRows(tiles []tileFunc, m, k int, a []float32, aRow int, b, c []float32, cRow int,
	r result) {
	var sum, square *float32
	if r.sum != nil {
		sum, square = &r.sum[0], &r.square[0]
	}
	for i := 0; i < m; {
		rows, count := tileRows(m-i, len(tiles)-1)
		count, at, step := r.ahead.takeTimes(count, k/4)
		tiles[rows](count, k, &a[i*aRow], 4*aRow, &b[0], &c[i*cRow], 4*cRow, r.add, sum, square,
			at, step)
		i += rows * count
	}
}

func mulColumns(tiles []outerFunc, m, k int, a []float32, aRow int, b []float32, bRow int,
	c []float32, cRow int, ahead *Ahead) {
	for i := 0; i < m; {
		rows, count := tileRows(m-i, len(tiles)-1)
		count, at, step := ahead.takeTimes(count, k/4)
		tiles[rows](count, k, &a[i], 4*aRow, &b[0], 4*bRow, &c[i*cRow], 4*cRow, at, step)
		i += rows * count
	}
}
