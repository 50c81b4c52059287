package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/tailor-nas/tailor/internal/kernel"
)

// manyRows is a number of rows that the dense product is at its best with.
const manyRows = 256

// tiles are the numbers of rows whose price is measured.
var tiles = []int{1, 2, 4, 8, 16, 32, 64}

// packings are those whose prices are fitted, with the length of their runs and the tiles that
// they can have.
var packings = []struct {
	name    string
	packing kernel.Packing
	run     int
	tiles   []int
}{
	{"Singles", kernel.Singles, 1, tiles[2:]},
	{"Runs8", kernel.Runs8, 8, tiles},
	{"Runs16", kernel.Runs16, 16, tiles},
	{"Lanes", kernel.Lanes, 1, tiles[:1]},
}

// timed is the time of a sparse product of some rows, in units of what the dense product of many
// rows takes for one of them.
type timed struct {
	packing  int
	tile     int // index into its tiles
	rows     int
	in, out  int
	products int // of a row
	time     float64
}

// prices measures what internal/kernel/sparserule.go needs to know of an instruction set: on the
// layers of the space's largest network, with all numbers of rows.
func (b *bench) prices(ctx context.Context, w io.Writer) error {
	var all []timed
	var least []float64
	var done [][2]int
	for _, s := range shapes(b.space.Blocks(b.space.Max())) {
		if s.Pixels == 1 || slices.Contains(done, [2]int{s.In, s.Out}) {
			continue
		}
		done = append(done, [2]int{s.In, s.Out})
		few, ts, err := b.timeRows(ctx, s)
		if err != nil {
			return fmt.Errorf("%d->%d: %w", s.In, s.Out, err)
		}
		least = append(least, few)
		all = append(all, ts...)
	}
	slices.Sort(least)
	fmt.Fprintf(w, "\nPrices, in units of the dense product's time for a weight and a row; one row takes the dense\n"+
		"product as long as %.2g of many (median of %d shapes).\n", least[len(least)/2], len(least))
	for p := range packings {
		if err := printPrices(w, p, all); err != nil {
			return err
		}
	}
	return nil
}

// timeRows times a shape's products. few is how many rows' time a single row takes the dense one.
func (b *bench) timeRows(ctx context.Context, s shape) (few float64, all []timed, err error) {
	r := rand.New(rand.NewPCG(b.seed, uint64(s.In)<<32|uint64(s.Out)))
	x, y, scratch := normal(r, manyRows*s.In), make([]float32, manyRows*s.Out),
		make([]float32, kernel.SparseScratch(s.In, s.Out))
	var packed kernel.Packed
	packed.Pack(s.In, s.Out, normal(r, s.In*s.Out), s.Out)
	dense := func(rows int) func() {
		return func() { kernel.ConvolvePacked(rows, x, &packed, y, kernel.Output{}, nil) }
	}
	subjects := []func(){dense(1)}
	for i, p := range packings {
		for _, zeros := range []int{35, 50, 65, 80} {
			sparse := &kernel.Sparse{}
			sparse.Pack(p.packing, s.In, s.Out, withZeros(r, s.In, s.Out, zeros, p.run), s.Out)
			if sparse.Packing() != p.packing {
				continue // this instruction set has it not
			}
			for tile, rows := range p.tiles {
				subjects = append(subjects,
					func() { kernel.ConvolveSparse(rows, x, sparse, y, scratch) })
				all = append(all, timed{i, tile, rows, s.In, s.Out, sparse.Products(), 0})
			}
		}
	}
	_, timings, err := b.measure(ctx, dense(manyRows), subjects, 50*time.Microsecond, b.priceBudget)
	if err != nil {
		return 0, nil, err
	}
	for i := range all {
		all[i].time = timings[i+1].Ratio * manyRows
	}
	return timings[0].Ratio * manyRows, all, nil
}

// printPrices fits the rule's formula to the times of a packing, by least squares of relative
// errors: products times the price of the tile, and each row's values on their way in and out.
func printPrices(w io.Writer, packing int, all []timed) error {
	p := &packings[packing]
	all = slices.DeleteFunc(slices.Clone(all), func(t timed) bool { return t.packing != packing })
	if len(all) == 0 {
		return nil
	}
	ways := len(p.tiles) // the columns of what the way in and out costs
	x := mat.NewDense(len(all), ways+2, nil)
	y := mat.NewVecDense(len(all), nil)
	for i, t := range all {
		x.Set(i, t.tile, float64(t.products)/float64(t.in*t.out)/t.time)
		x.Set(i, ways, float64(t.rows)/float64(t.out)/t.time)
		x.Set(i, ways+1, float64(t.rows)/float64(t.in)/t.time)
		y.SetVec(i, 1)
	}
	var beta mat.VecDense
	for _, without := range [][]int{{}, {ways}, {ways, ways + 1}} {
		for _, column := range without { // a negative price is none
			x.SetCol(column, make([]float64, len(all)))
		}
		var svd mat.SVD
		if !svd.Factorize(x, mat.SVDThin) {
			return fmt.Errorf("%s: the times cannot be fitted", p.name)
		}
		svd.SolveVecTo(&beta, y, svd.Rank(1e-9))
		if beta.AtVec(ways) >= 0 && beta.AtVec(ways+1) >= 0 {
			break
		}
	}
	var off []float64
	for i := range all {
		off = append(off, math.Abs(mat.Dot(x.RowView(i), &beta)-1))
	}
	slices.Sort(off)
	fmt.Fprintf(w, "%8s: ", p.name)
	for i, rows := range p.tiles {
		fmt.Fprintf(w, "{%d, %.3g} ", rows, beta.AtVec(i))
	}
	fmt.Fprintf(w, "in %.2g out %.2g; off by %.0f %% in the median, %.0f %% at most of nine in ten\n",
		beta.AtVec(ways), beta.AtVec(ways+1), 100*off[len(off)/2], 100*off[len(off)*9/10])
	return nil
}
