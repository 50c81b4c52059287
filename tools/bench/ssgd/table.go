package main

import (
	"fmt"
	"io"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/tailor-nas/tailor/internal/report"
)

// cell is what fresh seeds of a recipe reached at a sparsity.
type cell struct {
	recipe   string
	sparsity float64
	setting  string
	errors   []float64 // of test images, in percent
	left     []float64
	weights  int
	diverged int // seeds, whose errors are 100
}

// timesFewer weights than the whole network has.
func (c *cell) timesFewer() float64 { return float64(c.weights) / stat.Mean(c.left, nil) }

// cells gathers the tested rows, in order of recipe and sparsity.
func (b *bench) cells() ([]*cell, []float64, error) {
	r, err := openResults(b.out)
	if err != nil {
		return nil, nil, err
	}
	var all []*cell
	var dense []float64
	for _, one := range r.rows {
		switch {
		case one.Recipe == "dense" && one.Seed > 0:
			dense = append(dense, 100*one.TestError)
		case one.Recipe == "dense" || one.Tuning:
			continue
		default:
			name := rowName(r.rows, one)
			at := slices.IndexFunc(all, func(c *cell) bool {
				return c.recipe == name &&
					c.sparsity == one.Sparsity
			})
			if at < 0 {
				at = len(all)
				all = append(all, &cell{recipe: name, sparsity: one.Sparsity,
					setting: one.Setting})
			}
			all[at].errors = append(all[at].errors, 100*one.TestError)
			if one.Diverged {
				all[at].diverged++
				continue
			}
			all[at].left = append(all[at].left, float64(one.Left))
			all[at].weights = one.Weights
		}
	}
	return all, dense, nil
}

// rowName is a recipe with whatever else tells its tested runs apart, so that one cell has nothing
// but seeds of one thing. Settings differ between sparsities as they were chosen for each; they are
// named where one sparsity has several.
func rowName(rows []row, one row) string {
	name := one.Recipe
	for _, of := range []func(row) string{
		func(r row) string { return string(r.Structure) },
		func(r row) string { return string(r.Config.Criterion) },
		func(r row) string { return fmt.Sprintf("%d epochs", r.Epochs) },
		func(r row) string {
			if r.Sparsity != one.Sparsity {
				return one.Setting
			}
			return r.Setting
		},
	} {
		if slices.ContainsFunc(rows, func(r row) bool {
			return r.Recipe == one.Recipe && !r.Tuning && of(r) != of(one)
		}) {
			name += ", " + of(one)
		}
	}
	return name
}

// interval is half of the 95 % interval of a mean (Student's t).
func interval(v []float64) float64 {
	n := float64(len(v))
	if n < 2 {
		return math.NaN()
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}.Quantile(0.975)
	return t * stat.StdDev(v, nil) / math.Sqrt(n)
}

// withInterval is the mean, with its interval where there is one.
func withInterval(v []float64) string {
	if len(v) < 2 {
		return fmt.Sprintf("%.2f", stat.Mean(v, nil))
	}
	return fmt.Sprintf("%.2f +- %.2f", stat.Mean(v, nil), interval(v))
}

// printTable is one row a recipe and one column a sparsity: the mean error of fresh seeds with its
// interval.
func (b *bench) printTable(w io.Writer) error {
	all, dense, err := b.cells()
	if err != nil {
		return err
	}
	var sparsities []float64
	var names []string
	for _, c := range all {
		if !slices.Contains(sparsities, c.sparsity) {
			sparsities = append(sparsities, c.sparsity)
		}
		if !slices.Contains(names, c.recipe) {
			names = append(names, c.recipe)
		}
	}
	slices.Sort(sparsities)
	if len(dense) > 0 {
		fmt.Fprintf(w, "test error of the whole network, mean of %d seeds: %s %%\n\n", len(dense),
			withInterval(dense))
	}
	fmt.Fprint(w, "| recipe |")
	for _, s := range sparsities {
		fmt.Fprintf(w, " %.4g %% |", 100*s)
	}
	fmt.Fprint(w, "\n|---|")
	for range sparsities {
		fmt.Fprint(w, "---|")
	}
	fmt.Fprintln(w)
	for _, name := range names {
		fmt.Fprintf(w, "| %s |", name)
		for _, s := range sparsities {
			at := slices.IndexFunc(all, func(c *cell) bool {
				return c.recipe == name &&
					c.sparsity == s
			})
			if at < 0 {
				fmt.Fprint(w, " |")
				continue
			}
			fmt.Fprintf(w, " %s |", withInterval(all[at].errors))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
	for _, c := range all {
		fmt.Fprintf(w, "- %s at %.4g %%: %s; %d seeds", c.recipe, 100*c.sparsity, c.setting,
			len(c.errors))
		if c.diverged > 0 {
			fmt.Fprintf(w, ", %d of which diverged and count as all wrong", c.diverged)
		}
		if len(c.left) > 0 {
			fmt.Fprintf(w, ", one weight in %.1f left", c.timesFewer())
		}
		fmt.Fprintln(w)
	}
	return nil
}

// draw plots error against how many times fewer weights are left.
func (b *bench) draw() error {
	all, _, err := b.cells()
	if err != nil {
		return err
	}
	var curves []report.Curve
	for _, c := range all {
		at := slices.IndexFunc(curves, func(k report.Curve) bool { return k.Name == c.recipe })
		if at < 0 {
			at = len(curves)
			curves = append(curves, report.Curve{Name: c.recipe})
		}
		if len(c.left) > 0 {
			curves[at].Points = append(curves[at].Points, report.Dot{X: c.timesFewer(),
				Y: stat.Mean(c.errors, nil), Spread: interval(c.errors)})
		}
	}
	return report.Curves(b.plot, report.Axes{X: "times fewer weights", Y: "test error, %",
		LogX: true, LogY: true}, curves)
}
