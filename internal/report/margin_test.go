package report

import (
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNothingIsCut: the edge of each picture is white, so that nothing reaches beyond it, however
// far intervals and names go.
func TestNothingIsCut(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("a long name ", 9)
	points := []CostPoint{{1, 0.5}, {2, 0.7}, {4, 0.75}}
	for name, draw := range map[string]func(path string) error{
		"front.png": func(path string) error {
			return Fronts(path, "latency, ms", []float64{0.5, 8}, []Front{
				{"", points, []Picked{{Name: "10", Cost: Range{4, 2, 12}, Top1: Range{0.75, 0, 1},
					Measured: true}}},
				{long, points, []Picked{{Name: "1", Cost: Range{1, 0.1, 2},
					Top1: Range{0.5, 0.4, 0.6}}}},
			})
		},
		"confusion.png": func(path string) error {
			return Confusion(path, []string{"cat", long}, [][]int{{17, 3}, {1, 19}})
		},
		"curves.png": func(path string) error { return Convergence(path, lines) },
	} {
		path := filepath.Join(dir, name)
		if err := draw(path); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		img, err := png.Decode(f)
		if err != nil {
			t.Fatal(err)
		}
		b := img.Bounds()
		white := color.RGBAModel.Convert(color.White)
		for y := b.Min.Y; y < b.Max.Y; y++ {
			for x := b.Min.X; x < b.Max.X; x++ {
				if edge := min(x, b.Max.X-1-x, y, b.Max.Y-1-y) < 3; edge &&
					color.RGBAModel.Convert(img.At(x, y)) != white {
					t.Fatalf("%s: something is drawn at (%d,%d) of %v", name, x, y, b)
				}
			}
		}
	}
}
