// Package sample invents views of pages, for tests and for trying how fast a page of many networks
// is. Only tests and tools import it.
package sample

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/tailor-nas/tailor/internal/page"
)

// View is an invented view with so many networks: all kinds of networks, charts and tables, of one
// supernet on one device.
func View(networks int) *page.View {
	s := series(networks)
	table := page.Table{Head: []string{"", "before", "after"},
		Rows: [][]string{{"top-1", "91", "90"}}, Numbers: true, Note: "A note."}
	return &page.View{Title: "a sample", Notes: []string{"left out: a file"},
		Tradeoffs: []page.Tradeoff{{Title: "a space on images",
			About: "Up and to the left is better.", Cost: page.Latency,
			Series: []page.Series{s}}},
		Times: []page.TimeChart{{Title: "a space", Rows: []page.TimeRow{{Network: "latency-2ms",
			Device: "a device", Blocks: s.Networks[networks].Blocks, RestMS: 0.1}}}},
		Trainings: []page.Training{{Title: "a run", Facts: facts("classes", "cat, dog"),
			Panels: []page.Panel{curves(table)}}},
		Predictors: []page.Predictor{{Title: "accuracy", Facts: facts("error", "1 point"),
			Panels: []page.Panel{scatter()}, Weakest: table}},
		Devices: []page.Device{{Title: "a device", Verdict: "steady", Quiet: true,
			Facts: facts("processor", "one"), Session: facts("load", "0.1")}},
		Changes: []page.Change{{Title: "pruned", Figures: table, Blocks: []page.BlockChange{
			{Name: "stages.1.0", Before: 64, After: 40},
			{Name: "stages.1.1", Before: 64, After: 64, Zeros: 80}}}},
		Commands: []page.Command{{What: "train", Line: "tailor train --out run"}},
		Sources: []page.Source{{Kind: "run", Path: "run/run.json", SHA256: "0123",
			Href: "./run/run.json", Seed: "1", Inputs: []page.Input{{Role: "data",
				Path: "images", SHA256: "4567"}}}},
	}
}

func facts(name, value string) []page.Fact { return []page.Fact{{Name: name, Value: value}} }

// series has networks of all kinds, four winners along a front, and one that was pruned.
func series(networks int) page.Series {
	rnd := rand.New(rand.NewPCG(1, 2))
	s := page.Series{Name: "a device", Timed: true, FrontOf: "front, predicted",
		Budgets: []float64{3, 6}}
	for i := range networks {
		s.Networks = append(s.Networks, network(rnd, page.Kind(i%3)))
	}
	for i := range 4 {
		n := network(rnd, page.Winner)
		n.Name = fmt.Sprintf("latency-%dms", 2+2*i)
		n.Facts = facts("budget", fmt.Sprintf("%d ms", 2+2*i))
		n.Files = []page.File{{Name: "manifest.json", Href: "./winners/manifest.json"}}
		ms, top1 := 2+2*float64(i), 0.86+0.02*float64(i)
		n.Measured = page.Figures{Cost: within(ms-0.1, 0.1), Top1: within(top1-0.01, 0.01)}
		n.Predicted = page.Figures{Cost: page.Exactly(ms), Top1: page.Exactly(top1)}
		s.Networks = append(s.Networks, n)
		s.Front = append(s.Front, page.XY{X: ms, Y: top1})
	}
	changed := s.Networks[len(s.Networks)-1]
	changed.Name, changed.Kind, changed.From = "pruned", page.Changed, len(s.Networks)-1
	changed.Measured = page.Figures{Cost: page.Exactly(5), Top1: page.Exactly(0.9)}
	s.Networks = append(s.Networks, changed)
	return s
}

func within(v, half float64) page.Range {
	return page.Range{Value: v, Low: v - half, High: v + half}
}

// network has 20 blocks, and a top-1 that rises with the latency.
func network(rnd *rand.Rand, kind page.Kind) page.Network {
	n := page.Network{Kind: kind, From: -1, MACs: 1e6 + rnd.Int64N(1e8),
		Params: 1e5 + rnd.Int64N(1e6)}
	for i := range 20 {
		kernel := 3 + 2*rnd.IntN(3)
		n.Blocks = append(n.Blocks, page.Block{Name: fmt.Sprintf("stages.%d.%d", i/4, i%4),
			Kind: "mbconv", Side: 32 >> (i / 5), In: 16, Mid: 16 * (1 + rnd.IntN(6)), Out: 16,
			Kernel: kernel, Stride: 1, Expand: 3, MACs: int64(1e5 * kernel),
			MS: 0.1 * float64(kernel)})
	}
	cost := 1 + 8*rnd.Float64()
	top1 := 0.7 + 0.07*math.Log(cost) + 0.02*rnd.NormFloat64()
	n.Predicted = page.Figures{Cost: page.Exactly(cost), Top1: page.Exactly(top1)}
	n.Measured = page.Figures{Cost: page.Unknown(), Top1: page.Unknown()}
	switch kind {
	case page.Timed:
		n.Measured.Cost = page.Exactly(cost * 1.02)
	case page.Tested:
		n.Measured.Top1 = page.Exactly(top1 + 0.01*rnd.NormFloat64())
	}
	return n
}

func points(xy ...float64) (all []page.XY) {
	for i := 0; i < len(xy); i += 2 {
		all = append(all, page.XY{X: xy[i], Y: xy[i+1]})
	}
	return all
}

func curves(table page.Table) page.Panel {
	return page.Panel{Title: "Validation", X: "epoch", Y: "top-1, %", EndX: 10,
		Lines: []page.Line{{Name: "largest network", Points: points(1, 20, 2, 60, 3, 80)},
			{Name: "smallest network", Points: points(1, 10, 2, 20, 3, 70)}},
		Marks: []page.Mark{{At: 2, Name: "W"}},
		Bands: []page.Band{{From: 1, To: 2, Name: "ramp"}}, Table: table}
}

func scatter() page.Panel {
	return page.Panel{Title: "Predicted and measured", X: "measured", Y: "predicted",
		Diagonal: true, Dots: []page.Dots{{Name: "networks", Strong: true,
			Points: points(80, 81, 85, 84, 90, 91)}}}
}
