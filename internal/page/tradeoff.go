package page

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// logSpan is from which ratio of costs on their axis is logarithmic.
const logSpan = 12

// at is where a network is drawn: as measured, what is not known of that as predicted.
func (n *Network) at() XY {
	return XY{known(n.Measured.Cost, n.Predicted.Cost).Value,
		known(n.Measured.Top1, n.Predicted.Top1).Value}
}

func known(a, b Range) Range {
	if a.Known() {
		return a
	}
	return b
}

// drawable says whether there is a place for it.
func (n *Network) drawable() bool {
	p := n.at()
	return !math.IsNaN(p.X) && !math.IsNaN(p.Y) && p.X > 0
}

// stands says whether a network can be chosen by itself.
func (n *Network) stands() bool { return n.Kind >= Winner }

// drawTradeoff lays out accuracy against a cost, and gives the data for what is asked of it.
func drawTradeoff(id string, t Tradeoff) (plot, *data) {
	f, unit := t.frame()
	p := plot{ID: id, Title: t.Title, About: t.About, X: t.Cost.called(unit), Y: "top-1, %",
		Data: id + "-data"}
	p.rule(f)
	d := newData(t)
	for i := range t.Series {
		p.series(f, i, &t.Series[i], len(t.Series) > 1)
	}
	for i := range t.Series {
		p.budgets(f, t.Cost, &t.Series[i])
	}
	number := 0
	for i := range t.Series {
		s := &t.Series[i]
		for k := range s.Networks {
			n := &s.Networks[k]
			if !n.drawable() {
				continue
			}
			at := d.add(f, i, n)
			if n.stands() {
				number++
				p.winner(f, t.Cost, i, n, number, at)
				p.joined(f, i, s, n)
			}
		}
	}
	p.Table = t.table()
	return p, d
}

// frame are the axes. Winners and the front are always on them; of other networks, those that are
// far below the rest are not allowed to make the chart flat.
func (t Tradeoff) frame() (f frame, unit string) {
	var xs, ys []float64
	for i := range t.Series {
		s := &t.Series[i]
		for k := range s.Networks {
			if n := &s.Networks[k]; n.drawable() {
				at := n.at()
				xs, ys = append(xs, at.X), append(ys, 100*at.Y)
				if n.stands() {
					xs, ys = n.reach(xs, ys)
				}
			}
		}
		for _, p := range s.Front {
			xs, ys = append(xs, p.X), append(ys, 100*p.Y)
		}
	}
	low, high := 0.0, 0.0
	if len(xs) > 0 {
		low, high = slices.Min(xs), slices.Max(xs)
	}
	f = frame{axis(xs, low > 0 && high/low > logSpan), axis(ys, false)}
	f.y.low, f.y.high = max(f.y.low, 0), min(f.y.high, 100)
	f.x.unit, unit = unitOf(t.Cost, high)
	return f, unit
}

// reach adds the ends of a winner's intervals, and where it was predicted.
func (n *Network) reach(xs, ys []float64) ([]float64, []float64) {
	for _, r := range []Range{n.Measured.Cost, n.Predicted.Cost} {
		if r.Known() {
			xs = append(xs, r.Value)
		}
	}
	for _, r := range []Range{known(n.Measured.Top1, n.Predicted.Top1), n.Predicted.Top1} {
		if r.Known() {
			ys = append(ys, 100*r.Value)
		}
	}
	if r := known(n.Measured.Top1, n.Predicted.Top1); r.wide() {
		ys = append(ys, 100*r.Low, 100*r.High)
	}
	return xs, ys
}

// kindNames are what the kinds of dots are called.
var kindNames = map[Kind]string{Predicted: "predicted", Timed: "latency measured",
	Tested: "top-1 measured"}

// series draws the networks that are dots, and the front.
func (p *plot) series(f frame, i int, s *Series, several bool) {
	points := map[Kind][]XY{}
	for k := range s.Networks {
		if n := &s.Networks[k]; n.drawable() && !n.stands() {
			at := n.at()
			points[n.Kind] = append(points[n.Kind], XY{at.X, 100 * at.Y})
		}
	}
	for _, kind := range []Kind{Predicted, Timed, Tested} {
		if len(points[kind]) > 0 {
			class := fmt.Sprintf("dots %s k%d", colour(i), kind)
			p.Paths = append(p.Paths, path{class, f.dots(points[kind])})
			if i == 0 || !several {
				p.Legend = append(p.Legend,
					key{"dot " + colour(i) + fmt.Sprintf(" k%d", kind), kindNames[kind], -1})
			}
		}
	}
	if len(s.Front) > 0 {
		var front []XY
		for _, x := range s.Front {
			front = append(front, XY{x.X, 100 * x.Y})
		}
		p.Paths = append(p.Paths, path{"front " + colour(i), f.steps(front)})
		if i == 0 {
			p.Legend = append(p.Legend, key{"line " + colour(i), s.FrontOf, -1})
		}
	}
	if several {
		p.Legend = append(p.Legend, key{"swatch " + colour(i), s.Name, i})
	}
}

func (p *plot) budgets(f frame, c Cost, s *Series) {
	for _, b := range s.Budgets {
		if !slices.ContainsFunc(p.Marks,
			func(m place) bool { return m.P == percent(f.x.at(b)) }) {
			p.mark(f, Mark{b, c.Text(b)})
		}
	}
}

// winner draws a network that can be chosen, with its intervals and what was predicted of it.
func (p *plot) winner(f frame, c Cost, series int, n *Network, number, at int) {
	x, y := f.x.at(n.at().X), f.y.at(100*n.at().Y)
	if r := known(n.Measured.Cost, n.Predicted.Cost); r.wide() {
		p.Sticks = append(p.Sticks, stick{"error " + colour(series), percent(f.x.at(r.Low)),
			down(y), percent(f.x.at(r.High)), down(y)})
	}
	if r := known(n.Measured.Top1, n.Predicted.Top1); r.wide() {
		p.Sticks = append(p.Sticks, stick{"error " + colour(series), percent(x),
			down(f.y.at(100 * r.Low)), percent(x), down(f.y.at(100 * r.High))})
	}
	q := n.Predicted
	if n.Kind == Winner && q.Cost.Known() && q.Top1.Known() &&
		(n.Measured.Cost.Known() || n.Measured.Top1.Known()) {
		px, py := f.x.at(q.Cost.Value), f.y.at(100*q.Top1.Value)
		p.Sticks = append(p.Sticks, stick{"join " + colour(series), percent(px), down(py),
			percent(x), down(y)})
		p.Rings = append(p.Rings, ring{colour(series), percent(px), down(py)})
	}
	class := colour(series)
	if n.Kind == Changed {
		class += " changed"
	}
	if !n.Measured.Top1.Known() {
		class += " believed"
	}
	p.Points = append(p.Points, point{Class: class, X: percent(x), Y: down(y), N: at,
		Number: strconv.Itoa(number), Label: n.label(c, number), First: len(p.Points) == 0})
}

// joined leads from the network that one was made of to it.
func (p *plot) joined(f frame, series int, s *Series, n *Network) {
	if n.From < 0 || n.From >= len(s.Networks) || !s.Networks[n.From].drawable() {
		return
	}
	from, to := s.Networks[n.From].at(), n.at()
	p.Sticks = append(p.Sticks, stick{"made " + colour(series), percent(f.x.at(from.X)),
		down(f.y.at(100 * from.Y)), percent(f.x.at(to.X)), down(f.y.at(100 * to.Y))})
}

// label is what a screen reader says of a network.
func (n *Network) label(c Cost, number int) string {
	how := func(r Range) string {
		if r.Known() {
			return "measured"
		}
		return "predicted"
	}
	at := n.at()
	return fmt.Sprintf("%d: %s, top-1 %s %s, %s %s %s", number, n.Name, Percent(at.Y),
		how(n.Measured.Top1), c, c.Text(at.X), how(n.Measured.Cost))
}

// table is the winners and the front as figures.
func (t Tradeoff) table() Table {
	out := Table{Head: []string{"network", string(t.Cost), "top-1"}, Numbers: true,
		Note: "The winners, and the front."}
	for _, s := range t.Series {
		for k := range s.Networks {
			if n := &s.Networks[k]; n.stands() && n.drawable() {
				out.Rows = append(out.Rows, []string{n.Name, t.Cost.Text(n.at().X),
					Percent(n.at().Y)})
			}
		}
		for _, p := range s.Front {
			out.Rows = append(out.Rows, []string{s.Name + ": " + s.FrontOf, t.Cost.Text(p.X),
				Percent(p.Y)})
		}
	}
	return out
}
