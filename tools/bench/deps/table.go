package main

import (
	"fmt"
	"io"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/tailor-nas/tailor/internal/report"
)

// line is a row with its results, of all seeds.
type line struct {
	name string
	rows []result
}

// linesOf gathers results by name, in the order in which these first came.
func linesOf(rows []result) (all []line) {
	for _, r := range rows {
		i := slices.IndexFunc(all, func(l line) bool { return l.name == r.Name })
		if i < 0 {
			i = len(all)
			all = append(all, line{name: r.Name})
		}
		all[i].rows = append(all[i].rows, r)
	}
	return all
}

// column is a value of each result.
func (l line) column(of func(result) float64) (all []float64) {
	for _, r := range l.rows {
		all = append(all, of(r))
	}
	return all
}

// mean is that of a value over a result's points.
func mean(of func(point) float64) func(result) float64 {
	return func(r result) float64 {
		var all []float64
		for _, p := range r.Points {
			all = append(all, of(p))
		}
		return stat.Mean(all, nil)
	}
}

// printTables prints what rows cost and reach, and their weights.
func printTables(w io.Writer, rows []result) {
	if len(rows) == 0 {
		fmt.Fprintln(w, "There are no results yet.")
		return
	}
	first := rows[0]
	fmt.Fprintf(w, "Space %s. Test top-1 in %% of %d images, after calibration on %d; mean over seeds. One network's figure is known to +-%.1f points (95 %%), as the images are a sample.\n",
		first.Space, first.TestImages, first.Measure.Calibration, sampling(first))
	for _, t := range []struct {
		title string
		of    func(point) float64
	}{{fmt.Sprintf("Best that a search finds within so many MACs, chosen by %d held-out images",
		first.ValImages), bestTop1},
		{fmt.Sprintf("Mean of up to %d random networks of about so many MACs",
			first.Measure.Random), randomTop1}} {
		fmt.Fprintf(w, "\n%s:\n\n", t.title)
		printTable(w, rows, t.of)
	}
	printRuns(w, rows)
}

func printTable(w io.Writer, rows []result, of func(point) float64) {
	head, rule := "| training | epochs | cost | hours | seeds |", "|---|---|---|---|---|"
	for _, p := range rows[0].Points {
		head += fmt.Sprintf(" %.3g M |", float64(p.MACs)/1e6)
		rule += "---|"
	}
	fmt.Fprintln(w, head+" mean |\n"+rule+"---|")
	for _, l := range linesOf(rows) {
		cost := l.column(func(r result) float64 { return r.ImageMACs / rows[0].ImageMACs })
		hours := l.column(func(r result) float64 { return r.Seconds / 3600 })
		fmt.Fprintf(w, "| %s | %d | %.2f | %.2f | %d |", l.name, l.rows[0].Config.Epochs,
			stat.Mean(cost, nil), stat.Mean(hours, nil), len(l.rows))
		for i := range rows[0].Points {
			fmt.Fprintf(w, " %s |", percent(l.column(func(r result) float64 {
				if i >= len(r.Points) {
					return math.NaN()
				}
				return of(r.Points[i])
			})))
		}
		fmt.Fprintf(w, " %s |\n", percent(l.column(mean(of))))
	}
	fmt.Fprintf(w, "\nThe cost is in that of %s: MACs times images of all networks that train, with a teacher that does not learn counted a third.\n",
		rows[0].Name)
}

// percent is a mean over seeds and, of several, the least and the most.
func percent(v []float64) string {
	text := fmt.Sprintf("%.2f", 100*stat.Mean(v, nil))
	if len(v) > 1 {
		text += fmt.Sprintf(" (%.2f to %.2f)", 100*slices.Min(v), 100*slices.Max(v))
	}
	return text
}

// sampling is how far one figure may be off as the test images are a sample: half of the normal
// 95 % interval of the best share.
func sampling(r result) float64 {
	widest := 0.0
	for _, p := range r.Points {
		widest = max(widest, 196*math.Sqrt(p.Best.TestTop1*(1-p.Best.TestTop1)/
			float64(r.TestImages)))
	}
	return widest
}

// printRuns prints the weights of each training, and what shrinking did to the largest network.
func printRuns(w io.Writer, rows []result) {
	fmt.Fprintln(w, "\n| training | seed | MACs times images | largest network when shrinking begins, points | weights, sha256 |\n|---|---|---|---|---|")
	for _, r := range rows {
		drop := "-"
		if points, ok := r.drop(); ok {
			drop = fmt.Sprintf("%+.2f", -100*points)
		}
		fmt.Fprintf(w, "| %s | %d | %.4g | %s | %.12s |\n", r.Name, r.Seed, r.ImageMACs, drop,
			r.Weights)
	}
}

// draw plots top-1 against MACs: a curve for each row, with half of what seeds differ by.
func draw(path string, rows []result, of func(point) float64) error {
	var curves []report.Curve
	for _, l := range linesOf(rows) {
		k := report.Curve{Name: l.name}
		for i, p := range l.rows[0].Points {
			var top1 []float64
			for _, r := range l.rows {
				if i < len(r.Points) {
					top1 = append(top1, 100*of(r.Points[i]))
				}
			}
			k.Points = append(k.Points, report.Dot{X: float64(p.MACs) / 1e6,
				Y:      stat.Mean(top1, nil),
				Spread: (slices.Max(top1) - slices.Min(top1)) / 2})
		}
		curves = append(curves, k)
	}
	return report.Curves(path, report.Axes{X: "MACs, M", Y: "test top-1, %"}, curves)
}
