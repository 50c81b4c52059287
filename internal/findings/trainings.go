package findings

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"time"

	"github.com/tailor-nas/tailor/internal/page"
	"github.com/tailor-nas/tailor/trainer"
	"github.com/tailor-nas/tailor/trainer/prune"
)

// maxPoints is how many a line of a chart has: no screen shows more.
const maxPoints = 400

// trainings are the runs, then what pruned or fine-tuned networks.
func (l *library) trainings() (all []page.Training) {
	for _, r := range l.runs {
		all = append(all, runTraining(r))
		if r.doc.Broken > 0 {
			l.say("%d lines of the metrics of %s are broken, and left out", r.doc.Broken, r.dir())
		}
	}
	var paths []string
	for _, p := range l.prunings {
		paths = append(paths, p.path)
	}
	names := toldApart(paths)
	for _, p := range l.prunings {
		metrics, _, err := prune.ReadMetrics(p.dir())
		if err != nil {
			l.note(err)
			continue
		}
		all = append(all, pruneTraining(names[p.path], p, metrics))
	}
	return all
}

// runTraining is how a supernet was trained.
func runTraining(r at[trainer.Record]) page.Training {
	i, s := r.doc.Info, r.doc.State
	t := page.Training{Title: base(r.dir()), Facts: runFacts(i, s)}
	if i.Imported != nil {
		t.About = "Nobody trained this run here: its weights were imported from " +
			i.Imported.Format + "."
		return t
	}
	m := r.doc.Metrics
	if len(m) == 0 {
		t.About = "Nothing is recorded yet."
		return t
	}
	c := i.Config
	t.About = howFar(s, m, c.Epochs)
	about, marks, bands := turns(c)
	t.About += about
	for _, p := range []page.Panel{validationPanel(m), lossPanel(c, m), ratePanel(c, m)} {
		p.Marks, p.Bands, p.EndX = marks, bands, float64(c.Epochs)
		if len(p.Lines) > 0 {
			t.Panels = append(t.Panels, p)
		}
	}
	return t
}

// turns are where a training goes on in another way.
func turns(c trainer.Config) (about string, marks []page.Mark, bands []page.Band) {
	if c.Strategy == trainer.DepS {
		marks = []page.Mark{{At: c.WarmupEpochs, Name: "W"}}
		if c.EpsilonEpochs > 0 {
			bands = []page.Band{{From: c.WarmupEpochs - c.EpsilonEpochs, To: c.WarmupEpochs,
				Name: "ramp"}}
		}
		return " Up to W the largest network trains alone; over the ramp before it the " +
			"sub-networks' rate rises from 0.", marks, bands
	}
	if !phased(c) {
		return "", nil, nil
	}
	var each []string
	begins := 0.0
	for i, p := range c.Phases {
		if i > 0 {
			marks = append(marks, page.Mark{At: begins, Name: p.Name})
		}
		begins += p.Epochs
		each = append(each, fmt.Sprintf("%s (%.3g epochs)", p.Name, p.Epochs))
	}
	return " One after the other: " + strings.Join(each, ", ") + ".", marks, nil
}

// phased says whether a training has phases with rates of their own.
func phased(c trainer.Config) bool { return len(c.Phases) > 0 }

func howFar(s trainer.State, m []trainer.Metric, epochs int) string {
	at := m[len(m)-1].Epoch
	if s.Done {
		return fmt.Sprintf("%s in %s.", counted(epochs, "epoch"), seconds(s.Seconds))
	}
	return fmt.Sprintf("Epoch %.1f of %d, %.0f %%: not done.", at, epochs,
		100*at/float64(max(epochs, 1)))
}

// counted is a number of things.
func counted(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

func seconds(s float64) string {
	return time.Duration(min(s, 1e9) * float64(time.Second)).Round(time.Second).String()
}

func runFacts(i trainer.Info, s trainer.State) (all []page.Fact) {
	add := func(name, format string, args ...any) {
		all = append(all, page.Fact{Name: name, Value: fmt.Sprintf(format, args...)})
	}
	add("space", "%s, %s sub-networks", i.Space.Name, large(i.Space.Count()))
	add("data", "%s, %d classes", orUnnamed(dataName(i.Data)), i.Space.Classes)
	if names := i.Data.Classes; len(names) > 0 {
		more := ""
		if len(names) > 12 {
			names, more = names[:12], ", ..."
		}
		add("classes", "%s%s", strings.Join(names, ", "), more)
	}
	if i.Imported != nil {
		return all
	}
	c := i.Config
	switch {
	case phased(c):
		add("strategy", "%s, up to %d random networks a step", c.Strategy, c.Networks)
		add("rate", "%g at first, a cosine for each phase", c.LR)
	case c.Strategy == trainer.Full:
		add("strategy", "%s: the largest network alone", c.Strategy)
		add("rate", "%g, falling as a cosine", c.LR)
	default:
		add("strategy", "%s, %d networks a step", c.Strategy, c.Networks)
		add("rate", "%g, falling as a cosine", c.LR)
	}
	add("epochs", "%d of %d images a step", c.Epochs, c.Batch)
	add("seed", "%d", c.Seed)
	if i.Start != nil {
		add("begins with", "%s", i.Inputs["init"].Path)
	}
	add("steps", "%d", s.Step)
	return all
}

// large writes a number, in groups of three digits unless it is too large for that.
func large(n *big.Int) string {
	digits := n.String()
	if len(digits) > 13 {
		f, _ := new(big.Float).SetInt(n).Float64()
		return fmt.Sprintf("%.3g", f)
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func orUnnamed(name string) string {
	if name == "" {
		return "unnamed"
	}
	return name
}

// line is a curve of the metrics; pick says which value, and whether there is one.
func line[M any](name string, all []M, pick func(M) (page.XY, bool)) page.Line {
	l := page.Line{Name: name}
	for _, m := range all {
		if p, ok := pick(m); ok && !math.IsInf(p.Y, 0) {
			l.Points = append(l.Points, p)
		}
	}
	l.Points = page.Thin(l.Points, maxPoints)
	return l
}

// withPoints are the lines that have any.
func withPoints(all ...page.Line) (some []page.Line) {
	for _, l := range all {
		if len(l.Points) > 0 {
			some = append(some, l)
		}
	}
	return some
}

func validationPanel(m []trainer.Metric) page.Panel {
	value := func(v *float64, m trainer.Metric) (page.XY, bool) {
		if v == nil {
			return page.XY{}, false
		}
		return page.XY{X: m.Epoch, Y: 100 * *v}, true
	}
	p := page.Panel{Title: "Validation", X: "epoch", Y: "top-1, %", Lines: withPoints(
		line("largest network", m, func(m trainer.Metric) (page.XY, bool) {
			return value(m.Top1Max, m)
		}),
		line("smallest network", m, func(m trainer.Metric) (page.XY, bool) {
			return value(m.Top1Min, m)
		}))}
	p.Table = tableOf(p.X, p.Lines)
	return p
}

func lossPanel(c trainer.Config, m []trainer.Metric) page.Panel {
	labels, others := "largest network, on the labels", "sub-networks, on what the largest says"
	switch {
	case phased(c):
		labels, others = "on the labels", "on what the teacher says"
	case c.Distill == trainer.NoDistill:
		labels = "all networks, on the labels"
	}
	p := page.Panel{Title: "Loss", X: "epoch", Y: "nats", Lines: withPoints(
		line(labels, m, func(m trainer.Metric) (page.XY, bool) {
			return page.XY{X: m.Epoch, Y: m.LossMax}, m.LossMax != 0
		}),
		line(others, m, func(m trainer.Metric) (page.XY, bool) {
			return page.XY{X: m.Epoch, Y: m.LossSub}, m.LossSub != 0
		}))}
	p.Table = tableOf(p.X, p.Lines)
	return p
}

func ratePanel(c trainer.Config, m []trainer.Metric) page.Panel {
	name := "largest network"
	if phased(c) {
		name = "all networks of a step"
	}
	p := page.Panel{Title: "Learning rate", X: "epoch", Y: "rate", Lines: withPoints(
		line(name, m, func(m trainer.Metric) (page.XY, bool) {
			return page.XY{X: m.Epoch, Y: m.LR}, true
		}),
		line("sub-networks", m, func(m trainer.Metric) (page.XY, bool) {
			return page.XY{X: m.Epoch, Y: m.LR * m.Epsilon}, m.Epsilon > 0 && !phased(c)
		}))}
	p.Table = tableOf(p.X, p.Lines)
	return p
}

// tableRows is how many rows the table behind a chart of lines has.
const tableRows = 25

// tableOf is a table of lines; of long ones some of their points.
func tableOf(x string, lines []page.Line) page.Table {
	t := page.Table{Head: []string{x, "", ""}, Numbers: true}
	t.Head = append([]string{"line"}, x, "value")
	for _, l := range lines {
		for _, p := range page.Thin(l.Points, tableRows) {
			t.Rows = append(t.Rows, []string{l.Name, fmt.Sprintf("%.2f", p.X),
				fmt.Sprintf("%.4g", p.Y)})
		}
	}
	return t
}

// pruneTraining is how a network was pruned or fine-tuned.
func pruneTraining(name string, p at[prune.Info], m []prune.Metric) page.Training {
	c := p.doc.Config
	t := page.Training{Title: name, About: fmt.Sprintf("One network, pruned by %s in %s of training.",
		c.Method, counted(c.Epochs, "epoch"))}
	if c.Sparsity == 0 {
		t.About = fmt.Sprintf("One network, trained for %s.", counted(c.Epochs, "epoch"))
	}
	loss := page.Panel{Title: "Loss", X: "epoch", Y: "nats", Lines: withPoints(
		line("loss", m, func(m prune.Metric) (page.XY, bool) {
			return page.XY{X: m.Epoch, Y: m.Loss}, m.Loss != 0
		}))}
	removed := page.Panel{Title: "Removed, and validation", X: "epoch", Y: "%", Lines: withPoints(
		line("share removed", m, func(m prune.Metric) (page.XY, bool) {
			return page.XY{X: m.Epoch, Y: 100 * m.Sparsity}, m.Sparsity > 0
		}),
		line("validation top-1", m, func(m prune.Metric) (page.XY, bool) {
			if m.Top1 == nil {
				return page.XY{}, false
			}
			return page.XY{X: m.Epoch, Y: 100 * *m.Top1}, true
		}))}
	for _, x := range []page.Panel{removed, loss} {
		if len(x.Lines) > 0 {
			x.Table, x.EndX = tableOf(x.X, x.Lines), float64(c.Epochs)
			t.Panels = append(t.Panels, x)
		}
	}
	return t
}
