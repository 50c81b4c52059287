package choices

import (
	"errors"
	"fmt"
	"math"

	"github.com/tailor-nas/tailor/supernet"
)

// ErrTooFew is what the error about too few networks to fit a [Surrogate] to wraps.
var ErrTooFew = errors.New("too few networks")

// Surrogate is a sum over a network's choices, with a constant for each resolution, in the place
// of a predictor that cannot be bounded.
type Surrogate struct {
	space     *supernet.Space
	constants []float64 // by resolution; NaN if it was fitted to no network of it
	weights   []float64 // by number of the choice
	surplus   float64   // the most that a network it was fitted to is better than its sum
}

// perChoice is how many networks a surrogate needs for each of its unknowns: with hardly more
// than it has unknowns any sum would do, and nothing would be learned of how far networks depart
// from it.
const perChoice = 5

// FitSurrogate fits one to what was predicted of some networks, by least squares. Too few are an
// error that wraps [ErrTooFew].
func FitSurrogate(
	space *supernet.Space, archs []supernet.Arch, values []float64,
) (*Surrogate, error) {
	n := NewNumbering(space)
	if least := perChoice * n.length; len(archs) < least {
		return nil, fmt.Errorf("%w: a sum over choices needs %d, got %d",
			ErrTooFew, least, len(archs))
	}
	rows, fitted, err := n.rows(archs)
	if err != nil {
		return nil, fmt.Errorf("fit a sum over choices: %w of space %s", err, space.Name)
	}
	x, err := leastSquares(n.length+len(fitted), rows, values)
	if err != nil {
		return nil, fmt.Errorf("fit a sum over choices to %d networks: %w", len(archs), err)
	}
	s := &Surrogate{space: space, weights: x[:n.length], constants: x[n.length:]}
	for i, row := range rows {
		s.surplus = max(s.surplus, values[i]-sumOf(x, row))
	}
	for r, ok := range fitted {
		if !ok {
			s.constants[r] = math.NaN()
		}
	}
	return s, nil
}

// rows are the numbers of each arch's choices, its resolution behind all others, and by resolution
// whether there is an arch of it.
func (n *Numbering) rows(archs []supernet.Arch) (rows [][]int, fitted []bool, err error) {
	fitted = make([]bool, len(n.Resolutions))
	for i := range archs {
		var t Taken
		if !n.Read(&archs[i], &t) {
			return nil, nil, fmt.Errorf("network %d is not one", i)
		}
		fitted[t.Resolution] = true
		var row []int
		for _, number := range t.Numbers() {
			row = append(row, int(number))
		}
		rows = append(rows, append(row, n.length+t.Resolution))
	}
	return rows, fitted, nil
}

func sumOf(x []float64, row []int) (sum float64) {
	for _, j := range row {
		sum += x[j]
	}
	return sum
}

// Upper is what no network of a resolution whose costs are within the budgets exceeds, if none is
// better than its sum by more than those were that the surrogate was fitted to. It is -Inf if
// there is none within the budgets, and false if the surrogate was fitted to no network of the
// resolution.
func (s *Surrogate) Upper(resolution int, budgets []Budget) (upper float64, known bool) {
	r := NewRegion(s.space, resolution)
	within := r.Within(budgets)
	if within.Empty() {
		return math.Inf(-1), true
	}
	at := r.numbering.resolution(resolution)
	if at < 0 {
		return 0, false
	}
	f := Affine{s.constants[at], s.weights}
	return within.Max(&f) + s.surplus, !math.IsNaN(f.Constant)
}
