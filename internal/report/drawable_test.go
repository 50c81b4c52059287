package report_test

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/tailor-nas/tailor/internal/report"
)

// TestDrawHasNoPlace: what has no place on the axes is left out, and the rest is drawn.
func TestDrawHasNoPlace(t *testing.T) {
	for _, log := range []bool{true, false} {
		c := report.Chart{Axes: report.Axes{X: "x", Y: "y", LogX: log}, Diagonal: true}
		for _, v := range []float64{math.NaN(), math.Inf(1), -1, 0, 1, 10, 1e308} {
			point := []report.Dot{{X: v, Y: 1}, {X: 1, Y: v}}
			c.Lines = append(c.Lines, report.ChartLine{Name: "l", Points: point})
			c.Dots = append(c.Dots, report.ChartDots{Name: "d", Points: point})
			c.Budgets = append(c.Budgets, v)
			c.Picked = append(c.Picked, report.Front{
				Points: []report.CostPoint{{Cost: v, Top1: 0.5}, {Cost: 2, Top1: v}},
				Picked: []report.Picked{{Cost: report.Range{Value: v, Low: v, High: v},
					Top1: report.Range{Value: 0.5, Low: v, High: v}, Measured: true},
					{Cost: report.Range{Value: 2, Low: v, High: v}}}})
		}
		for _, chart := range []report.Chart{c, {Axes: c.Axes},
			{Axes: c.Axes, Budgets: []float64{1}, Diagonal: true}} {
			if err := report.Draw(filepath.Join(t.TempDir(), "c.svg"), chart); err != nil {
				t.Errorf("logarithms %v: %v", log, err)
			}
		}
	}
}
