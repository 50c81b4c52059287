// Command gemm generates the matrix product's micro-kernels for NEON: a tile of C held in registers
// while k runs.
//
// A tile has up to 6 rows by four vectors of 4 columns: 24 accumulators, 6 vectors with four values
// each of a row of A, and two with a piece of a row of B. Products take a value of A from its lane.
// Narrower tiles have up to 8 rows. Columns that fill no vector are computed one by one.
package main

import "github.com/tailor-nas/tailor/internal/kernel/_generate/neon"

// panelBytes is the distance of the rows of a packed B.
const panelBytes = 4 * 16

func main() {
	neon.Generate(func(f *neon.File) {
		for _, cols := range []int{1, 4, 8, 12, 16} {
			most := 8
			if cols > 8 {
				most = 6
			}
			for rows := 1; rows <= most; rows++ {
				tile(f, rows, cols)
				outer(f, rows, cols)
			}
		}
	})
}

// shape is the size of a tile: rows of vectors, and how many lanes of them are used.
type shape struct{ rows, vectors, lanes int }

func shapeOf(rows, cols int) shape { return shape{rows, max(cols/4, 1), min(cols, 4)} }

// addMemory adds what C holds to the accumulators.
func (s shape) addMemory(p *neon.Func, acc [][]neon.Vec, c, cRow neon.Reg) {
	at, old := p.Reg(), p.Vecs(s.vectors, "old%d")
	p.Move(c, at)
	for _, row := range acc {
		p.LoadRow(old, at, cRow, s.lanes)
		for v := range row {
			p.Add4(row[v], row[v], old[v])
		}
	}
	p.Free(at)
	p.FreeVecs(old...)
}

// store writes the accumulators and moves c behind them.
func (s shape) store(p *neon.Func, acc [][]neon.Vec, c, cRow neon.Reg) {
	for _, row := range acc {
		p.StoreRow(row, c, cRow, s.lanes)
	}
}
