package page

import (
	"fmt"
	"math"
)

// colours is how many there are for lines and series; more take turns.
const colours = 6

func colour(i int) string { return fmt.Sprintf("s%d", i%colours) }

// drawPanel lays out a chart of lines and dots.
func drawPanel(id string, c Panel) plot {
	f := c.frame()
	p := plot{ID: id, Title: c.Title, About: c.About, X: c.X, Y: c.Y, Table: c.Table}
	p.rule(f)
	for _, b := range c.Bands {
		from, to := f.x.at(b.From), f.x.at(b.To)
		p.Bands = append(p.Bands, band{percent(from), percent(max(to-from, 0.002)), b.Name})
	}
	for _, m := range c.Marks {
		p.mark(f, m)
	}
	if c.Diagonal {
		low, high := max(f.x.low, f.y.low), min(f.x.high, f.y.high)
		p.Paths = append(p.Paths, path{"diagonal", f.line([]XY{{low, low}, {high, high}})})
		p.Legend = append(p.Legend, key{"diagonal", "exactly right", -1})
	}
	for i, d := range c.Dots {
		class := "dots " + colour(i)
		if d.Strong {
			class += " strong"
		}
		p.Paths = append(p.Paths, path{class, f.dots(d.Points)})
		p.Legend = append(p.Legend, key{"dot " + colour(i), d.Name, -1})
	}
	for i, l := range c.Lines {
		class := fmt.Sprintf("line %s d%d", colour(i), i%3)
		if len(l.Points) == 1 { // no line, but a dot
			p.Paths = append(p.Paths, path{"dots strong " + colour(i), f.dots(l.Points)})
		}
		p.Paths = append(p.Paths, path{class, f.line(l.Points)})
		p.Legend = append(p.Legend, key{class, l.Name, -1})
	}
	return p
}

// frame are axes that hold all there is to draw.
func (c Panel) frame() frame {
	var xs, ys []float64
	add := func(points []XY) {
		for _, p := range points {
			xs, ys = append(xs, p.X), append(ys, p.Y)
		}
	}
	for _, l := range c.Lines {
		add(l.Points)
	}
	for _, d := range c.Dots {
		add(d.Points)
	}
	if c.EndX > 0 {
		xs = append(xs, c.EndX)
	}
	if c.Diagonal {
		both := append(append([]float64{}, xs...), ys...)
		xs, ys = both, both
	}
	return frame{axis(xs, c.LogX), axis(ys, false)}
}

// Thin keeps at most n points of a line: the mean of as many as become one.
func Thin(points []XY, n int) []XY {
	if len(points) <= n {
		return points
	}
	var all []XY
	per := float64(len(points)) / float64(n)
	for i := range n {
		from, to := int(math.Round(float64(i)*per)), int(math.Round(float64(i+1)*per))
		var sum XY
		for _, p := range points[from:to] {
			sum.X, sum.Y = sum.X+p.X, sum.Y+p.Y
		}
		k := float64(to - from)
		all = append(all, XY{sum.X / k, sum.Y / k})
	}
	return all
}
