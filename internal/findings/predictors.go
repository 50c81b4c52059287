package findings

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tailor-nas/tailor/internal/page"
	"github.com/tailor-nas/tailor/predictor"
	"github.com/tailor-nas/tailor/predictor/regress"
	"github.com/tailor-nas/tailor/profiles"
	"github.com/tailor-nas/tailor/supernet"
	"github.com/tailor-nas/tailor/supernet/choices"
)

// maxHeldOut is how many samples the held-out predictions are made again for: more take minutes.
const maxHeldOut = 1000

// judged are networks with what was measured and what was predicted of them.
type judged struct {
	archs               []supernet.Arch
	measured, predicted []float64
	heldOut             bool // no network was fitted to
}

// accuracyPredictor is how good an accuracy predictor is. Without a cross-validation, which takes
// seconds, its networks are those that it was fitted to.
func (l *library) accuracyPredictor(ctx context.Context, a at[predictor.Accuracy],
	quick bool) page.Predictor {
	d := a.doc
	p := page.Predictor{Title: "Accuracy: " + base(a.path), Facts: []page.Fact{
		{Name: "space", Value: d.SpaceName},
		{Name: "fitted to", Value: fmt.Sprintf("%d networks, %d images each", d.Samples, d.Images)},
	}}
	if d.Samples == 0 {
		p.About = "Fitted elsewhere: its error is not known."
		return p
	}
	p.Facts = append(p.Facts, heldOutFacts(d.HeldOut, func(h regress.HeldOut) string {
		return fmt.Sprintf("%.2f points", 100*h.RMSE)
	})...)
	if j := l.judgedAccuracy(ctx, a, quick); len(j.archs) > 0 {
		p.Panels = append(p.Panels, scatter(j, "top-1, %", 100,
			fmt.Sprintf("± %.2f points is its held-out error.", 100*d.HeldOut.RMSE)))
		p.Weakest = weakest(l.spaces[d.SpaceSHA256], j, func(p, m []float64) string {
			return fmt.Sprintf("%.2f points", 100*regress.Compare(p, m).RMSE)
		}, func(h regress.HeldOut) float64 { return h.RMSE })
	}
	if len(d.Curve) > 1 {
		p.Panels = append(p.Panels, learningCurve(d.Curve))
	}
	return p
}

// judgedAccuracy are the networks that a predictor was fitted to, as far as the run still has their
// measurements.
func (l *library) judgedAccuracy(ctx context.Context, a at[predictor.Accuracy],
	quick bool) (j judged) {
	space, run := l.spaces[a.doc.SpaceSHA256], l.runOf(a.doc.Inputs["weights"].SHA256)
	if space == nil || run == nil {
		return j
	}
	g := l.gathering(&series{space: space, run: run, accuracy: &a})
	archs := g.measured(ctx)
	if a.doc.Samples <= maxHeldOut { // in the order in which it was fitted to them
		archs = choices.Sample(space, a.doc.Samples, a.doc.Seed)
	}
	var fitted []float64 // values that it was fitted to, as far as they are known
	for _, arch := range archs {
		v, ok := g.tested[arch]
		if !ok {
			continue
		}
		j.archs, j.measured = append(j.archs, arch), append(j.measured, v)
		far, ok := g.far[arch]
		switch c := a.doc.Composite; {
		case c == nil:
			fitted = append(fitted, v)
		case ok:
			fitted = append(fitted, c.Estimate(v, far))
		}
	}
	if len(j.archs) < regress.MinRows {
		return judged{}
	}
	var err error
	if !quick && a.doc.Samples <= maxHeldOut && len(fitted) == len(j.archs) {
		if j.predicted, err = a.doc.HeldOutPredictions(ctx, j.archs, fitted); err == nil {
			j.heldOut = true
			return j
		}
	}
	if j.predicted, err = a.doc.Predict(j.archs); err != nil {
		return judged{}
	}
	return j
}

// latencyPredictor is how good a latency predictor is.
func (l *library) latencyPredictor(b at[predictor.Latency]) page.Predictor {
	d := b.doc
	p := page.Predictor{Title: "Latency: " + base(b.path), Facts: []page.Fact{
		{Name: "space", Value: d.SpaceName}, {Name: "runtime", Value: d.Runtime},
		{Name: "fitted to", Value: fmt.Sprintf("%d networks, %d blocks", d.Networks,
			len(d.BlocksMS))},
	}}
	if d.HeldOut.Samples == 0 {
		p.About = "Its error is not known."
		return p
	}
	p.Facts = append(p.Facts, heldOutFacts(d.HeldOut, func(h regress.HeldOut) string {
		return fmt.Sprintf("%.1f %% on average", 100*h.MAPE)
	})...)
	if i := d.Interval; i.Coverage > 0 {
		p.Facts = append(p.Facts, page.Fact{Name: "interval", Value: fmt.Sprintf(
			"%.0f %% of networks are within %.1f %%", 100*i.Coverage, 100*i.Relative)})
	}
	if j := l.judgedLatency(b); len(j.archs) > 0 {
		factor, unit := 1.0, "ms"
		if slices.Max(j.measured) < 1 {
			factor, unit = 1000, "µs"
		}
		p.Panels = append(p.Panels, scatter(j, "latency, "+unit, factor,
			fmt.Sprintf("± %.1f %% is its held-out error.", 100*d.HeldOut.MAPE)))
		p.Weakest = weakest(l.spaces[d.SpaceSHA256], j, func(p, m []float64) string {
			return fmt.Sprintf("%.1f %%", 100*regress.Compare(p, m).MAPE)
		}, func(h regress.HeldOut) float64 { return h.MAPE })
	}
	return p
}

// judgedLatency are the networks of the profile that a predictor was fitted to. Where fitting it
// again gives the same error, each is predicted without its own time.
func (l *library) judgedLatency(b at[predictor.Latency]) (j judged) {
	space, profile := l.spaces[b.doc.SpaceSHA256], l.profile(b.doc.Inputs["profile"].SHA256)
	if space == nil || profile == nil {
		return j
	}
	for _, n := range profile.doc.Networks {
		a, err := space.Arch(n.Arch)
		if err != nil {
			return judged{}
		}
		j.archs, j.measured = append(j.archs, a), append(j.measured, n.LatencyMS)
	}
	if j.predicted = fittedAgain(space, profile.doc, b.doc, j.archs); j.predicted != nil {
		j.heldOut = true
		return j
	}
	var err error
	if j.predicted, err = b.doc.Predict(j.archs); err != nil {
		return judged{}
	}
	return j
}

// fittedAgain gives held-out predictions, nil unless the same predictor comes out.
func fittedAgain(space *supernet.Space, p *profiles.Profile, want *predictor.Latency,
	archs []supernet.Arch) []float64 {
	var blocks []predictor.BlockTime
	for _, b := range p.Blocks {
		blocks = append(blocks, predictor.BlockTime{Block: b.Block, MS: b.LatencyMS})
	}
	var networks []predictor.NetworkTime
	for i, n := range p.Networks {
		networks = append(networks, predictor.NetworkTime{Arch: archs[i], MS: n.LatencyMS})
	}
	again, err := predictor.FitLatency(space, blocks, networks, regress.Defaults())
	if err != nil || again.HeldOut != want.HeldOut ||
		len(again.HeldOutPredictions()) != len(archs) {
		return nil
	}
	return again.HeldOutPredictions()
}

func heldOutFacts(h regress.HeldOut, text func(regress.HeldOut) string) []page.Fact {
	return []page.Fact{{Name: "held-out error", Value: text(h)},
		{Name: "order of networks", Value: fmt.Sprintf("Kendall's tau %.2f", h.KendallTau)}}
}

// scatter is predicted against measured.
func scatter(j judged, quantity string, factor float64, about string) page.Panel {
	p := page.Panel{Title: "Predicted and measured", X: "measured " + quantity,
		Y: "predicted " + quantity, Diagonal: true, About: about,
		Table: page.Table{Head: []string{"network", "measured", "predicted"}, Numbers: true}}
	name := "networks that were held out"
	if !j.heldOut {
		name = "networks that it was fitted to"
		p.About += " These networks it was fitted to, so that they lie nearer."
	}
	d := page.Dots{Name: name, Strong: true}
	for i := range j.archs {
		d.Points = append(d.Points, page.XY{X: factor * j.measured[i], Y: factor * j.predicted[i]})
		if i < 100 {
			p.Table.Rows = append(p.Table.Rows, []string{fmt.Sprint(i + 1),
				fmt.Sprintf("%.4g", factor*j.measured[i]),
				fmt.Sprintf("%.4g", factor*j.predicted[i])})
		}
	}
	if n := len(j.archs); n > 100 {
		p.Table.Note = fmt.Sprintf("The first 100 of %d.", n)
	}
	p.Dots = []page.Dots{d}
	return p
}

func learningCurve(curve []regress.CurvePoint) page.Panel {
	l := page.Line{Name: "held-out error"}
	for _, c := range curve {
		l.Points = append(l.Points, page.XY{X: float64(c.TrainedOn), Y: 100 * c.RMSE})
	}
	p := page.Panel{Title: "Would more measurements help?", X: "networks fitted to",
		Y: "error, points", LogX: true, Lines: []page.Line{l}}
	if regress.Flattened(curve) {
		p.About = "Hardly: the last doubling lowered the error by less than 5 %."
	} else {
		p.About = "Perhaps: the last doubling still lowered the error by 5 % or more."
	}
	p.Table = tableOf(p.X, p.Lines)
	return p
}

// minGroup is how many networks an error of their own takes.
const minGroup = 5

// weakest is the error by groups of networks, the largest first.
func weakest(space *supernet.Space, j judged, text func(predicted, measured []float64) string,
	size func(regress.HeldOut) float64) page.Table {
	t := page.Table{Head: []string{"networks", "number", "error", "bias"}, Numbers: true,
		Note: "The largest error first. Bias is the mean of predicted less measured, in parts " +
			"of what was measured."}
	groups := map[string][]int{}
	add := func(name string, i int) { groups[name] = append(groups[name], i) }
	thirds := order(j.measured)
	for i, a := range j.archs {
		add(fmt.Sprintf("of %d px", a.Resolution), i)
		add(fmt.Sprintf("of %d blocks", len(space.Blocks(a))), i)
		add([]string{"lowest third", "middle third", "highest third"}[3*thirds[i]/len(thirds)], i)
	}
	type group struct {
		name                string
		predicted, measured []float64
		error               float64
	}
	var all []group
	for name, members := range groups {
		if len(members) < minGroup || len(members) == len(j.archs) {
			continue
		}
		g := group{name: name}
		for _, i := range members {
			g.predicted = append(g.predicted, j.predicted[i])
			g.measured = append(g.measured, j.measured[i])
		}
		g.error = size(regress.Compare(g.predicted, g.measured))
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b group) int {
		return cmp.Or(-cmp.Compare(a.error, b.error), strings.Compare(a.name, b.name))
	})
	for _, g := range all {
		t.Rows = append(t.Rows, []string{g.name, fmt.Sprint(len(g.measured)),
			text(g.predicted, g.measured),
			fmt.Sprintf("%+.1f %%", 100*bias(g.predicted, g.measured))})
	}
	return t
}

// order is the place of each value among all, from 0.
func order(values []float64) []int {
	index := make([]int, len(values))
	for i := range index {
		index[i] = i
	}
	slices.SortStableFunc(index, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
	place := make([]int, len(values))
	for p, i := range index {
		place[i] = p
	}
	return place
}

func bias(predicted, measured []float64) float64 {
	var sum, n float64
	for i, p := range predicted {
		if measured[i] != 0 {
			sum, n = sum+p/measured[i]-1, n+1
		}
	}
	return sum / math.Max(n, 1)
}
