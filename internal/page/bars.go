package page

import (
	"fmt"
	"strings"
)

// bars is a chart of where time goes: a bar a row, a piece a block.
type bars struct {
	Title string
	Rows  []barRow
	Keys  []key
	Table Table
}

type barRow struct {
	Name, Total string
	Pieces      []piece
}

// piece is a block of a bar. X and Width are in percent.
type piece struct{ Class, X, Width, Label string }

// stageColours is how many there are for the parts of a network.
const stageColours = 8

func drawBars(c TimeChart) bars {
	out := bars{Title: c.Title, Table: Table{Numbers: true,
		Head: []string{"network and device", "block", "time", "share"}}}
	longest := 0.0
	for _, r := range c.Rows {
		longest = max(longest, r.total())
	}
	parts := map[string]int{}
	for _, r := range c.Rows {
		row := barRow{Name: r.name(), Total: Milliseconds(r.total())}
		x := 0.0
		add := func(class, name string, ms float64) {
			if ms <= 0 {
				return
			}
			share := fmt.Sprintf("%.1f %%", 100*ms/r.total())
			row.Pieces = append(row.Pieces, piece{class, percent(x / longest),
				percent(ms / longest), name + ": " + Milliseconds(ms) + ", " + share})
			out.Table.Rows = append(out.Table.Rows,
				[]string{row.Name, name, Milliseconds(ms), share})
			x += ms
		}
		for _, b := range r.Blocks {
			part := partOf(b.Name)
			if _, ok := parts[part]; !ok {
				parts[part] = len(parts)
				out.Keys = append(out.Keys, key{fmt.Sprintf("swatch b%d", parts[part]%stageColours),
					part, -1})
			}
			add(fmt.Sprintf("b%d", parts[part]%stageColours), b.Name, b.MS)
		}
		add("rest", "besides blocks", r.RestMS)
		out.Rows = append(out.Rows, row)
	}
	return out
}

func (r TimeRow) name() string {
	if r.Device == "" {
		return r.Network
	}
	return r.Network + " on " + r.Device
}

func (r TimeRow) total() (ms float64) {
	for _, b := range r.Blocks {
		ms += b.MS
	}
	return ms + r.RestMS
}

// partOf is the part of a network that a block belongs to: its stage, the stem, the head.
func partOf(name string) string {
	words := strings.Split(name, ".")
	if words[0] == "stages" && len(words) > 1 {
		return "stage " + words[1]
	}
	return words[0]
}

// drawnChange is what pruning changed, with bars.
type drawnChange struct {
	Change
	Bars []changeBar
}

type changeBar struct{ Name, Before, After, Text string }

func drawChange(c Change) drawnChange {
	d := drawnChange{Change: c}
	widest := 1
	for _, b := range c.Blocks {
		widest = max(widest, b.Before)
	}
	for _, b := range c.Blocks {
		text := fmt.Sprintf("%d of %d channels", b.After, b.Before)
		after := float64(b.After)
		if b.Zeros > 0 {
			text = fmt.Sprintf("%d %% of the weights are zero", b.Zeros)
			after *= 1 - float64(b.Zeros)/100
		}
		d.Bars = append(d.Bars, changeBar{b.Name, percent(float64(b.Before) / float64(widest)),
			percent(after / float64(widest)), text})
	}
	return d
}
