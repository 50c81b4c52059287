package report

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/tailor-nas/tailor/internal/store"
)

// Line is how the best value rose in a search.
type Line struct {
	Name string
	Of   string // what is searched: lines of one have one colour
	// Points are where it rose, and where it ended.
	Points []Point
}

// Point is the best top-1, a share, after a number of evaluations.
type Point struct {
	Evaluations int
	Top1        float64
}

// formats lists the file name extensions of plots.
var formats = []string{".svg", ".png", ".pdf"}

// CheckPlot says whether a plot can be written under a name.
func CheckPlot(path string) error {
	if !slices.Contains(formats, strings.ToLower(filepath.Ext(path))) {
		return fmt.Errorf("plot %s: expected a name that ends in one of %s", path, strings.Join(formats, ", "))
	}
	return nil
}

// Convergence draws the best value against evaluations, in the format that the file's name tells. Lines of one name have one dash.
func Convergence(path string, lines []Line) error {
	if err := CheckPlot(path); err != nil {
		return err
	}
	p := plot.New()
	p.X.Label.Text = "sub-networks within the budget whose accuracy was predicted"
	p.Y.Label.Text = "best predicted top-1, %"
	p.Legend.Left, p.Legend.Top, p.Legend.YOffs = false, false, vg.Points(4)
	p.Add(plotter.NewGrid())
	colours, dashes := map[string]int{}, map[string]int{}
	for _, l := range lines {
		var xys plotter.XYs
		for _, point := range l.Points {
			xys = append(xys, plotter.XY{X: float64(point.Evaluations), Y: 100 * point.Top1})
		}
		if xys == nil {
			continue
		}
		line, err := plotter.NewLine(xys)
		if err != nil {
			return fmt.Errorf("plot %s: %w", path, err)
		}
		line.StepStyle = plotter.PostStep
		line.LineStyle = draw.LineStyle{Color: plotutil.Color(number(colours, l.Of)), Width: vg.Points(1.5), Dashes: plotutil.Dashes(number(dashes, l.Name))}
		p.Add(line)
		p.Legend.Add(strings.TrimSpace(l.Of+" "+l.Name), line)
	}
	return save(p, path, 10*vg.Centimeter)
}

// save writes a plot, 16 cm wide, in the format that the file's name tells.
func save(p *plot.Plot, path string, height vg.Length) error {
	w, err := p.WriterTo(16*vg.Centimeter, height, strings.ToLower(filepath.Ext(path))[1:])
	if err != nil {
		return fmt.Errorf("plot %s: %w", path, err)
	}
	return store.WriteFile(path, func(to io.Writer) error {
		_, err := w.WriteTo(to)
		return err
	})
}

// number gives names numbers by their first appearance.
func number(known map[string]int, name string) int {
	if _, ok := known[name]; !ok {
		known[name] = len(known)
	}
	return known[name]
}
