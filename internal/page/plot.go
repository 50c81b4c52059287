package page

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// plot is a chart as the template draws it. Places are shares of its area in percent; paths are in
// a square of 1000 by 1000 that is stretched over it.
type plot struct {
	ID, Title, About string
	X, Y             string // of the axes
	XTicks, YTicks   []place
	Paths            []path
	Marks            []place
	Bands            []band
	Sticks           []stick
	Rings            []ring
	Points           []point
	Legend           []key
	Table            Table
	labelled         []float64 // where marks have labels
	Data             string    // id of the data behind it, empty for none
}

// place is a tick or a mark. Left says that its label stands to the left of it.
type place struct {
	P, Label string
	Left     bool
}

type band struct{ P, W, Label string }

// path is a line, or dots where its pieces have no length.
type path struct{ Class, D string }

// stick is a straight line: half of a cross that shows an interval, or what joins two points.
type stick struct{ Class, X1, Y1, X2, Y2 string }

type ring struct{ Class, X, Y string }

// point is a network that can be chosen.
type point struct {
	Class, X, Y, Number, Label string
	N                          int // its number in the data
	First                      bool
}

// key is a line of the legend.
type key struct {
	Class, Name string
	Series      int // that it shows and hides, -1 for none
}

// percent writes a share for an attribute, which holds no other than one from 0 to 1.
func percent(v float64) string { return strconv.FormatFloat(100*clamp(v), 'f', 2, 64) + "%" }

// down is percent from the top for a share from the bottom.
func down(v float64) string { return percent(1 - v) }

// thousandths is a share as a coordinate of a path.
func thousandths(v float64) string {
	return strconv.FormatFloat(float64(int(v*10000+0.5))/10, 'f', -1, 64)
}

// frame is the two axes of a plot.
type frame struct{ x, y scale }

func (f frame) xy(p XY) string {
	return thousandths(f.x.at(p.X)) + " " + thousandths(1-f.y.at(p.Y))
}

// dots is a path of points: pieces without length, which round ends make dots.
func (f frame) dots(points []XY) string {
	var d strings.Builder
	for _, p := range points {
		d.WriteString("M" + f.xy(p) + "h0")
	}
	return d.String()
}

func (f frame) line(points []XY) string {
	var d strings.Builder
	for i, p := range points {
		d.WriteString(map[bool]string{true: "M", false: "L"}[i == 0] + f.xy(p))
	}
	return d.String()
}

// steps is a line that stays as it is up to the next point.
func (f frame) steps(points []XY) string {
	var d strings.Builder
	for i, p := range points {
		if i == 0 {
			d.WriteString("M" + f.xy(p))
			continue
		}
		fmt.Fprintf(&d, "H%sV%s", thousandths(f.x.at(p.X)), thousandths(1-f.y.at(p.Y)))
	}
	return d.String()
}

// rule writes the ticks of both axes.
func (p *plot) rule(f frame) {
	for _, t := range f.x.ticks(5) {
		p.XTicks = append(p.XTicks, place{P: percent(t.At), Label: t.Label})
	}
	for _, t := range f.y.ticks(6) {
		p.YTicks = append(p.YTicks, place{P: down(t.At), Label: t.Label})
	}
}

// apart is how far labels of marks are at least, as a share of the axis.
const apart = 0.16

// mark draws a place on the X axis, if it is on it; with its label, if there is room for that.
func (p *plot) mark(f frame, m Mark) {
	if m.At < f.x.low || m.At > f.x.high {
		return
	}
	at := f.x.at(m.At)
	for _, other := range p.labelled {
		if math.Abs(other-at) < apart {
			m.Name = ""
		}
	}
	if m.Name != "" {
		p.labelled = append(p.labelled, at)
	}
	p.Marks = append(p.Marks, place{percent(at), m.Name, at > 0.8})
}
