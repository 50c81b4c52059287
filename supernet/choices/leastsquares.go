package choices

import (
	"errors"

	"gonum.org/v1/gonum/mat"
)

// collinear is the share of the number of rows that makes the solution unique, as the choices of a
// gene sum to 1. It is too small to shrink anything that more than a few rows have.
const collinear = 1e-6

// leastSquares finds the x of the smallest squared error where each row stands for the sum of the
// elements of x that it lists.
func leastSquares(n int, rows [][]int, y []float64) ([]float64, error) {
	gram := make([]float64, n*n)
	moments := mat.NewVecDense(n, nil)
	for i, row := range rows {
		for at, p := range row {
			for _, q := range row[at:] {
				gram[p*n+q]++
			}
			moments.SetVec(p, moments.AtVec(p)+y[i])
		}
	}
	for p := range n {
		gram[p*n+p] += collinear * float64(max(len(rows), 1))
	}
	var factor mat.Cholesky
	if !factor.Factorize(mat.NewSymDense(n, gram)) {
		return nil, errors.New("the equations have no solution")
	}
	var x mat.VecDense
	if err := factor.SolveVecTo(&x, moments); err != nil {
		return nil, err
	}
	return x.RawVector().Data, nil
}
