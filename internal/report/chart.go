package report

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// accessible are colours that are told apart with any colour vision, and in grey.
func accessible(i int) color.Color {
	all := []color.Color{color.NRGBA{0, 96, 168, 255}, color.NRGBA{179, 71, 0, 255},
		color.NRGBA{0, 114, 90, 255}, color.NRGBA{138, 61, 143, 255},
		color.NRGBA{122, 92, 0, 255}, color.NRGBA{91, 95, 102, 255},
		color.NRGBA{142, 194, 232, 255}, color.NRGBA{240, 168, 120, 255}}
	return all[i%len(all)]
}

// Chart is lines, dots and networks that were picked, over two axes.
type Chart struct {
	Axes
	Lines    []ChartLine
	Dots     []ChartDots
	Picked   []Front // points of each are a line of steps
	Budgets  []float64
	Diagonal bool // draws where X is Y
}

// ChartLine is a line through points.
type ChartLine struct {
	Name   string
	Points []Dot
}

// ChartDots are points without a line. Those of one colour belong together.
type ChartDots struct {
	Name   string
	Colour int
	Faint  bool
	Points []Dot
}

// Draw draws a chart in the format that the file's name tells. What has no place on its axes is
// left out.
func Draw(path string, c Chart) error {
	if err := CheckPlot(path); err != nil {
		return err
	}
	c = c.drawable()
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = c.X, c.Y
	p.Add(plotter.NewGrid())
	if err := c.add(p); err != nil {
		return fmt.Errorf("plot %s: %w", path, err)
	}
	if c.LogX && p.X.Min > 0 && finite(p.X.Min) { // else nothing is drawn
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	}
	return save(p, path, 11*vg.Centimeter)
}

func (c *Chart) add(p *plot.Plot) error {
	for _, d := range c.Dots {
		if err := addDots(p, d); err != nil {
			return err
		}
	}
	for i, l := range c.Lines {
		line, err := plotter.NewLine(dots(l.Points))
		if err != nil {
			return err
		}
		line.LineStyle = draw.LineStyle{Color: accessible(i), Width: vg.Points(1.5),
			Dashes: plotutil.Dashes(i)}
		p.Add(line)
		p.Legend.Add(shorten(l.Name, 60), line)
	}
	for i, f := range c.Picked {
		if err := addFront(p, accessible(i), f); err != nil {
			return err
		}
	}
	if c.Diagonal {
		if err := addDiagonal(p); err != nil {
			return err
		}
	}
	return addBudgets(p, c.Budgets)
}

func addDots(p *plot.Plot, d ChartDots) error {
	marks, err := plotter.NewScatter(dots(d.Points))
	if err != nil {
		return err
	}
	marks.GlyphStyle = draw.GlyphStyle{Color: accessible(d.Colour), Radius: vg.Points(1.8),
		Shape: draw.CircleGlyph{}}
	if d.Faint {
		r, g, b, _ := accessible(d.Colour).RGBA()
		marks.Color = color.NRGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 90}
		marks.Radius = vg.Points(1.2)
	}
	p.Add(marks)
	p.Legend.Add(shorten(d.Name, 60), marks)
	return nil
}

func addDiagonal(p *plot.Plot) error {
	low, high := max(p.X.Min, p.Y.Min), min(p.X.Max, p.Y.Max)
	line, err := plotter.NewLine(plotter.XYs{{X: low, Y: low}, {X: high, Y: high}})
	if err != nil {
		return err
	}
	line.LineStyle = draw.LineStyle{Color: color.Gray{96}, Width: vg.Points(1),
		Dashes: []vg.Length{vg.Points(4), vg.Points(3)}}
	p.Add(line)
	p.Legend.Add("exactly right", line)
	return nil
}

// Bar is a bar of a chart of bars, in pieces that stand on one another.
type Bar struct {
	Name   string
	Pieces map[string]float64
}

// Bars draws bars that lie on their side, with a colour for each kind of piece, in the order of
// kinds, in the format that the file's name tells.
func Bars(path, value string, kinds []string, all []Bar) error {
	if err := CheckPlot(path); err != nil {
		return err
	}
	p := plot.New()
	p.X.Label.Text = value
	height := vg.Length(len(all))*vg.Centimeter + 3*vg.Centimeter
	var below *plotter.BarChart
	for i, kind := range kinds {
		values := make(plotter.Values, len(all))
		for k, b := range all {
			values[len(all)-1-k] = b.Pieces[kind] // the first at the top
		}
		bar, err := plotter.NewBarChart(values, 0.6*vg.Centimeter)
		if err != nil {
			return fmt.Errorf("plot %s: %w", path, err)
		}
		bar.Horizontal, bar.Color, bar.LineStyle.Width = true, accessible(i), 0
		if below != nil {
			bar.StackOn(below)
		}
		below = bar
		p.Add(bar)
		p.Legend.Add(shorten(kind, 40), bar)
	}
	var ticks plot.ConstantTicks
	for k, b := range all {
		ticks = append(ticks, plot.Tick{Value: float64(len(all) - 1 - k),
			Label: shorten(b.Name, 40)})
	}
	p.Y.Tick.Marker, p.Y.Tick.Label.XAlign = ticks, text.XRight
	return save(p, path, height)
}
