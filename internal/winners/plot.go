package winners

import (
	"context"
	"errors"
	"fmt"

	"github.com/tailor-nas/tailor/internal/report"
	"github.com/tailor-nas/tailor/search"
	"github.com/tailor-nas/tailor/search/optimize"
)

// rivals are the methods that a search is compared with in the plot. more multiplies the
// evaluations that each may have: most random networks exceed the limits, and then cost no
// prediction of top-1; the plot counts evaluations within the limits.
var rivals = []struct {
	name   string
	method optimize.Method
	more   int
}{{"OFA's evolution", optimize.Baseline, 1}, {"random", optimize.Random, 5}}

// plot draws the best top-1 found against evaluations, for each question and each rival.
func (j *Job) plot(ctx context.Context, picks []pick) error {
	var lines []report.Line
	for i, p := range picks {
		j.report("plot", i, len(picks))
		of := questionName(j.label(p.device), p.limits)
		lines = append(lines, report.Line{Name: "search", Of: of, Points: rise(p.history, 0)})
		end := p.history[len(p.history)-1].Feasible
		for _, rival := range rivals {
			q := search.Query{Space: j.Space, Accuracy: j.Accuracy, Limits: p.limits}
			p.device.Ask(&q)
			config := j.Config
			config.Evaluations = rival.more * max(j.Config.Evaluations,
				p.history[len(p.history)-1].Evaluations)
			answer, err := search.FindBy(ctx, rival.method, q, config)
			if errors.Is(err, optimize.ErrInfeasible) {
				continue // it found nothing to draw
			}
			if err != nil {
				return fmt.Errorf("plot: %s: %w", rival.name, err)
			}
			lines = append(lines, report.Line{Name: rival.name, Of: of, Points: rise(answer.History,
				end)})
		}
	}
	return report.Convergence(j.Plot, lines)
}

// rise is a history as a line of the plot: the best top-1 against evaluations within the limits, up
// to end of them; 0 is all.
func rise(history []optimize.Point, end int) (points []report.Point) {
	for _, h := range history {
		if h.Best == nil || end > 0 && h.Feasible > end {
			continue
		}
		points = append(points, report.Point{Evaluations: h.Feasible, Top1: -h.Best[0]})
	}
	if n := len(points); n > 0 && points[n-1].Evaluations < end &&
		history[len(history)-1].Feasible >= end {
		points = append(points, report.Point{Evaluations: end, Top1: points[n-1].Top1})
	}
	return points
}

// questionName is what the plot calls a question: its device, if there are several, and its limits.
func questionName(device string, l search.Limits) string {
	name := folderName(l, 0)
	if device != "" {
		name = device + " " + name
	}
	return name
}
