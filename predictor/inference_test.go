package predictor

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tailor-nas/tailor/supernet"
)

// output is that of one row alone.
func output(n *MLP, x []float32) float32 {
	c := n.network()
	scratch := [2][]float32{make([]float32, batchRows*c.width()), make([]float32, batchRows*c.width())}
	return c.forward(1, x, &scratch)[0]
}

func TestForwardIsTheFormula(t *testing.T) {
	for seed, sizes := range [][]int{{1, 1}, {7, 1}, {5, 3, 1}, {33, 64, 64, 1}, {2, 17, 5, 9, 1}, {128, 400, 400, 400, 1}} {
		n, r := randomMLP(sizes, uint64(seed))
		for range 20 {
			x := randomRow(r, sizes[0])
			// Sums of hundreds of products lose some digits where they cancel.
			got, want := float64(output(n, x)), plainForward(n, x)
			if tolerance := 1e-5 * (1 + math.Abs(want)) * float64(slices.Max(sizes)); math.Abs(got-want) > tolerance {
				t.Fatalf("sizes %v: got %v, want %v", sizes, got, want)
			}
		}
	}
}

// TestRowsAreTheirOwn: a search may ask for a network alone or among others, and must hear the same.
func TestRowsAreTheirOwn(t *testing.T) {
	const inputs = 37
	first, r := randomMLP([]int{inputs, 70, 45, 1}, 1)
	second, _ := randomMLP([]int{inputs, 20, 1}, 2)
	m := &Model{Bias: 1, Linear: randomRow(r, inputs), Networks: []MLP{*first, *second}}
	e := m.evaluator()
	x := randomRow(r, batchRows*inputs)
	alone := make([]float64, batchRows)
	for i := range alone {
		e.values(x[i*inputs:(i+1)*inputs], alone[i:i+1])
	}
	for rows := 1; rows <= batchRows; rows++ {
		got := make([]float64, rows)
		e.values(x[:rows*inputs], got)
		if !slices.Equal(got, alone[:rows]) {
			t.Fatalf("other values in a batch of %d", rows)
		}
	}
}

func TestEvaluatorDoesNotAllocate(t *testing.T) {
	n, r := randomMLP([]int{50, 64, 64, 1}, 1)
	e := (&Model{Linear: randomRow(r, 50), Networks: []MLP{*n}}).evaluator()
	x, y := randomRow(r, 50*batchRows), make([]float64, batchRows)
	if allocs := testing.AllocsPerRun(10, func() { e.values(x, y) }); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// BenchmarkPredict asks for the accuracy of networks of OFA's space, by a predictor of the size of OFA's and by one of ours.
func BenchmarkPredict(b *testing.B) {
	space, err := supernet.LoadSpace("ofa-mbv3")
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	archs := make([]supernet.Arch, 4096)
	for i := range archs {
		archs[i] = space.Random(r)
		archs[i].Resolution = 192
	}
	for _, c := range []struct {
		name     string
		encoding string
		hidden   []int
		members  int
	}{{"ofa", ofaEncoding, []int{400, 400, 400}, 1}, {"ridge", encoding, []int{64, 64}, 3}} {
		b.Run(c.name, func(b *testing.B) {
			a := &Accuracy{Encoding: c.encoding, Resolutions: space.Resolutions, space: space}
			if a.encoder, err = newEncoder(a.Encoding, space); err != nil {
				b.Fatal(err)
			}
			for k := range c.members {
				sizes := append(append([]int{a.encoder.Len()}, c.hidden...), 1)
				a.Model.Networks = append(a.Model.Networks, *newMLP(sizes, rand.New(rand.NewPCG(1, uint64(k)))))
			}
			for b.Loop() {
				if _, err := a.Predict(archs); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*len(archs))/b.Elapsed().Seconds(), "archs/s")
		})
	}
}
