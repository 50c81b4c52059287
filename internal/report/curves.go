package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Curve is measured points that belong together.
type Curve struct {
	Name   string
	Points []Dot
}

// Dot is a measured point. Spread is half of an interval of Y; NaN for none.
type Dot struct{ X, Y, Spread float64 }

// Axes are what a plot shows.
type Axes struct {
	X, Y       string
	LogX, LogY bool
}

// Curves draws curves with the intervals of their points, in the format that the file's name tells.
func Curves(path string, axes Axes, curves []Curve) error {
	if err := CheckPlot(path); err != nil {
		return err
	}
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = axes.X, axes.Y
	if axes.LogX {
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	}
	if axes.LogY {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	}
	p.Add(plotter.NewGrid())
	for i, c := range curves {
		if err := addCurve(p, i, c); err != nil {
			return fmt.Errorf("plot %s: %w", path, err)
		}
	}
	return save(p, path, 11*vg.Centimeter)
}

// dots are points with intervals, as the plotter wants them.
type dots []Dot

func (d dots) Len() int                { return len(d) }
func (d dots) XY(i int) (x, y float64) { return d[i].X, d[i].Y }

// YError leaves out what would reach below zero, which a logarithmic axis has no place for.
func (d dots) YError(i int) (low, high float64) {
	s := d[i].Spread
	if math.IsNaN(s) {
		return 0, 0
	}
	return -min(s, 0.9*d[i].Y), s
}

func addCurve(p *plot.Plot, i int, c Curve) error {
	points := dots(slices.Clone(c.Points))
	slices.SortFunc(points, func(a, b Dot) int { return cmp.Compare(a.X, b.X) })
	line, marks, err := plotter.NewLinePoints(points)
	if err != nil {
		return err
	}
	bars, err := plotter.NewYErrorBars(points)
	if err != nil {
		return err
	}
	line.LineStyle = draw.LineStyle{Color: plotutil.Color(i), Width: vg.Points(1.5),
		Dashes: plotutil.Dashes(i / 4)}
	marks.Color, marks.Shape, marks.Radius = plotutil.Color(i), plotutil.Shape(i), vg.Points(2.5)
	bars.Color = plotutil.Color(i)
	p.Add(bars, line, marks)
	p.Legend.Add(c.Name, line, marks)
	return nil
}
