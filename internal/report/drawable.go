package report

import (
	"math"
	"slices"
)

// drawable leaves out of a chart what has no place on its axes, which gonum's plots refuse or panic
// at: values that are not finite and, on an axis of logarithms, those that are not above 0.
func (c Chart) drawable() Chart {
	x := func(v float64) bool { return finite(v) && (!c.LogX || v > 0) }
	points := func(all []Dot) []Dot {
		return slices.DeleteFunc(slices.Clone(all),
			func(d Dot) bool { return !x(d.X) || !finite(d.Y) })
	}
	c.Lines, c.Dots, c.Picked = slices.Clone(c.Lines), slices.Clone(c.Dots), slices.Clone(c.Picked)
	for i := range c.Lines {
		c.Lines[i].Points = points(c.Lines[i].Points)
	}
	for i := range c.Dots {
		c.Dots[i].Points = points(c.Dots[i].Points)
	}
	for i := range c.Picked {
		c.Picked[i] = c.Picked[i].drawable(x)
	}
	c.Lines = slices.DeleteFunc(c.Lines, func(l ChartLine) bool { return len(l.Points) == 0 })
	c.Dots = slices.DeleteFunc(c.Dots, func(d ChartDots) bool { return len(d.Points) == 0 })
	c.Budgets = slices.DeleteFunc(slices.Clone(c.Budgets), func(b float64) bool { return !x(b) })
	drawn := func(f Front) bool { return len(f.Points)+len(f.Picked) > 0 }
	if len(c.Lines)+len(c.Dots) == 0 && !slices.ContainsFunc(c.Picked, drawn) {
		c.Budgets, c.Diagonal = nil, false // there are no axes to draw them on
	}
	return c
}

// drawable is a front without what has no place; x says which costs have one.
func (f Front) drawable(x func(float64) bool) Front {
	f.Points = slices.DeleteFunc(slices.Clone(f.Points),
		func(p CostPoint) bool { return !x(p.Cost) || !finite(100*p.Top1) })
	f.Picked = slices.DeleteFunc(slices.Clone(f.Picked), func(p Picked) bool {
		return !x(p.Cost.Value) || !finite(100*p.Top1.Value)
	})
	for i := range f.Picked {
		p := &f.Picked[i]
		p.Cost, p.Top1 = p.Cost.drawable(x), p.Top1.drawable(finite)
	}
	return f
}

// drawable is a range with the value between its ends, which have a place, as the value has.
func (r Range) drawable(x func(float64) bool) Range {
	if !x(r.Low) || r.Low > r.Value {
		r.Low = r.Value
	}
	if !x(r.High) || r.High < r.Value {
		r.High = r.Value
	}
	return r
}

// finite says whether a value, its hundredfold and differences of such can be drawn.
func finite(v float64) bool { return math.Abs(v) <= 1e15 }
