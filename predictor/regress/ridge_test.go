package regress

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// linearSample has features, some of them one-hots that sum to 1, and values that are linear in
// them but for noise.
func linearSample(rows, features int, noise float64, seed uint64) (x [][]float32, y []float64) {
	r := rand.New(rand.NewPCG(seed, 0))
	for range rows {
		row := make([]float32, features)
		row[r.IntN(3)] = 1
		for j := 3; j < features; j++ {
			row[j] = float32(r.NormFloat64())
		}
		value := 5 + noise*r.NormFloat64()
		for j, v := range row {
			value += float64(j-2) * float64(v)
		}
		x, y = append(x, row), append(y, value)
	}
	return x, y
}

func linearValue(weights []float64, bias float64, x []float32) float64 {
	for j, w := range weights {
		bias += w * float64(x[j])
	}
	return bias
}

func TestRidgeFindsALinearFunction(t *testing.T) {
	x, y := linearSample(60, 8, 0, 1)
	weights, bias, err := ridge(x, y)
	if err != nil {
		t.Fatal(err)
	}
	unseen, want := linearSample(60, 8, 0, 2)
	for i := range unseen {
		if got := linearValue(weights, bias, unseen[i]); math.Abs(got-want[i]) > 0.01 {
			t.Errorf("got %g, want %g", got, want[i])
		}
	}
}

// Solved by hand: x centred is -1, 0, 1 and y centred -1, 0, 1, so that the weight is
// 2/(2+penalty).
func TestRidgeByHand(t *testing.T) {
	x, y := [][]float32{{1}, {2}, {3}}, []float64{4, 5, 6}
	weights, bias, err := ridge(x, y)
	if err != nil {
		t.Fatal(err)
	}
	const smallest = 0.01 // of the grid, best for a line
	if want := 2 / (2 + smallest); !near(weights[0], want, 1e-12) || !near(bias, 5-2*want, 1e-12) {
		t.Errorf("got %g x + %g", weights[0], bias)
	}
}

// The closed form of the leave-one-out error holds for a bias that is the mean, refitted too.
func TestRidgeLeaveOneOutByRefitting(t *testing.T) {
	const penalty = 0.7
	x, y := linearSample(12, 5, 1, 3)
	var want float64
	for i := range x {
		e := y[i] - refit(Without(x, []int{i}), Without(y, []int{i}), penalty, x[i])
		want += e * e
	}
	f, bias := diagonal(t, x, y)
	if got := f.leaveOneOut(y, bias, penalty); !near(got, want, 1e-9) {
		t.Errorf("got %g, by refitting %g", got, want)
	}
}

// refit predicts x by gradient descent on the penalised squares, which needs no linear algebra.
func refit(rows [][]float32, y []float64, penalty float64, x []float32) float64 {
	centres, m := columnMeans(rows), mean(y)
	w := make([]float64, len(centres))
	for range 20000 {
		gradient := make([]float64, len(w))
		for j := range w {
			gradient[j] = penalty * w[j]
		}
		for i, row := range rows {
			e := m - y[i]
			for j := range w {
				e += w[j] * (float64(row[j]) - centres[j])
			}
			for j := range w {
				gradient[j] += e * (float64(row[j]) - centres[j])
			}
		}
		for j := range w {
			w[j] -= 0.01 * gradient[j]
		}
	}
	for j := range w {
		m += w[j] * (float64(x[j]) - centres[j])
	}
	return m
}

func diagonal(t *testing.T, x [][]float32, y []float64) (*ridgeFit, float64) {
	t.Helper()
	f, err := newRidgeFit(x, y, columnMeans(x), mean(y))
	if err != nil {
		t.Fatal(err)
	}
	return f, mean(y)
}

func TestRidgePenaltyGrowsWithNoise(t *testing.T) {
	best := func(noise float64) float64 {
		x, y := linearSample(40, 30, noise, 4)
		f, bias := diagonal(t, x, y)
		return f.bestPenalty(y, bias)
	}
	if quiet, noisy := best(0.01), best(100); quiet >= noisy {
		t.Errorf("penalty %g for little noise, %g for much", quiet, noisy)
	}
}

func TestRidgeOfFewRowsAndConstantFeatures(t *testing.T) {
	x := [][]float32{{1, 0, 3}, {1, 0, 4}}
	weights, bias, err := ridge(x, []float64{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	if weights[0] != 0 || weights[1] != 0 || !finite(bias) {
		t.Errorf("weights %v, bias %g: constant features say nothing", weights, bias)
	}
}

// TestRidgeOfManyFeatures: more features than rows give the weights that the normal equations have,
// (X'X + p) w = X'y.
func TestRidgeOfManyFeatures(t *testing.T) {
	const n, features, penalty = 30, manyFeatures + 7, 0.3
	rng := rand.New(rand.NewPCG(4, 5))
	x, y := make([][]float32, n), make([]float64, n)
	for i := range x {
		x[i] = make([]float32, features)
		for j := range x[i] {
			x[i][j] = float32(rng.IntN(2))
		}
		y[i] = rng.NormFloat64()
	}
	x[3] = x[4] // and an eigenvalue that is 0
	centres, bias := columnMeans(x), mean(y)
	f, err := newRidgeFit(x, y, centres, bias)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.values) != n {
		t.Errorf("%d axes, want no more than the %d rows", len(f.values), n)
	}
	var got, want mat.VecDense
	got.MulVec(&f.vectors, f.solve(penalty))
	rows, values := mat.NewDense(n, features, nil), mat.NewVecDense(n, nil)
	for i := range x {
		for j, c := range centres {
			rows.Set(i, j, float64(x[i][j])-c)
		}
		values.SetVec(i, y[i]-bias)
	}
	var left mat.SymDense
	left.SymOuterK(1, rows.T())
	for j := range features {
		left.SetSym(j, j, left.At(j, j)+penalty)
	}
	var right mat.VecDense
	right.MulVec(rows.T(), values)
	var solver mat.Cholesky
	if !solver.Factorize(&left) {
		t.Fatal("the equations cannot be solved")
	}
	if err := solver.SolveVecTo(&want, &right); err != nil {
		t.Fatal(err)
	}
	for j := range features {
		if math.Abs(got.AtVec(j)-want.AtVec(j)) > 1e-9 {
			t.Fatalf("weight %d is %g, want %g", j, got.AtVec(j), want.AtVec(j))
		}
	}
}
