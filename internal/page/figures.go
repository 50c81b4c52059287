package page

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/tailor-nas/tailor/internal/report"
	"github.com/tailor-nas/tailor/internal/store"
)

// DrawFigures draws the charts of a view into a folder, which is made where it is missing: each as
// SVG and PNG, with a CSV of what it shows. It gives the paths of the pictures in SVG. Texts of the
// view are made readable, as [Write] does.
func DrawFigures(dir string, v *View) ([]string, error) {
	v.clean()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("figures: %w", err)
	}
	f := figures{dir: dir}
	for i, t := range v.Tradeoffs {
		f.chart(fmt.Sprintf("tradeoff-%d", i+1), t.chart(), t.table())
	}
	for i, c := range v.Times {
		f.bars(fmt.Sprintf("time-%d", i+1), c)
	}
	for i, t := range v.Trainings {
		for k, p := range t.Panels {
			f.chart(fmt.Sprintf("training-%d-%d", i+1, k+1), p.chart(), p.whole())
		}
	}
	for i, x := range v.Predictors {
		for k, p := range x.Panels {
			f.chart(fmt.Sprintf("predictor-%d-%d", i+1, k+1), p.chart(), p.whole())
		}
	}
	return f.drawn, f.err
}

var figureName = regexp.MustCompile(`^(tradeoff|time|training|predictor)-[\d-]+\.(svg|png|csv)$`)

// IsFigure says whether a file is called like one that [DrawFigures] writes.
func IsFigure(name string) bool { return figureName.MatchString(name) }

// figures draws until the first error.
type figures struct {
	dir   string
	drawn []string
	err   error
}

// both draws a picture in both formats, and writes what it shows.
func (f *figures) both(name string, draw func(path string) error, t Table) {
	for _, format := range []string{".svg", ".png"} {
		if f.err == nil {
			f.err = draw(filepath.Join(f.dir, name+format))
		}
	}
	if f.err == nil {
		f.err = writeCSV(filepath.Join(f.dir, name+".csv"), t)
	}
	if f.err == nil {
		f.drawn = append(f.drawn, filepath.Join(f.dir, name+".svg"))
	}
}

func (f *figures) chart(name string, c report.Chart, t Table) {
	f.both(name, func(path string) error { return report.Draw(path, c) }, t)
}

func (f *figures) bars(name string, c TimeChart) {
	var kinds []string
	var all []report.Bar
	seen := map[string]bool{}
	for _, r := range c.Rows {
		b := report.Bar{Name: r.name(), Pieces: map[string]float64{}}
		for _, x := range r.Blocks {
			part := partOf(x.Name)
			if !seen[part] {
				seen[part] = true
				kinds = append(kinds, part)
			}
			b.Pieces[part] += x.MS
		}
		b.Pieces["besides blocks"] = r.RestMS
		all = append(all, b)
	}
	kinds = append(kinds, "besides blocks")
	f.both(name, func(path string) error {
		return report.Bars(path, "latency, ms", kinds, all)
	}, drawBars(c).Table)
}

func writeCSV(path string, t Table) error {
	return store.WriteFile(path, func(w io.Writer) error {
		out := csv.NewWriter(w)
		if err := out.Write(t.Head); err != nil {
			return err
		}
		return out.WriteAll(t.Rows) // which flushes, and gives its error
	})
}

// chart is a panel for paper.
func (c Panel) chart() report.Chart {
	out := report.Chart{Axes: report.Axes{X: c.X, Y: c.Y, LogX: c.LogX}, Diagonal: c.Diagonal}
	for _, l := range c.Lines {
		out.Lines = append(out.Lines, report.ChartLine{Name: l.Name, Points: dotsOf(l.Points)})
	}
	for i, d := range c.Dots {
		out.Dots = append(out.Dots, report.ChartDots{Name: d.Name, Colour: i,
			Points: dotsOf(d.Points)})
	}
	for _, m := range c.Marks {
		out.Budgets = append(out.Budgets, m.At)
	}
	return out
}

// whole is a table of all points.
func (c Panel) whole() Table {
	t := Table{Head: []string{"series", c.X, c.Y}}
	add := func(name string, points []XY) {
		for _, p := range points {
			t.Rows = append(t.Rows, []string{name, number(p.X), number(p.Y)})
		}
	}
	for _, l := range c.Lines {
		add(l.Name, l.Points)
	}
	for _, d := range c.Dots {
		add(d.Name, d.Points)
	}
	return t
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', 7, 64) }

func dotsOf(points []XY) (all []report.Dot) {
	for _, p := range points {
		all = append(all, report.Dot{X: p.X, Y: p.Y, Spread: math.NaN()})
	}
	return all
}

// chart is a trade-off for paper.
func (t Tradeoff) chart() report.Chart {
	frame, unit := t.frame()
	k := frame.x.unit
	out := report.Chart{Axes: report.Axes{X: t.Cost.called(unit), Y: "top-1, %",
		LogX: frame.x.log}}
	for i, s := range t.Series {
		front := report.Front{}
		if len(t.Series) > 1 {
			front.Name = s.Name
		}
		for _, p := range s.Front {
			front.Points = append(front.Points, report.CostPoint{Cost: k * p.X, Top1: p.Y})
		}
		points := map[Kind][]report.Dot{}
		for j := range s.Networks {
			n := &s.Networks[j]
			switch at := n.at(); {
			case !n.drawable():
			case n.stands():
				front.Picked = append(front.Picked, n.picked(k, len(front.Picked)+1))
			default:
				points[n.Kind] = append(points[n.Kind],
					report.Dot{X: k * at.X, Y: 100 * at.Y, Spread: math.NaN()})
			}
		}
		for _, kind := range []Kind{Predicted, Timed, Tested} {
			if len(points[kind]) > 0 {
				out.Dots = append(out.Dots, report.ChartDots{Name: front.Name + " " +
					kindNames[kind], Colour: i, Faint: kind == Predicted, Points: points[kind]})
			}
		}
		if len(front.Points) > 0 {
			out.Picked = append(out.Picked, front)
		}
		for _, b := range s.Budgets {
			out.Budgets = append(out.Budgets, k*b)
		}
	}
	return out
}

// picked is a network as a figure shows it.
func (n *Network) picked(k float64, number int) report.Picked {
	cost, top1 := known(n.Measured.Cost, n.Predicted.Cost), known(n.Measured.Top1, n.Predicted.Top1)
	return report.Picked{Name: strconv.Itoa(number), Measured: n.Measured.Top1.Known(),
		Cost: report.Range{Value: k * cost.Value, Low: k * cost.Low, High: k * cost.High},
		Top1: report.Range(top1)}
}
