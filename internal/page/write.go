package page

import (
	"crypto/sha256"
	_ "embed" // the template, the style sheet and the script
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
)

//go:embed page.css
var styleSheet string

//go:embed page.js
var script string

//go:embed page.html
var layout string

// Signature is in the first lines of every page, so that it can be known again.
const Signature = "tailor-report/1"

// sheet is a view laid out, as the template takes it.
type sheet struct {
	*View
	Mark, CSP  string
	CSS        template.CSS
	JS         template.JS
	Charts     []chart
	Bars       []bars
	Trainings  []drawnTraining
	Predictors []drawnPredictor
	Changes    []drawnChange
}

type chart struct {
	Plot    plot
	Data    template.JS
	Winners winners
}

type drawnTraining struct {
	Training
	Plots []plot
}

type drawnPredictor struct {
	Predictor
	Plots []plot
}

// Write writes the page of a view. Texts of the view that people could not read are made so.
func Write(w io.Writer, v *View) error {
	v.clean()
	s := sheet{View: v, Mark: Signature, CSS: template.CSS(styleSheet), JS: template.JS(script),
		CSP: fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; "+
			"form-action 'none'", allowed(styleSheet), allowed(script))}
	if err := s.draw(); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	t, err := template.New("page").Parse(layout)
	if err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	if err := t.Execute(w, s); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}

// allowed is what a Content-Security-Policy calls a text by.
func allowed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// draw lays out all charts.
func (s *sheet) draw() error {
	for i, t := range s.View.Tradeoffs {
		p, d := drawTradeoff(fmt.Sprintf("tradeoff%d", i), t)
		js, err := d.js()
		if err != nil {
			return err
		}
		s.Charts = append(s.Charts, chart{p, js, t.winners(fmt.Sprintf("winners%d", i))})
	}
	for _, c := range s.View.Times {
		s.Bars = append(s.Bars, drawBars(c))
	}
	for i, t := range s.View.Trainings {
		d := drawnTraining{Training: t}
		for k, p := range t.Panels {
			d.Plots = append(d.Plots, drawPanel(fmt.Sprintf("training%d-%d", i, k), p))
		}
		s.Trainings = append(s.Trainings, d)
	}
	for i, p := range s.View.Predictors {
		d := drawnPredictor{Predictor: p}
		for k, x := range p.Panels {
			d.Plots = append(d.Plots, drawPanel(fmt.Sprintf("predictor%d-%d", i, k), x))
		}
		s.Predictors = append(s.Predictors, d)
	}
	for _, c := range s.View.Changes {
		s.Changes = append(s.Changes, drawChange(c))
	}
	return nil
}

// winners is the table of the networks that were chosen.
type winners struct {
	ID, Cost string
	Several  bool
	Rows     []winnerRow
}

// winnerRow is a line of it: cells with the value that they are sorted by.
type winnerRow struct {
	Class  string
	Number int
	Name   string
	Cells  []cell
	Blocks []Block
	Files  []File
	Timed  bool
}

type cell struct{ Text, Value string }

// head is what stands above the cells.
func (w winners) Head() []string {
	return []string{"budget", "top-1 predicted", "top-1 measured", w.Cost + " predicted",
		w.Cost + " measured", "MACs", "parameters", "pixels"}
}

func (t Tradeoff) winners(id string) winners {
	w := winners{ID: id, Cost: string(t.Cost), Several: t.withWinners() > 1}
	for i, s := range t.Series {
		for k := range s.Networks {
			if n := &s.Networks[k]; n.stands() && n.drawable() {
				r := winnerRow{Class: colour(i), Number: len(w.Rows) + 1, Name: n.Name,
					Blocks: n.Blocks, Files: n.Files, Timed: s.Timed}
				if w.Several {
					r.Name += " (" + s.Name + ")"
				}
				r.Cells = n.cells(t.Cost)
				w.Rows = append(w.Rows, r)
			}
		}
	}
	return w
}

// withWinners is how many series have networks that were chosen.
func (t Tradeoff) withWinners() (n int) {
	for _, s := range t.Series {
		if slices.ContainsFunc(s.Networks, func(x Network) bool { return x.stands() }) {
			n++
		}
	}
	return n
}

func (n *Network) cells(c Cost) []cell {
	side := 0
	if len(n.Blocks) > 0 {
		side = n.Blocks[0].Side
	}
	budget := cell{"–", "0"}
	if n.Budget > 0 {
		budget = cell{c.Text(n.Budget), fmt.Sprint(n.Budget)}
	}
	measured := costCell(c, n.Measured.Cost)
	if n.Over {
		measured.Text += " (over)"
	}
	return []cell{budget, topCell(n.Predicted.Top1), topCell(n.Measured.Top1),
		costCell(c, n.Predicted.Cost), measured, {Count(n.MACs), fmt.Sprint(n.MACs)},
		{Count(n.Params), fmt.Sprint(n.Params)}, {fmt.Sprint(side), fmt.Sprint(side)}}
}

// topCell is a top-1 with half of its interval.
func topCell(r Range) cell {
	if !r.Known() {
		return cell{"–", "-1"}
	}
	t := Percent(r.Value)
	if r.wide() {
		t += fmt.Sprintf(" ± %.1f", 100*math.Max(r.High-r.Value, r.Value-r.Low))
	}
	return cell{t, fmt.Sprint(r.Value)}
}

func costCell(c Cost, r Range) cell {
	if !r.Known() {
		return cell{"–", "-1"}
	}
	return cell{c.Text(r.Value), fmt.Sprint(r.Value)}
}

// BlockText writes what a block is made of.
func (b Block) Channels() string { return fmt.Sprintf("%d → %d", b.In, b.Out) }

// Shape is the kernel and how the block widens.
func (b Block) Shape() string {
	t := ""
	if b.Kernel > 0 {
		t = fmt.Sprintf("%d×%d", b.Kernel, b.Kernel)
	}
	if b.Stride > 1 {
		t += fmt.Sprintf(" /%d", b.Stride)
	}
	return t
}

// ExpandText is the expand ratio, if it has one.
func (b Block) ExpandText() string {
	if b.Expand == 0 {
		return ""
	}
	return short(b.Expand)
}

// MACsText and MSText write what the block costs.
func (b Block) MACsText() string { return Count(b.MACs) }

// MSText writes the time.
func (b Block) MSText() string { return Milliseconds(b.MS) }
