package report

import (
	"fmt"
	"image/color"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
)

// Limits of a picture that a person can read.
const (
	drawnClasses = 200 // more are not drawn at all
	namedClasses = 40  // more have no names
	countClasses = 16  // more have no counts in their cells
	shades       = 64
)

// Confusion draws how many images of each class, a row, were taken for each class, a column, in the
// format that the file's name tells. The darker a cell, the larger its share of the row.
func Confusion(path string, classes []string, counts [][]int) error {
	if err := CheckPlot(path); err != nil {
		return err
	}
	if len(classes) > drawnClasses {
		return fmt.Errorf("plot %s: %d classes are too many to draw, %d are the most; --json has all counts", path, len(classes), drawnClasses)
	}
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = "taken for", "class"
	h := plotter.NewHeatMap(shares(counts), blues())
	h.Min, h.Max = 0, 1
	p.Add(h)
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.ConstantTicks(nil), plot.ConstantTicks(nil)
	p.X.Tick.Width, p.Y.Tick.Width = 0, 0 // names need the room, not the lines
	if len(classes) <= namedClasses {
		p.X.Tick.Marker, p.Y.Tick.Marker = names(classes, false), names(classes, true)
		p.X.Tick.Label.Rotation, p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = 0.9, text.XRight,
			text.YCenter
	}
	if len(classes) <= countClasses {
		labels, err := cellCounts(counts)
		if err != nil {
			return fmt.Errorf("plot %s: %w", path, err)
		}
		p.Add(labels)
	}
	return save(p, path, 16*vg.Centimeter)
}

// shares is the grid of a heat map, the first class at the top.
type shares [][]int

func (s shares) Dims() (c, r int)   { return len(s), len(s) }
func (s shares) X(c int) float64    { return float64(c) }
func (s shares) Y(r int) float64    { return float64(r) }
func (s shares) Z(c, r int) float64 { return share(s[len(s)-1-r], c) }

func share(row []int, c int) float64 {
	all := 0
	for _, n := range row {
		all += n
	}
	return float64(row[c]) / float64(max(all, 1))
}

// blues is white for nothing to dark blue for all.
type bluePalette []color.Color

func (b bluePalette) Colors() []color.Color { return b }

func blues() (b bluePalette) {
	for i := range shades {
		t := float64(i) / (shades - 1)
		mix := func(to float64) uint8 { return uint8(255 + t*(to-255) + 0.5) }
		b = append(b, color.NRGBA{mix(8), mix(64), mix(128), 255})
	}
	return b
}

// names are ticks at the rows or columns, rows from the top.
func names(classes []string, down bool) plot.ConstantTicks {
	var ticks []plot.Tick
	for i, c := range classes {
		at := i
		if down {
			at = len(classes) - 1 - i
		}
		ticks = append(ticks, plot.Tick{Value: float64(at), Label: shorten(c, 16)})
	}
	return ticks
}

// shorten cuts names that would leave no room for the picture.
func shorten(name string, most int) string {
	if r := []rune(name); len(r) > most {
		return string(r[:most-1]) + "..."
	}
	return name
}

// cellCounts writes the counts that are not 0 into their cells.
func cellCounts(counts [][]int) (*plotter.Labels, error) {
	var at plotter.XYLabels
	var dark []bool
	for r, row := range counts {
		for c, n := range row {
			if n > 0 {
				at.XYs = append(at.XYs, plotter.XY{X: float64(c), Y: float64(len(counts) - 1 - r)})
				at.Labels = append(at.Labels, strconv.Itoa(n))
				dark = append(dark, share(row, c) > 0.5)
			}
		}
	}
	labels, err := plotter.NewLabels(at)
	if err != nil {
		return nil, err
	}
	for i := range labels.TextStyle {
		s := &labels.TextStyle[i]
		s.XAlign, s.YAlign = text.XCenter, text.YCenter
		if dark[i] {
			s.Color = color.White
		}
	}
	return labels, nil
}
