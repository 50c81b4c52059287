package kernel

// Faster says whether [ConvolveSparse] takes less time than [ConvolvePacked] with m rows of A and
// b, (k,n) with leading dimension ldb, and in which packing. It is an estimate from what was
// measured once (docs/engine.md): it depends on its arguments and on the instruction set, not on
// the machine's mood, so that a network is always computed in the same way.
func Faster(m, k, n int, b []float32, ldb int) (packing Packing, faster bool) {
	if m == 0 || k == 0 || n == 0 {
		return 0, false
	}
	counts := countProducts(k, n, b, ldb)
	p := &prices[active]
	dense := float64(k * ((n + p.lanes - 1) / p.lanes * p.lanes)) // products of a row
	best := worthwhile
	for _, l := range p.packings {
		share := float64(counts[l.packing]) / dense
		if t := share*l.tiles.price(m)/max(float64(m), p.least) + l.column/float64(n) + l.row/
			float64(k); t < best {
			best, packing, faster = t, l.packing, true
		}
	}
	return packing, faster
}

// worthwhile is below 1 by how well times are estimated.
const worthwhile = 0.95

// Prices are in units of the time that the dense product takes for a weight and a row of A, of many
// rows.
type (
	isaPrices struct {
		lanes    int     // columns of the dense product come in vectors of so many
		least    float64 // and fewer rows than these take it as long
		packings []packingPrices
	}
	packingPrices struct {
		packing Packing
		tiles   tilePrices // of a product
		// of a value on its way in, for each column; on its way out, for each row
		column, row float64
	}
	tilePrices []struct {
		rows  int
		price float64
	}
)

// price is that of m rows cut into tiles. The last tile may be filled in part.
func (t tilePrices) price(m int) (sum float64) {
	for i, tile := range t {
		count := m / tile.rows
		m -= count * tile.rows
		if i == len(t)-1 && m > 0 {
			count++
		}
		sum += float64(count) * tile.price
	}
	return sum
}

// prices were measured on AMD EPYCs: AVX2's on Zen 3 by tools/bench/sparse -prices, the others on
// Zen 4.
var prices = [...]isaPrices{
	Portable: {1, 1, []packingPrices{
		{Singles, tilePrices{{1, 3.9}}, 0, 7},
		{Runs8, tilePrices{{1, 3.1}}, 0, 2},
	}},
	AVX2: {8, 4.1, pricesBelow16},
	AVX512: {16, 2, []packingPrices{
		{Singles, tilePrices{{64, 80}, {32, 46}, {16, 29}, {8, 20}, {4, 18}}, 3.5, 4},
		{Runs8, tilePrices{{16, 18}, {8, 9.3}, {4, 7.2}, {2, 6.6}, {1, 7}}, 0, 5},
		{Runs16, tilePrices{{16, 16}, {8, 8}, {4, 4}, {2, 3.4}, {1, 3.5}}, 0, 2.5},
		{Lanes, tilePrices{{1, 4.8}}, 0, 8},
	}},
	NEON: {4, 4.1, pricesBelow16},
}

// pricesBelow16 are those of vectors of 8. NEON has tiles of the same pixels: its prices are taken
// to be the same, and were not measured.
var pricesBelow16 = []packingPrices{
	{Singles, tilePrices{{16, 28.6}, {8, 20.3}, {4, 19.9}}, 5, 1.4},
	{Runs8, tilePrices{{8, 9.9}, {4, 8.6}, {2, 8.5}, {1, 8.9}}, 1, 2.5},
}

// countProducts counts, for every packing, the products of a row of A with b: the values kept, and
// those that fill up steps. For Lanes these are the fewest possible.
func countProducts(k, n int, b []float32, ldb int) (counts [Lanes + 1]int) {
	for j := 0; j < n; j += panel {
		var column [panel]int // values that are not zero
		for i := range k {
			halves := [2]bool{}
			for q, v := range b[i*ldb+j:][:min(panel, n-j)] {
				if v != 0 {
					column[q]++
					halves[q/8] = true
				}
			}
			for _, any := range halves {
				if any {
					counts[Runs8] += 8
				}
			}
			if halves[0] || halves[1] {
				counts[Runs16] += 16
			}
		}
		most := 0
		for q := 0; q < panel; q += group {
			longest := max(column[q], column[q+1], column[q+2], column[q+3])
			counts[Singles] += group * longest
			most = max(most, longest)
		}
		counts[Lanes] += panel * most
	}
	return counts
}
