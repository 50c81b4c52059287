package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/tailor-nas/tailor/internal/report"
)

// line is a way with its networks, of all budgets and seeds.
type line struct {
	name string
	rows []row
}

// linesOf gathers networks by way, in the order in which these first came.
func linesOf(rows []row) (all []line) {
	for _, r := range rows {
		name := r.name(r.Epochs)
		i := slices.IndexFunc(all, func(l line) bool { return l.name == name })
		if i < 0 {
			i = len(all)
			all = append(all, line{name: name})
		}
		all[i].rows = append(all[i].rows, r)
	}
	return all
}

// at are the networks within a budget.
func (l line) at(budget float64) (all []row) {
	for _, r := range l.rows {
		if r.BudgetMS == budget {
			all = append(all, r)
		}
	}
	return all
}

// curve is accuracy against latency of one seed.
func (l line) curve(seed uint64) (all []point) {
	for _, r := range l.rows {
		if r.Seed == seed && r.Failed == "" {
			all = append(all, point{r.LatencyMS, r.Top1})
		}
	}
	return all
}

// printTables prints what networks reach at which latency, by how much pruning is ahead of
// searching at the same, and what they weigh.
func printTables(w io.Writer, rows []row) error {
	lines, budgets := linesOf(rows), distinct(rows, func(r row) float64 { return r.BudgetMS })
	seeds := len(distinct(rows, func(r row) uint64 { return r.Seed }))
	fmt.Fprintf(w, "Top-1 in %% of %s test images at the latency measured: mean of %s, in brackets the least and the most. %s\n",
		counts(rows), seedsText(seeds), sampling(rows))
	fmt.Fprintf(w, "Networks of one budget were measured in turn with each other. %s\n\n",
		machines(rows))
	grid(w, "way", lines, budgets, func(_ line, there []row) string {
		return reached(there,
			seeds)
	})
	for _, base := range lines {
		others := rivals(base, lines)
		if len(others) == 0 {
			continue
		}
		fmt.Fprintf(w, "\nPoints of top-1 by which pruning is ahead of *%s* at the same latency, by linear interpolation of that one's top-1 in latency, "+
			"each seed by itself (~: with the curve continued by up to %.0f %%; -: further from it):\n\n", base.name, 100*reach)
		grid(w, "way", others, budgets, func(_ line, there []row) string {
			return ahead(base, there,
				seeds)
		})
	}
	fmt.Fprintf(w, "\nSize of the weights file, and parameters that are not zero:\n\n")
	grid(w, "way", lines, budgets, func(_ line, there []row) string { return weight(there) })
	return nil
}

// rivals are the pruned networks that were trained for as long as what search found, or beside what
// was not trained on all.
func rivals(base line, lines []line) (all []line) {
	if base.rows[0].How == pruned {
		return nil
	}
	for _, l := range lines {
		if l.rows[0].How == pruned && (base.rows[0].How == searched ||
			l.rows[0].Epochs == base.rows[0].Epochs) {
			all = append(all, l)
		}
	}
	return all
}

// grid is a row a line and a column a budget.
func grid(w io.Writer, corner string, lines []line, budgets []float64,
	cell func(l line, there []row) string) {
	fmt.Fprintf(w, "| %s |", corner)
	for _, b := range budgets {
		fmt.Fprintf(w, " %g ms |", b)
	}
	fmt.Fprintf(w, "\n|---|%s\n", strings.Repeat("---|", len(budgets)))
	for _, l := range lines {
		fmt.Fprintf(w, "| %s |", l.name)
		for _, b := range budgets {
			fmt.Fprintf(w, " %s |", cell(l, l.at(b)))
		}
		fmt.Fprintln(w)
	}
}

// succeeded are those that are no failures; why says what the first failure is.
func succeeded(rows []row) (ok []row, why string) {
	for _, r := range rows {
		if r.Failed == "" {
			ok = append(ok, r)
		} else if why == "" {
			why = r.Failed
		}
	}
	return ok, why
}

// reached is top-1 at a latency.
func reached(rows []row, seeds int) string {
	ok, why := succeeded(rows)
	if len(ok) == 0 {
		return why
	}
	text := fmt.Sprintf("%s at %.3g ms",
		spread("%.2f", column(ok, func(r row) float64 { return 100 * r.Top1 })),
		stat.Mean(column(ok, latency), nil))
	if slices.ContainsFunc(ok, func(r row) bool { return r.Unstable }) {
		text += " (noisy)"
	}
	return text + some(len(ok), seeds)
}

// ahead is by how many points networks are ahead of a curve.
func ahead(base line, rows []row, seeds int) string {
	ok, why := succeeded(rows)
	if len(ok) == 0 {
		return why
	}
	mark, points := "", []float64(nil)
	for _, r := range ok {
		top1, beyond, ok := interpolate(base.curve(r.Seed), r.LatencyMS)
		if !ok {
			continue
		}
		if beyond {
			mark = " ~"
		}
		points = append(points, 100*(r.Top1-top1))
	}
	if len(points) == 0 {
		return "-"
	}
	return spread("%+.2f", points) + mark + some(len(points), seeds)
}

func weight(rows []row) string {
	ok, _ := succeeded(rows)
	if len(ok) == 0 {
		return ""
	}
	bytes := stat.Mean(column(ok, func(r row) float64 { return float64(r.FileBytes) }), nil)
	left := stat.Mean(column(ok, func(r row) float64 {
		return float64(r.Params - r.Weights +
			r.NonZero)
	}), nil)
	return fmt.Sprintf("%.4g kB, %.4g k", bytes/1e3, left/1e3)
}

func latency(r row) float64 { return r.LatencyMS }

func column(rows []row, of func(row) float64) (all []float64) {
	for _, r := range rows {
		all = append(all, of(r))
	}
	return all
}

// spread is the mean with, if there are several, the least and the most.
func spread(format string, v []float64) string {
	text := fmt.Sprintf(format, stat.Mean(v, nil))
	if len(v) > 1 {
		text += fmt.Sprintf(" ("+format+" to "+format+")", slices.Min(v), slices.Max(v))
	}
	return text
}

// some says of how many seeds a cell is, if not of all.
func some(n, seeds int) string {
	if n == seeds {
		return ""
	}
	return fmt.Sprintf(" [%s]", seedsText(n))
}

func seedsText(n int) string {
	if n == 1 {
		return "1 seed"
	}
	return fmt.Sprintf("%d seeds", n)
}

// distinct are the values of networks, the smallest first.
func distinct[T interface {
	~float64 | ~uint64 | ~string | ~int
}](rows []row, of func(row) T) (all []T) {
	for _, r := range rows {
		all = append(all, of(r))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// counts is how many images the networks were tested on.
func counts(rows []row) string {
	ok, _ := succeeded(rows)
	var all []string
	for _, n := range distinct(ok, func(r row) int { return r.Images }) {
		all = append(all, fmt.Sprint(n))
	}
	return strings.Join(all, " or ")
}

// sampling is how far one figure may be off as the test images are a sample: the normal 95 %
// interval of a share.
func sampling(rows []row) string {
	ok, _ := succeeded(rows)
	widest := 0.0
	for _, r := range ok {
		widest = max(widest, 1.96*math.Sqrt(r.Top1*(1-r.Top1)/float64(r.Images)))
	}
	return fmt.Sprintf("As the images are a sample, one network's figure is known to +-%.1f points (95 %%).", 100*widest)
}

func machines(rows []row) string {
	runtimes := distinct(rows, func(r row) string { return r.Runtime })
	devices := distinct(rows, func(r row) string { return fmt.Sprintf("%.12s", r.Device) })
	return fmt.Sprintf("Runtime %s, device %s.", strings.Join(runtimes, " or "),
		strings.Join(devices, " or "))
}

// draw plots top-1 against latency: a curve for each way, a point for each budget, with half of
// what seeds differ by.
func draw(path string, rows []row) error {
	var curves []report.Curve
	budgets := distinct(rows, func(r row) float64 { return r.BudgetMS })
	for _, l := range linesOf(rows) {
		k := report.Curve{Name: l.name}
		for _, b := range budgets {
			ok, _ := succeeded(l.at(b))
			if len(ok) == 0 {
				continue
			}
			top1 := column(ok, func(r row) float64 { return 100 * r.Top1 })
			k.Points = append(k.Points, report.Dot{X: stat.Mean(column(ok, latency), nil),
				Y: stat.Mean(top1, nil), Spread: (slices.Max(top1) - slices.Min(top1)) / 2})
		}
		if len(k.Points) > 0 {
			curves = append(curves, k)
		}
	}
	return report.Curves(path, report.Axes{X: "latency, ms", Y: "test top-1, %"}, curves)
}
