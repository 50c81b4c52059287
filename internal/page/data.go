package page

import (
	"encoding/json"
	"html/template"
	"math"
	"strconv"
)

// data is what the script knows of the networks of a trade-off. Blocks are in one list, since
// networks share them.
type data struct {
	Cost   Cost     `json:"cost"`
	Series []string `json:"series"`
	Blocks []row    `json:"blocks"`
	Nets   []row    `json:"nets"`
	Extra  []extra  `json:"extra"`
	Timed  bool     `json:"timed"`
	known  map[string]int
}

// row is a list of values of several types, which takes less room than an object: script.js names
// them in the same order.
type row []any

// extra is what is known of a winner besides.
type extra struct {
	Net   int         `json:"net"`
	Name  string      `json:"name"`
	Facts [][2]string `json:"facts"`
	Files [][2]string `json:"files"`
}

func newData(t Tradeoff) *data {
	d := &data{Cost: t.Cost, known: map[string]int{}, Series: []string{}, Blocks: []row{},
		Nets: []row{}, Extra: []extra{}}
	for _, s := range t.Series {
		d.Series = append(d.Series, s.Name)
		d.Timed = d.Timed || s.Timed
	}
	return d
}

// add adds a network and gives its number.
func (d *data) add(f frame, series int, n *Network) int {
	at := n.at()
	blocks := make([]int, len(n.Blocks))
	for i, b := range n.Blocks {
		blocks[i] = d.block(b)
	}
	number := len(d.Nets)
	d.Nets = append(d.Nets, row{
		int(1e4*f.x.at(at.X) + 0.5), int(1e4*f.y.at(100*at.Y) + 0.5), series, n.Kind, n.MACs,
		n.Params, plain(n.Predicted.Cost), plain(n.Predicted.Top1), plain(n.Measured.Cost),
		plain(n.Measured.Top1), blocks,
	})
	if !n.stands() {
		return number
	}
	e := extra{Net: number, Name: n.Name, Facts: [][2]string{}, Files: [][2]string{}}
	for _, x := range n.Facts {
		e.Facts = append(e.Facts, [2]string{x.Name, x.Value})
	}
	for _, x := range n.Files {
		e.Files = append(e.Files, [2]string{x.Name, x.Href})
	}
	d.Extra = append(d.Extra, e)
	return number
}

// block is the number of a block in the list.
func (d *data) block(b Block) int {
	r := row{b.Name, b.Kind, b.Side, b.In, b.Mid, b.Out, b.Kernel, b.Stride, digits(b.Expand, 4),
		b.Zeros, b.MACs, digits(b.MS, 4)}
	text, err := json.Marshal(r)
	if err != nil { // numbers that are not finite, which digits leaves none of
		return 0
	}
	if i, ok := d.known[string(text)]; ok {
		return i
	}
	d.known[string(text)] = len(d.Blocks)
	d.Blocks = append(d.Blocks, r)
	return len(d.Blocks) - 1
}

// plain is a value for the script; -1 is not known.
func plain(r Range) float64 {
	if !r.Known() {
		return -1
	}
	return digits(r.Value, 6)
}

// digits rounds to so many of them.
func digits(v float64, n int) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', n, 64), 64)
	if err != nil {
		return 0
	}
	return r
}

// js is the data as text that may stand in a script element: json.Marshal writes <, > and & as
// escapes.
func (d *data) js() (template.JS, error) {
	text, err := json.Marshal(d)
	return template.JS(text), err
}
