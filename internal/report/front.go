package report

import (
	"fmt"
	"image/color"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Front is the trade-off between a cost and accuracy: the best predicted top-1 at each cost, and
// the networks that were picked of it.
type Front struct {
	Name   string      // of the device; may be empty if it is the only one
	Points []CostPoint // cost and top-1 rise
	Picked []Picked
}

// CostPoint is the best predicted top-1, a share, at a cost.
type CostPoint struct{ Cost, Top1 float64 }

// Picked is a network of a front, where it was measured or else is predicted to be, with intervals
// that are as wide as 0 where they are not known.
type Picked struct {
	Name     string // beside it in the picture, such as "3"
	Cost     Range
	Top1     Range // shares
	Measured bool
}

// Range is a value with its interval.
type Range struct{ Value, Low, High float64 }

// Fronts draws fronts with the networks picked of them and the budgets that were asked for, in the
// format that the file's name tells. cost is what the axis says.
func Fronts(path, cost string, budgets []float64, fronts []Front) error {
	if err := CheckPlot(path); err != nil {
		return err
	}
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = cost, "top-1, %"
	p.Add(plotter.NewGrid())
	for i, f := range fronts {
		if err := addFront(p, plotutil.Color(i), f); err != nil {
			return fmt.Errorf("plot %s: %w", path, err)
		}
	}
	if err := addBudgets(p, budgets); err != nil {
		return fmt.Errorf("plot %s: %w", path, err)
	}
	return save(p, path, 11*vg.Centimeter)
}

// addFront draws the front as steps: up to the next network the one before is the best.
func addFront(p *plot.Plot, c color.Color, f Front) error {
	var xys plotter.XYs
	for _, point := range f.Points {
		xys = append(xys, plotter.XY{X: point.Cost, Y: 100 * point.Top1})
	}
	line, err := plotter.NewLine(xys)
	if err != nil {
		return err
	}
	line.StepStyle, line.LineStyle = plotter.PostStep,
		draw.LineStyle{Color: c, Width: vg.Points(1.2)}
	p.Add(line)
	p.Legend.Add(named(f.Name, "front, predicted"), line)
	for _, measured := range []bool{true, false} {
		if err := addPicked(p, c, f, measured); err != nil {
			return err
		}
	}
	return nil
}

func named(device, what string) string {
	if device == "" {
		return what
	}
	return shorten(device, 40) + ": " + what
}

// addPicked draws the networks that were measured, or those that were not.
func addPicked(p *plot.Plot, c color.Color, f Front, measured bool) error {
	what, shape := "picked, predicted (95 %)", draw.GlyphDrawer(draw.RingGlyph{})
	if measured {
		what, shape = "picked, measured (95 %)", draw.CircleGlyph{}
	}
	some := slices.DeleteFunc(slices.Clone(f.Picked),
		func(x Picked) bool { return x.Measured != measured })
	if len(some) == 0 {
		return nil
	}
	at := picked(some)
	marks, err := plotter.NewScatter(at)
	if err != nil {
		return err
	}
	marks.GlyphStyle = draw.GlyphStyle{Color: c, Radius: vg.Points(3), Shape: shape}
	ys, err := plotter.NewYErrorBars(at)
	if err != nil {
		return err
	}
	xs, err := plotter.NewXErrorBars(at)
	if err != nil {
		return err
	}
	labels, err := plotter.NewLabels(at)
	if err != nil {
		return err
	}
	ys.Color, xs.Color = c, c
	labels.Offset = vg.Point{X: vg.Points(4), Y: vg.Points(-9)}
	p.Add(ys, xs, marks, labels)
	p.Legend.Add(named(f.Name, what), marks)
	return nil
}

// picked is networks as the plotter wants them.
type picked []Picked

func (p picked) Len() int                { return len(p) }
func (p picked) XY(i int) (x, y float64) { return p[i].Cost.Value, 100 * p[i].Top1.Value }
func (p picked) Label(i int) string      { return p[i].Name }

// XError and YError are the intervals' ends, from the value.
func (p picked) XError(i int) (low, high float64) {
	return p[i].Cost.Low - p[i].Cost.Value, p[i].Cost.High - p[i].Cost.Value
}

func (p picked) YError(i int) (low, high float64) {
	return 100 * (p[i].Top1.Low - p[i].Top1.Value), 100 * (p[i].Top1.High - p[i].Top1.Value)
}

// addBudgets draws a line at each of them, with its value, over the whole height.
func addBudgets(p *plot.Plot, budgets []float64) error {
	bottom, top := p.Y.Min, p.Y.Max
	for i, b := range budgets {
		line, err := plotter.NewLine(plotter.XYs{{X: b, Y: bottom}, {X: b, Y: top}})
		if err != nil {
			return err
		}
		line.LineStyle = draw.LineStyle{Color: color.Gray{96}, Width: vg.Points(1),
			Dashes: []vg.Length{vg.Points(4), vg.Points(3)}}
		label, err := plotter.NewLabels(plotter.XYLabels{XYs: plotter.XYs{{X: b, Y: top}},
			Labels: []string{strconv.FormatFloat(b, 'g', 4, 64)}})
		if err != nil {
			return err
		}
		label.TextStyle[0].XAlign, label.TextStyle[0].YAlign = text.XLeft, text.YTop
		label.Offset.X = vg.Points(2)
		p.Add(line, label)
		if i == 0 {
			p.Legend.Add("budget", line)
		}
	}
	return nil
}
