package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// kinds of zeros as they are named in tables, in the order of runLengths.
var kinds = []string{"single weights", "runs of 8", "runs of 16"}

func columns(w io.Writer, rows func(row func(cells ...string))) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	rows(func(cells ...string) { fmt.Fprintln(t, strings.Join(cells, "\t")+"\t") })
	t.Flush()
}

func headings(first ...string) []string {
	for _, z := range percents {
		first = append(first, fmt.Sprintf("%d %%", z))
	}
	return first
}

// of picks the gains of a run length, in the order of percents.
func of[G any](gains []G, run int) []G {
	for i, r := range runLengths {
		if r == run {
			return gains[i*len(percents):][:len(percents)]
		}
	}
	return nil
}

func printLayers(w io.Writer, layers []layer) {
	for i, run := range runLengths {
		fmt.Fprintf(w, "\nLayers, zeros in %s. In the layout that the engine's rule takes; in brackets: the rule is dense.\n", kinds[i])
		columns(w, func(row func(...string)) {
			row(append(headings("layer", "dense us", "GFLOP/s"), "even at")...)
			for _, l := range layers {
				cells := []string{l.String(), fmt.Sprintf("%.1f", 1e3*l.DenseMS),
					fmt.Sprintf("%.0f", l.DenseGFLOPS)}
				var gains []gain
				for _, g := range of(l.Gains, run) {
					text := fmt.Sprintf("%.2f", g.Gain)
					if !g.Skipped {
						text = "(" + text + ")"
					}
					cells, gains = append(cells, text), append(gains, g.gain)
				}
				row(append(cells, breakEven(gains))...)
			}
		})
	}
	fmt.Fprintln(w, "\nWork and memory at 90 % zeros. Products include those with zeros that fill up steps; bytes are weights as packed.")
	columns(w, func(row func(...string)) {
		row("layer", "activations kB", "dense MFLOP", "kB", "single MFLOP", "kB", "runs of 8 MFLOP",
			"kB", "runs of 16 MFLOP", "kB", "products / us single")
		for _, l := range layers {
			cells := []string{l.String(), kilo(l.Activations), mega(l.FLOPs), kilo(l.Bytes)}
			speed := 0.0
			for _, run := range runLengths {
				g := of(l.Gains, run)[at(90)]
				cells = append(cells, mega(g.FLOPs), kilo(g.Bytes))
				if run == 0 {
					speed = float64(g.FLOPs) / 2 / (1e3 * g.MS)
				}
			}
			row(append(cells, fmt.Sprintf("%.0f", speed))...)
		}
	})
}

func kilo(bytes int) string { return fmt.Sprintf("%.1f", float64(bytes)/1e3) }
func mega(flops int) string { return fmt.Sprintf("%.2f", float64(flops)/1e6) }

// at is the index of a share of zeros.
func at(percent int) int {
	for i, z := range percents {
		if z == percent {
			return i
		}
	}
	return -1
}

// breakEven is the share of zeros from which on sparse is faster, on straight lines between what
// was measured.
func breakEven(gains []gain) string {
	if gains[0].Gain >= 1 {
		return fmt.Sprintf("< %d %%", gains[0].Zeros)
	}
	for i, g := range gains[1:] {
		if before := gains[i]; g.Gain >= 1 {
			part := (1 - before.Gain) / (g.Gain - before.Gain)
			return fmt.Sprintf("%.0f %%", float64(before.Zeros)+part*float64(g.Zeros-before.Zeros))
		}
	}
	return "never"
}

func printNetworks(w io.Writer, networks []network) {
	fmt.Fprintln(w, "\nNetworks. Left is the time with 99 % zeros in runs of 16: what skipping zeros cannot make faster, and the gain at that.")
	columns(w, func(row func(...string)) {
		row(headings("network", "M MACs 1x1", "other", "dense ms", "left ms", "limit",
			"zeros in")...)
		for _, n := range networks {
			for i, run := range runLengths {
				cells := []string{n.Name, fmt.Sprintf("%.1f", float64(n.Skippable)/1e6),
					fmt.Sprintf("%.1f", float64(n.Other)/1e6),
					fmt.Sprintf("%.3f", n.DenseMS), fmt.Sprintf("%.3f", n.Left),
					fmt.Sprintf("%.2f", n.DenseMS/n.Left), kinds[i]}
				for _, g := range of(n.Gains, run) {
					cells = append(cells, fmt.Sprintf("%.2f", g.Gain))
				}
				row(cells...)
			}
		}
	})
}
